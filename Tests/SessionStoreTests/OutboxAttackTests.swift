import Core
import Glibc
import LinuxIO
import SessionStore
import SessionStoreHost
import TestSupport
import Testing

/// What a sandbox can make of the files that the host sends for it (numbers of sandbox.md §4.4).
struct OutboxAttackTests {
    /// A session with a message's folder in its outbox, and a secret outside of it.
    private func withOutbox(
        _ body: (_ scene: Scene, _ id: MessageID, _ folder: String, _ secret: String) async throws -> Void
    ) async throws {
        try await Scene.run { scene in
            let id = MessageID.random()
            let outbox = try Directory(path: scene.folder.outbound + "/outbox")
            try outbox.makeDirectory(id.rawValue)
            let secret = scene.folder.path + "/secret"
            try Directory(path: scene.folder.path).replace("secret", with: Array("secret".utf8))
            try await body(scene, id, "\(scene.folder.outbound)/outbox/\(id)", secret)
        }
    }

    private func put(_ bytes: [UInt8], _ path: String) throws {
        let number = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard number >= 0 else { throw Errno.last("open \(path)") }
        try Descriptor(owning: number).write(bytes)
    }

    @Test func `OB03 a file that is swapped with a link gives its own bytes or is refused`() async throws {
        try await withOutbox { scene, id, folder, secret in
            try put([1, 2, 3], folder + "/real")
            symlink(secret, folder + "/link")
            let swaps = Task.detached {
                while !Task.isCancelled {
                    link(folder + "/real", folder + "/one")
                    rename(folder + "/one", folder + "/x")
                    unlink(folder + "/x")
                    symlink(secret, folder + "/x")
                    unlink(folder + "/x")
                    rename(folder + "/real", folder + "/x")
                    rename(folder + "/x", folder + "/real")
                }
            }
            var opened = 0
            var refused = 0
            while opened < 20 || refused < 200 {
                do {
                    let file = try await scene.host.openOutboxFile(message: id, name: "x")
                    #expect(try file.descriptor.readAll(limit: 100) == [1, 2, 3])
                    opened += 1
                } catch is StoreError {
                    refused += 1
                }
                try #require(refused < 5_000_000)
            }
            swaps.cancel()
            await swaps.value
        }
    }

    @Test(arguments: ["OB04 hard link", "OB05 FIFO", "OB06 socket", "OB06 directory", "OB06 device"])
    func `what is no regular file with one link is refused at once`(kind: String) async throws {
        try await withOutbox { scene, id, folder, secret in
            let path = folder + "/a.pdf"
            switch kind {
            case "OB04 hard link": #expect(link(secret, path) == 0)
            case "OB05 FIFO": #expect(mkfifo(path, 0o600) == 0)
            case "OB06 socket": #expect(mknod(path, S_IFSOCK | 0o600, 0) == 0)
            case "OB06 directory": #expect(mkdir(path, 0o700) == 0)
            // The null device; only root makes one, and for others nothing stands there.
            default: mknod(path, S_IFCHR | 0o600, 1 << 8 | 3)
            }
            let start = ContinuousClock().now
            let error = await #expect(throws: StoreError.self) {
                try await scene.host.openOutboxFile(message: id, name: "a.pdf")
            }
            #expect(error?.code == .files)
            #expect(ContinuousClock().now - start < .seconds(1))
            try await scene.endFiles(of: id)
            #expect(try Directory(path: scene.folder.path).contents("secret", limit: 100) == Array("secret".utf8))
        }
    }

    @Test(arguments: [
        "a\r\nContent-Type: x", "a\u{1B}[2J", "a\u{202E}fdp.exe", "a\u{2066}b", "a\u{85}b", "a\u{2028}b", "..", "a/b",
        "a\\b", String(repeating: "n", count: 256),
    ])
    func `OB08 a name that would turn a header or a screen over is refused before anything is opened`(
        name: String
    ) async throws {
        try await withOutbox { scene, id, _, _ in
            let error = await #expect(throws: StoreError.self) {
                try await scene.host.openOutboxFile(message: id, name: name)
            }
            #expect(error?.code == .invalid)
        }
    }

    @Test(arguments: [
        "$(id).sh", "-rf", "`reboot`", "a b;c", "%s%n", String(repeating: "n", count: 255), "Grüße 👋.txt",
    ])
    func `OB08 a name that only a shell would fear is that file and no other`(name: String) async throws {
        try await withOutbox { scene, id, folder, _ in
            try put([7], "\(folder)/\(name)")
            let file = try await scene.host.openOutboxFile(message: id, name: name)
            #expect(file.name == name)
            #expect(try file.descriptor.readAll(limit: 10) == [7])
        }
    }

    @Test func `OB08 names that are no UTF-8 are removed with their message`() async throws {
        try await withOutbox { scene, id, folder, _ in
            for name in [[0x61, 0xFF, 0], [0xC3, 0x28, 0], [0xED, 0xA0, 0x80, 0]] as [[UInt8]] {
                let path = Array(folder.utf8) + [0x2F] + name
                #expect(mkdir(path.map { CChar(bitPattern: $0) }, 0o700) == 0)
            }
            try await scene.endFiles(of: id)
            #expect(try Directory(path: scene.folder.outbound + "/outbox").names() == [])
        }
    }

    @Test func `OB09 a file that grows while it is read gives no more than it had, or an error`() async throws {
        try await withOutbox { scene, id, folder, _ in
            try put([UInt8](repeating: 1, count: 1000), folder + "/x")
            let file = try await scene.host.openOutboxFile(message: id, name: "x")
            #expect(file.size == 1000)
            try put([UInt8](repeating: 2, count: 1 << 20), folder + "/x")
            #expect(throws: Errno.self) { try file.descriptor.readAll(limit: file.size) }
        }
        try await Scene.run(limits: AttachmentLimits(file: 1000, message: 1000)) { scene in
            let id = MessageID.random()
            _ = try scene.runner().stageOutboxFile(message: id, name: "x", bytes: [1])
            try put([UInt8](repeating: 2, count: 1001), "\(scene.folder.outbound)/outbox/\(id)/x")
            let error = await #expect(throws: StoreError.self) {
                try await scene.host.openOutboxFile(message: id, name: "x")
            }
            #expect(error?.code == .tooLarge)
        }
    }

    @Test func `OB10 a folder of very many files costs no look, and its removal has a budget`() async throws {
        try await withOutbox { scene, id, folder, _ in
            for number in 0..<20_000 { mknod("\(folder)/\(number)", S_IFREG | 0o600, 0) }
            try put([5], folder + "/declared")
            let start = ContinuousClock().now
            for _ in 0..<100 { _ = try await scene.host.openOutboxFile(message: id, name: "declared") }
            // Measured: under 10 ms for the hundred.
            #expect(ContinuousClock().now - start < .seconds(5))
            let outbox = try Directory(path: scene.folder.outbound + "/outbox")
            let error = #expect(throws: Errno.self) { try outbox.remove(id.rawValue, budget: 1000) }
            #expect(error?.code == E2BIG)
            #expect(try outbox.directory(id.rawValue).names().count == 20_001 - 999)
            try await scene.endFiles(of: id)
            #expect(try outbox.names() == [])
        }
    }

    @Test func `OB11 a compressed file is bytes and stays what it is`() async throws {
        try await withOutbox { scene, id, folder, _ in
            // A gzip member that says it unpacks to 4 GiB.
            let bomb: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 0xED, 0xC1, 1, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF]
            try put(bomb, folder + "/42.gz")
            let file = try await scene.host.openOutboxFile(message: id, name: "42.gz")
            #expect(file.size == bomb.count)
            #expect(try file.descriptor.readAll(limit: 100) == bomb)
        }
    }

    @Test func `OB14 a file that is renamed or replaced after it was opened gives the bytes that it had`() async throws
    {
        try await withOutbox { scene, id, folder, secret in
            try put([1, 2, 3], folder + "/x")
            let file = try await scene.host.openOutboxFile(message: id, name: "x")
            rename(folder + "/x", folder + "/y")
            symlink(secret, folder + "/x")
            #expect(try file.descriptor.readAll(limit: 100) == [1, 2, 3])
        }
    }

    @Test func `OB15 a lease on a file keeps the host for no moment, and the file is there afterwards`() async throws {
        // The kernel tells the holder with SIGIO, which would end this process.
        signal(SIGIO, SIG_IGN)
        try await withOutbox { scene, id, folder, _ in
            try put([1], folder + "/x")
            let holder = Descriptor(owning: open(folder + "/x", O_RDWR | O_CLOEXEC))
            // F_SETLEASE, which the headers show to GNU programs alone.
            try #require(fcntl(holder.number, 1024, Int32(F_WRLCK)) == 0)
            let start = ContinuousClock().now
            let error = await #expect(throws: StoreError.self) {
                try await scene.host.openOutboxFile(message: id, name: "x")
            }
            #expect(error?.code == .files)
            // A plain open would wait for /proc/sys/fs/lease-break-time, 45 s.
            #expect(ContinuousClock().now - start < .seconds(1))
            try #require(fcntl(holder.number, 1024, Int32(F_UNLCK)) == 0)
            let file = try await scene.host.openOutboxFile(message: id, name: "x")
            #expect(try file.descriptor.readAll(limit: 10) == [1])
        }
    }

    @Test func `OB16 a file that is locked for ever is read all the same`() async throws {
        try await withOutbox { scene, id, folder, _ in
            try put([1], folder + "/x")
            let holder = Descriptor(owning: open(folder + "/x", O_RDWR | O_CLOEXEC))
            try #require(flock(holder.number, LOCK_EX) == 0)
            let file = try await scene.host.openOutboxFile(message: id, name: "x")
            #expect(try file.descriptor.readAll(limit: 10) == [1])
        }
    }

    @Test func `OB17 a file that is cut while it is read is a short one, never a crash`() async throws {
        try await withOutbox { scene, id, folder, _ in
            let size = 1 << 20
            try put([UInt8](repeating: 1, count: size), folder + "/x")
            let cuts = Task.detached {
                while !Task.isCancelled {
                    truncate(folder + "/x", 0)
                    truncate(folder + "/x", off_t(size))
                }
            }
            for _ in 0..<200 {
                let file = try await scene.host.openOutboxFile(message: id, name: "x")
                #expect(try file.descriptor.readAll(limit: size).count <= size)
            }
            cuts.cancel()
            await cuts.value
        }
    }
}
