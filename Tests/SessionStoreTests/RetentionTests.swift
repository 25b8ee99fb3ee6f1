import Core
import Glibc
import LinuxIO
import SessionStore
import TestSupport
import Testing

@testable import SessionStoreHost

/// What ends in one session, and when.
@Suite(.timeLimit(.minutes(1))) struct RetentionTests {
    private static let day = Duration.seconds(86_400)

    /// A message with a file that came, and one with a file that was said; both have ended so.
    private func ended(
        _ scene: Scene,
        _ state: AckState = .completed,
        _ delivery: DeliveryState = .delivered
    ) async throws -> (came: MessageID, said: MessageID) {
        var row = scene.message("with a file")
        row.attachments = [NewAttachment(name: "a.txt", source: .bytes([1]))]
        let came = try await scene.host.insert([row])[0].id
        try await scene.begin()
        let runner = try scene.runner()
        defer { runner.close() }
        var reply = scene.reply("a file", to: came)
        let id = MessageID.random()
        reply.id = id
        _ = try runner.stageOutboxFile(message: id, name: "b.txt", bytes: [2])
        _ = try runner.commit(TurnEnd(turn: reply.turn, rows: [reply], acks: []))
        let snapshot = try await scene.snapshot()
        let said = try #require(snapshot.rows.last)
        let ack = Ack(message: came, incarnation: 1, state: state, turn: said.turn)
        try await scene.host.apply([.acked([ack]), .delivery(scene.delivery(said, delivery))])
        return (came, said.id)
    }

    private func inbox(_ scene: Scene) throws -> [String] {
        try Directory(path: scene.folder.inbound + "/inbox").names()
    }

    private func outbox(_ scene: Scene) throws -> [String] {
        try Directory(path: scene.folder.outbound + "/outbox").names()
    }

    private func counts(_ outcome: RetentionOutcome) -> [RetentionItem.Kind: Int] {
        outcome.items.reduce(into: [:]) { $0[$1.what, default: 0] += $1.count }
    }

    // MARK: - Times

    @Test func `T68 files go with the end of their message's days, and not a millisecond before`() async throws {
        try await Scene.run { scene in
            let start = scene.time.now
            _ = try await ended(scene)
            scene.time.advance(by: Self.day * 7 - .milliseconds(1))
            let early = try await scene.retain(messages: Self.day * 30, files: Self.day * 7, failedFiles: Self.day * 30)
            #expect(early.items.isEmpty)
            #expect(early.nextDue == start + Self.day * 7)
            scene.time.advance(by: .milliseconds(1))
            let outcome = try await scene.retain(
                messages: Self.day * 30,
                files: Self.day * 7,
                failedFiles: Self.day * 30
            )
            #expect(counts(outcome) == [.inbox: 1, .outbox: 1])
            #expect(outcome.nextDue == start + Self.day * 30)
            #expect(try inbox(scene).isEmpty && outbox(scene).isEmpty)
            #expect(try await scene.host.history(limit: 9).count == 2)
        }
    }

    @Test func `T68 files of what failed have days of their own`() async throws {
        for delivery in [DeliveryState.failed, .unknown] {
            try await Scene.run { scene in
                let start = scene.time.now
                let ids = try await ended(scene, .failed, delivery)
                scene.time.advance(by: Self.day * 30 - .milliseconds(1))
                let early = try await scene.retain(files: Self.day * 7, failedFiles: Self.day * 30)
                #expect(early.items.isEmpty && early.nextDue == start + Self.day * 30)
                scene.time.advance(by: .milliseconds(1))
                let outcome = try await scene.retain(files: Self.day * 7, failedFiles: Self.day * 30)
                #expect(Set(outcome.items.compactMap(\.name)) == [ids.came.rawValue, ids.said.rawValue])
            }
        }
    }

    @Test func `T68 rows go with the end of their days, counted from their end, and take their files along`()
        async throws
    {
        try await Scene.run { scene in
            // It waits ten days for its end.
            let waiting = try await scene.host.insert([scene.message("long")])[0].id
            scene.time.advance(by: Self.day * 10)
            let start = scene.time.now
            try await scene.host.apply([.failRows([waiting], error: "x")])
            _ = try await ended(scene)
            scene.time.advance(by: Self.day * 30 - .milliseconds(1))
            let early = try await scene.retain(messages: Self.day * 30)
            #expect(early.items.isEmpty && early.nextDue == start + Self.day * 30)
            scene.time.advance(by: .milliseconds(1))
            let outcome = try await scene.retain(messages: Self.day * 30)
            #expect(counts(outcome) == [.messages: 2, .deliveries: 1, .inbox: 1, .outbox: 1])
            // What is left is only known for a repeat.
            #expect(outcome.nextDue == start - Self.day * 10 + Self.day * 90)
            #expect(try await scene.host.history(limit: 9).isEmpty)
            #expect(try inbox(scene).isEmpty && outbox(scene).isEmpty)
        }
    }

    @Test func `nothing goes that is kept for good, and then nothing is due`() async throws {
        try await Scene.run { scene in
            _ = try await ended(scene)
            scene.time.advance(by: Self.day * 36_500)
            let outcome = try await scene.retain()
            #expect(counts(outcome) == [.repeats: 1])
            #expect(outcome.nextDue == nil)
            #expect(try inbox(scene).count == 1 && outbox(scene).count == 1)
        }
    }

    @Test func `T68 a file that an open row names stays, however old it is`() async throws {
        try await Scene.run { scene in
            var row = scene.message("open")
            row.attachments = [NewAttachment(name: "a.txt", source: .bytes([1]))]
            let open = try await scene.host.insert([row])[0].id
            let ids = try await ended(scene, .processing, .retry)
            scene.time.advance(by: Self.day * 1000)
            let outcome = try await scene.retain(messages: .zero, files: .zero, failedFiles: .zero)
            #expect(counts(outcome) == [.repeats: 2])
            #expect(try inbox(scene) == [open.rawValue, ids.came.rawValue].sorted())
            #expect(try outbox(scene) == [ids.said.rawValue])
        }
    }

    @Test func `a file without a row stays while one may be on its way, and goes after the days of failed ones`()
        async throws
    {
        try await Scene.run { scene in
            let runner = try scene.runner()
            _ = try runner.stageOutboxFile(message: MessageID(unchecked: "m_unsaid"), name: "b.txt", bytes: [2])
            try Directory(path: scene.folder.inbound + "/inbox").makeDirectory("m_unborn")
            let staged = try Directory(path: scene.folder.outbound + "/outbox").entries()[0].changed
            let left = Timestamp(milliseconds: staged).milliseconds + 30 * 86_400_000 - scene.time.now.milliseconds
            scene.time.stepWall(by: .milliseconds(left - 1))
            #expect(try await scene.retain(failedFiles: Self.day * 30, isQuiet: false).items.isEmpty)
            #expect(counts(try await scene.retain(failedFiles: Self.day * 30)) == [.inbox: 1])
            scene.time.advance(by: .milliseconds(1))
            #expect(try await scene.retain(failedFiles: Self.day * 30, isQuiet: false).items.isEmpty)
            #expect(counts(try await scene.retain(failedFiles: Self.day * 30)) == [.outbox: 1])
        }
    }

    @Test func `an outbound folder that was set aside goes after the days of failed files`() async throws {
        try await Scene.run { scene in
            let start = scene.time.now
            try await scene.host.setAsideOutbound()
            scene.time.advance(by: Self.day * 30 - .milliseconds(1))
            let early = try await scene.retain(failedFiles: Self.day * 30)
            #expect(early.items.isEmpty && early.nextDue == start + Self.day * 30)
            scene.time.advance(by: .milliseconds(1))
            #expect(counts(try await scene.retain(failedFiles: Self.day * 30)) == [.aside: 1])
        }
    }

    // MARK: - Transcripts

    /// Transcripts in that order; answers when the kernel saw each change.
    private func transcripts(_ scene: Scene, _ names: [String]) throws -> [Timestamp] {
        let state = try Directory(path: scene.folder.state)
        try state.makeDirectory("transcripts")
        let folder = try state.directory("transcripts")
        var last: Int64 = 0
        for name in names {
            let file = try folder.create(name)
            last = try change(name, in: folder, after: last) { try file.write([1]) }
        }
        return try folder.entries().map { Timestamp(milliseconds: $0.changed) }
    }

    /// Does it until the kernel's coarse clock tells it from what was changed before; answers when that was.
    private func change(
        _ name: String,
        in folder: Directory,
        after last: Int64,
        _ body: () throws -> Void
    ) throws -> Int64 {
        while true {
            try body()
            let changed = try folder.entries().first { $0.name == name }?.changed ?? 0
            if changed > last { return changed }
        }
    }

    @Test func `T68 transcripts go after their days, the one that the session goes on from only once it is closed`()
        async throws
    {
        try await Scene.run { scene in
            let changed = try transcripts(scene, ["a", "b", "c", "d"])
            let folder = try Directory(path: scene.folder.state + "/transcripts")
            scene.time.stepWall(by: .milliseconds(changed[0].milliseconds - scene.time.now.milliseconds))
            scene.time.advance(by: Self.day * 90 - .milliseconds(1))
            let early = try await scene.retain(transcripts: Self.day * 90)
            #expect(early.items.isEmpty && early.nextDue == changed[0] + Self.day * 90)
            scene.time.advance(by: .milliseconds(1))
            #expect(try await scene.retain(transcripts: Self.day * 90).items.map(\.name) == ["a"])
            scene.time.advance(by: Self.day * 1000)
            let late = try await scene.retain(transcripts: Self.day * 90)
            #expect(late.items.map(\.name) == ["b"] && late.nextDue == nil)
            #expect(try folder.names() == ["c", "d"])

            let closedAt = scene.time.now
            scene.time.advance(by: Self.day * 90 - .milliseconds(1))
            let closed = try await scene.retain(transcripts: Self.day * 90, closedAt: closedAt)
            #expect(closed.items.isEmpty && closed.nextDue == closedAt + Self.day * 90)
            scene.time.advance(by: .milliseconds(1))
            #expect(
                counts(try await scene.retain(transcripts: Self.day * 90, closedAt: closedAt)) == [.transcripts: 1]
            )
            #expect(try Directory(path: scene.folder.state).names().isEmpty)
        }
    }

    @Test func `T68 a time of last write that somebody has set counts for nothing`() async throws {
        try await Scene.run { scene in
            let changed = try transcripts(scene, ["a", "b", "c"])
            let folder = try Directory(path: scene.folder.state + "/transcripts")
            var future = [timespec(tv_sec: 1 << 33, tv_nsec: 0), timespec(tv_sec: 1 << 33, tv_nsec: 0)]
            var last = changed.map(\.milliseconds).max() ?? 0
            for name in ["a", "b", "c"] {
                last = try change(name, in: folder, after: last) {
                    utimensat(folder.descriptor.number, name, &future, 0)
                }
            }
            scene.time.stepWall(by: .milliseconds(changed[0].milliseconds - scene.time.now.milliseconds))
            scene.time.advance(by: Self.day * 91)
            #expect(try await scene.retain(transcripts: Self.day * 90).items.map(\.name) == ["a"])
        }
    }

    // MARK: - What a sandbox has laid

    @Test func `T68 links, pipes and odd names in a sandbox's folders are removed themselves and lead nowhere`()
        async throws
    {
        try await Scene.run { scene in
            let precious = scene.folder.path + "/precious"
            mkdir(precious, 0o700)
            try Directory(path: precious).create("kept").write([1])
            try Directory(path: scene.folder.state).makeDirectory("transcripts")
            for folder in [scene.folder.outbound + "/outbox", scene.folder.state + "/transcripts"] {
                symlink(precious, folder + "/link")
                mkfifo(folder + "/pipe", 0o600)
                link(precious + "/kept", folder + "/hard")
                mknod(folder + "/socket", S_IFSOCK | 0o600, 0)
                mkdir(folder + "/deep", 0o700)
                symlink("/", folder + "/deep/root")
                symlink("../../../precious", folder + "/deep/up")
                let odd: [CChar] = folder.utf8.map { CChar(bitPattern: $0) } + [0x2F, 0x61, -1, 0]
                mkdir(odd, 0o700)
                try Directory(path: folder).create("name\u{1B}[2J\n").write([1])
            }
            let start = SystemTime().now
            scene.time.stepWall(by: .milliseconds(start.milliseconds - scene.time.now.milliseconds + 3_600_000))
            let outcome = try await scene.retain(failedFiles: .zero, transcripts: .zero, closedAt: start)
            #expect(outcome.failures.isEmpty)
            #expect(counts(outcome) == [.outbox: 7, .transcripts: 1])
            #expect(try outbox(scene).isEmpty)
            #expect(try Directory(path: scene.folder.state).names().isEmpty)
            #expect(try Directory(path: precious).contents("kept", limit: 9) == [1])
        }
    }

    @Test(arguments: ["link", "pipe", "file"]) func `T68 a folder that a sandbox has replaced is not followed`(
        kind: String
    ) async throws {
        try await Scene.run { scene in
            let precious = scene.folder.path + "/precious"
            mkdir(precious, 0o700)
            try Directory(path: precious).create("kept").write([1])
            for path in [scene.folder.outbound + "/outbox", scene.folder.state + "/transcripts"] {
                rmdir(path)
                switch kind {
                case "link": symlink(precious, path)
                case "pipe": mkfifo(path, 0o600)
                default: close(creat(path, 0o600))
                }
            }
            scene.time.advance(by: Self.day * 1000)
            let outcome = try await scene.retain(messages: .zero, files: .zero, failedFiles: .zero, transcripts: .zero)
            #expect(outcome.items.isEmpty)
            #expect(try Directory(path: precious).names() == ["kept"])
        }
    }

    @Test func `T68 a folder of too many files goes in several looks`() async throws {
        try await Scene.run { scene in
            let folder = scene.folder.outbound + "/outbox/m_many"
            mkdir(folder, 0o700)
            for number in 0..<25_000 { close(creat("\(folder)/\(number)", 0o600)) }
            scene.time.stepWall(by: .seconds(86_400 * 400))
            let first = try await scene.retain(failedFiles: .zero)
            #expect(first.items.isEmpty && first.nextDue == scene.time.now)
            #expect(counts(try await scene.retain(failedFiles: .zero)) == [.outbox: 1])
            #expect(try outbox(scene).isEmpty)
        }
    }

    // MARK: - A look that changes nothing

    @Test(arguments: [1, 2]) func `what would go is told and stays, also where the schema is older`(
        version: Int
    ) async throws {
        try await Scene.run { scene in
            _ = try await ended(scene)
            await scene.host.close()
            if version == 1 {
                let database = try Connection(path: scene.folder.inboundDatabase, .readWrite, busyTimeout: 0)
                try database.execute("ALTER TABLE messages_in DROP COLUMN ended_at; PRAGMA user_version=1")
                database.close()
            }
            scene.time.advance(by: Self.day * 31)
            let subject = RetentionSubject(session: SessionID(unchecked: "se"), isQuiet: true, closedAt: nil)
            let periods = SessionPeriods(
                messages: Self.day * 30,
                files: Self.day * 7,
                failedFiles: Self.day * 30,
                transcripts: nil
            )
            let before = try Directory(path: scene.folder.inbound).contents("inbound.db", limit: 1 << 20)
            let told = try HostSession.wouldRetain(subject, periods, in: scene.folder, now: scene.time.now)
            #expect(try Directory(path: scene.folder.inbound).contents("inbound.db", limit: 1 << 20) == before)
            #expect(told.count == 4)
            #expect(try await scene.host.retain(subject, periods).items == told)
        }
    }

    @Test func `the file shrinks with its rows`() async throws {
        try await Scene.run { scene in
            for _ in 0..<20 {
                let text = String(repeating: "x", count: 100_000)
                let id = try await scene.host.insert([scene.message(text)])[0].id
                try await scene.host.apply([.failRows([id], error: "x")])
            }
            func size() throws -> Int {
                Int(try #require(try Directory(path: scene.folder.inbound).status("inbound.db")).st_size)
            }
            #expect(try size() > 2_000_000)
            try await scene.retain(messages: .zero)
            #expect(try size() < 200_000)
        }
    }
}
