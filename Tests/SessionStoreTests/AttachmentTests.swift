import Core
import Foundation
import Glibc
import LinuxIO
import SessionStore
import TestSupport
import Testing

@testable import SessionStoreHost

struct AttachmentTests {
    /// Stores a message with these files; answers what its content says of them.
    private func store(_ scene: Scene, _ files: [NewAttachment]) async throws -> [ChatContent.Attachment] {
        var row = scene.message("with files")
        row.attachments = files
        _ = try await scene.host.insert([row])
        guard case .chat(let chat)? = try scene.runner().due(limit: 10).rows.last?.content else { return [] }
        return chat.attachments
    }

    private func contents(_ scene: Scene, _ path: String) throws -> [UInt8] {
        try Directory(path: scene.folder.inbound).contents(path, limit: 1 << 20)
    }

    @Test func `§16.35 §16.46 a file stands at the path that its message names`() async throws {
        try await Scene.run { scene in
            let stored = try await store(
                scene,
                [
                    NewAttachment(
                        type: "document",
                        name: "plan.pdf",
                        mediaType: "application/pdf",
                        source: .bytes([1, 2])
                    )
                ]
            )
            let entry = try #require(stored.first)
            let path = try #require(entry.path)
            #expect(path.hasPrefix("inbox/m_") && path.hasSuffix("/plan.pdf"))
            #expect(entry.size == 2 && entry.note == nil && entry.type == "document")
            #expect(try contents(scene, path) == [1, 2])
        }
    }

    @Test func `§16.36 a name is made of the time and the media type, else of the kind`() async throws {
        try await Scene.run { scene in
            let stored = try await store(
                scene,
                [
                    NewAttachment(type: "file", name: "", mediaType: "Image/JPEG; charset=x", source: .bytes([])),
                    NewAttachment(type: "voice", name: "", mediaType: "audio/strange", source: .bytes([])),
                    NewAttachment(type: "file", name: "", source: .bytes([])),
                ]
            )
            let base = "attachment-\(scene.time.now.milliseconds)"
            #expect(stored.map(\.name) == [base + ".jpg", base + ".ogg", base])
        }
    }

    @Test(arguments: ["..", ".", "a/b", "a\\b", "a\0b", "/etc/passwd", String(repeating: "n", count: 300), "a\nb"])
    func `§16.37 IN11 an unsafe name is replaced and nothing is written elsewhere`(name: String) async throws {
        try await Scene.run { scene in
            let entry = try #require(try await store(scene, [NewAttachment(name: name, source: .bytes([7]))]).first)
            #expect(entry.name == "attachment-\(scene.time.now.milliseconds)")
            let path = try #require(entry.path)
            #expect(try contents(scene, path) == [7])
            #expect(try Directory(path: scene.folder.inbound).names() == ["inbound.db", "inbound.db-journal", "inbox"])
        }
    }

    @Test(arguments: ["", ".", "..", "../x", "a/b", "/tmp/x", "a\0b", "a\nb", ".hidden"])
    func `§16.38 a message id that is no safe name gets no file written`(id: String) async throws {
        try await Scene.run { scene in
            let before = try everyPath(below: scene.folder.path)
            let inbox = Inbox(
                folder: scene.folder,
                owner: nil,
                limits: AttachmentLimits(),
                now: scene.time.now
            )
            let error = #expect(throws: StoreError.self) {
                try inbox.stage([NewAttachment(name: "a", source: .bytes([1]))], for: MessageID(unchecked: id))
            }
            #expect(error?.code == .invalid)
            #expect(try everyPath(below: scene.folder.path) == before)
        }
    }

    private func everyPath(below path: String) throws -> Set<String> {
        Set(try FileManager.default.subpathsOfDirectory(atPath: path))
    }

    @Test func `§16.40 T41 an inbox that is a link is refused and its target stays empty`() async throws {
        try await Scene.run { scene in
            let target = scene.folder.path + "/elsewhere"
            mkdir(target, 0o700)
            rmdir(scene.folder.inbound + "/inbox")
            symlink(target, scene.folder.inbound + "/inbox")
            var row = scene.message("x")
            row.attachments = [NewAttachment(name: "a", source: .bytes([1]))]
            let error = await #expect(throws: StoreError.self) { try await scene.host.insert([row]) }
            #expect(error?.code == .files)
            let found = try Directory(path: target).names()
            #expect(found.isEmpty)
            #expect(try await scene.host.state(now: scene.time.now).open == 0)
        }
    }

    @Test func `§16.41 two files of one name are both kept`() async throws {
        try await Scene.run { scene in
            let stored = try await store(
                scene,
                [1, 2, 3].map { NewAttachment(name: "photo.jpg", source: .bytes([$0])) }
            )
            #expect(stored.map(\.name) == ["photo.jpg", "photo-2.jpg", "photo-3.jpg"])
            let found = try stored.compactMap(\.path).map { try contents(scene, $0) }
            #expect(found == [[1], [2], [3]])
        }
    }

    @Test func `§16.45 what is too large is left out with a note, the rest is stored`() async throws {
        try await Scene.run(limits: AttachmentLimits(file: 10, message: 25)) { scene in
            let path = scene.folder.path + "/source"
            try Directory(path: scene.folder.path).replace("source", with: [UInt8](repeating: 5, count: 10))
            let files = [
                NewAttachment(name: "big", source: .bytes([UInt8](repeating: 0, count: 11))),
                NewAttachment(name: "a", source: .file(path)),
                NewAttachment(name: "b", source: .bytes([UInt8](repeating: 1, count: 10))),
                NewAttachment(name: "c", source: .bytes([UInt8](repeating: 2, count: 6))),
                NewAttachment(name: "d", source: .bytes([UInt8](repeating: 3, count: 5))),
                NewAttachment(name: "gone", source: .file(path + "-missing")),
                NewAttachment(name: "odd", source: .file("/dev/null")),
            ]
            let stored = try await store(scene, files)
            #expect(stored.map { $0.path != nil } == [false, true, true, false, true, false, false])
            #expect(stored[0].note == "not stored: 11 bytes are more than the 10 that a file may have")
            #expect(stored[3].note == "not stored: the files of one message may have 25 bytes together")
            #expect(stored[5].note?.contains("cannot be read") == true)
            #expect(stored[6].note == "not stored: it is no regular file")
            let copied = try #require(stored[1].path)
            #expect(try contents(scene, copied) == [UInt8](repeating: 5, count: 10))
        }
    }

    @Test func `files of a repeat, and of a crash before the row, do not stay`() async throws {
        try await Scene.run { scene in
            var row = scene.message("once", source: "e1")
            row.attachments = [NewAttachment(name: "a", source: .bytes([1]))]
            let twice = [row, row]
            let id = try await scene.host.insert(twice)[0].id
            let inbox = try Directory(path: scene.folder.inbound + "/inbox")
            #expect(try inbox.names() == [id.rawValue])
            for orphan in ["m_orphan", ".m_half.new"] { try inbox.makeDirectory(orphan) }
            try await scene.retain()
            #expect(try inbox.names() == [id.rawValue])
        }
    }

    @Test func `files of a row that could not be stored do not stay behind`() async throws {
        try await Scene.run { scene in
            var good = scene.message("good")
            good.attachments = [NewAttachment(name: "a", source: .bytes([1]))]
            var bad = scene.message("bad")
            bad.content = .task(TaskContent(prompt: "x"))
            bad.attachments = [NewAttachment(name: "a", source: .bytes([1]))]
            let rows = [good, bad]
            await #expect(throws: StoreError.self) { try await scene.host.insert(rows) }
            let found = try Directory(path: scene.folder.inbound + "/inbox").names()
            #expect(found.isEmpty)
        }
    }

    @Test(arguments: ["link", "directory", "fifo", "socket", "hard link", "missing", "large", "absolute", "parent"])
    func `§16.42 §16.43 T41 an outgoing file that is none is refused at once and touches nothing`(
        kind: String
    ) async throws {
        try await Scene.run(limits: AttachmentLimits(file: 100, message: 100)) { scene in
            let id = MessageID.random()
            let runner = try scene.runner()
            _ = try runner.stageOutboxFile(message: id, name: "real", bytes: [1])
            let path = "\(scene.folder.outbound)/outbox/\(id)/x"
            var name = "x"
            switch kind {
            case "link": symlink("/etc/passwd", path)
            case "directory": mkdir(path, 0o700)
            case "fifo": mkfifo(path, 0o600)
            case "socket": mknod(path, S_IFSOCK | 0o600, 0)
            case "hard link": link("\(scene.folder.outbound)/outbox/\(id)/real", path)
            case "large":
                _ = try runner.stageOutboxFile(message: id, name: "x", bytes: [UInt8](repeating: 0, count: 101))
            case "absolute": name = "/etc/passwd"
            case "parent": name = "../../outbound.db"
            default: break
            }
            await #expect(throws: StoreError.self) { try await scene.host.openOutboxFile(message: id, name: name) }
        }
    }

    @Test func `OB02 OB13 T41 an outbox that became a link is neither read nor emptied`() async throws {
        try await Scene.run { scene in
            let id = MessageID.random()
            let target = scene.folder.path + "/elsewhere"
            mkdir(target, 0o700)
            try Directory(path: target).replace("x", with: [1])
            symlink(target, "\(scene.folder.outbound)/outbox/\(id)")
            await #expect(throws: StoreError.self) { try await scene.host.openOutboxFile(message: id, name: "x") }
            try await scene.endFiles(of: id)
            #expect(try Directory(path: target).names() == ["x"])
            #expect(try Directory(path: scene.folder.outbound + "/outbox").names() == [])

            rmdir(scene.folder.outbound + "/outbox")
            symlink(scene.folder.path, scene.folder.outbound + "/outbox")
            let aim = MessageID(unchecked: "elsewhere")
            try await scene.endFiles(of: aim)
            #expect(try Directory(path: target).names() == ["x"])
        }
    }

    @Test func `§16.44 a message's outgoing files go when they are told to, and no others`() async throws {
        try await Scene.run { scene in
            let runner = try scene.runner()
            let ids = [MessageID.random(), MessageID.random()]
            for id in ids { _ = try runner.stageOutboxFile(message: id, name: "a", bytes: [1]) }
            try await scene.endFiles(of: ids[0])
            try await scene.endFiles(of: ids[0])
            #expect(try Directory(path: scene.folder.outbound + "/outbox").names() == [ids[1].rawValue])
        }
    }

    @Test(.enabled(if: geteuid() == 0, "only root gives files away"))
    func `everything in a session's folder belongs to the owner`() async throws {
        try await Scene.run { scene in
            let owner = FileOwner(uid: 12_345, gid: 12_346)
            try HostSession.create(scene.folder, owner: owner)
            let host = HostSession(folder: scene.folder, owner: owner, executors: scene.executors, time: scene.time)
            var row = scene.message("x")
            row.attachments = [NewAttachment(name: "a", source: .bytes([1]))]
            let id = try await host.insert([row])[0].id
            let root = try Directory(path: scene.folder.path)
            for name in [
                ".", "lock", "inbound", "inbound/inbound.db", "inbound/inbound.db-journal", "inbound/inbox",
                "inbound/inbox/\(id)", "inbound/inbox/\(id)/a", "outbound", "outbound/outbound.db", "outbound/outbox",
                "state",
            ] {
                let status = try root.open(name, O_RDONLY).status()
                #expect(status.st_uid == owner.uid && status.st_gid == owner.gid, "\(name)")
            }
            await host.close()
        }
    }
}
