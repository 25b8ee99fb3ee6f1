import Core
import Glibc
import LinuxIO
import SessionStore
import SessionStoreHost
import TestSupport
import Testing

/// What a sandbox can make of `outbound.db`, and what the host makes of it (numbers of sandbox.md §4.12).
struct HostileReaderTests {
    /// Expects quarantine, and that what stands beside the file is untouched by it.
    private func expectQuarantine(
        _ scene: Scene,
        _ word: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let reading = try await scene.host.readOutbound()
        guard case .quarantined(let reason) = reading else {
            Issue.record("\(reading) is no quarantine", sourceLocation: sourceLocation)
            return
        }
        #expect(reason.contains(word), sourceLocation: sourceLocation)
    }

    @Test func `SQ01 a crafted journal with a master name deletes nothing and its bytes are not read`() async throws {
        try await Scene.run { scene in
            let victim = scene.folder.path + "/central.db"
            try Directory(path: scene.folder.path).replace("central.db", with: Array("precious".utf8))
            let name = Array(victim.utf8)
            var journal: [UInt8] = [0xD9, 0xD5, 0x05, 0xF9, 0x20, 0xA1, 0x63, 0xD7]
            journal += [0, 0, 0, 0] + [0, 0, 0, 0] + [0, 0, 0, 1] + [0, 0, 2, 0] + [0, 0, 0x10, 0]
            journal += [UInt8](repeating: 0, count: 512 - journal.count)
            let sum = name.reduce(UInt32(0)) { $0 &+ UInt32($1) }
            func big(_ value: UInt32) -> [UInt8] { withUnsafeBytes(of: value.bigEndian) { Array($0) } }
            journal += big(0x4000_0000 / 4096 + 1) + name + big(UInt32(name.count)) + big(sum)
            journal += [0xD9, 0xD5, 0x05, 0xF9, 0x20, 0xA1, 0x63, 0xD7]
            try Directory(path: scene.folder.outbound).replace("outbound.db-journal", with: journal)
            #expect(try await scene.host.readOutbound() == .hot)
            #expect(try await scene.host.needsRecovery())
            #expect(try Directory(path: scene.folder.path).contents("central.db", limit: 100) == Array("precious".utf8))
        }
    }

    @Test func `SQ03 a journal that is a link or a directory is refused, its target untouched`() async throws {
        try await Scene.run { scene in
            let outbound = try Directory(path: scene.folder.outbound)
            try outbound.remove("outbound.db-journal")
            symlink("/etc/passwd", scene.folder.outbound + "/outbound.db-journal")
            try await expectQuarantine(scene, "journal")
            try outbound.remove("outbound.db-journal")
            try outbound.makeDirectory("outbound.db-journal")
            try await expectQuarantine(scene, "journal")
        }
    }

    @Test func `SQ03 a write-ahead log beside the file is never looked at`() async throws {
        try await Scene.run { scene in
            _ = try scene.runner().insert(scene.reply("one"))
            symlink("/etc/passwd", scene.folder.outbound + "/outbound.db-wal")
            symlink("/etc/passwd", scene.folder.outbound + "/outbound.db-shm")
            #expect(try await scene.snapshot().rows.count == 1)
        }
    }

    @Test(arguments: ["link", "fifo", "directory", "socket", "hard link", "missing", "empty", "text"])
    func `SQ04 T41 what is no regular file with one link is refused at once`(kind: String) async throws {
        try await Scene.run { scene in
            let path = scene.folder.outboundDatabase
            let outbound = try Directory(path: scene.folder.outbound)
            let copy = try outbound.contents("outbound.db", limit: 1 << 20)
            try outbound.remove("outbound.db")
            switch kind {
            case "link": symlink(scene.folder.inboundDatabase, path)
            case "fifo": mkfifo(path, 0o600)
            case "directory": mkdir(path, 0o700)
            case "socket": mknod(path, S_IFSOCK | 0o600, 0)
            case "hard link":
                try outbound.replace("outbound.db", with: copy)
                link(path, scene.folder.outbound + "/second")
            case "empty": try outbound.replace("outbound.db", with: [])
            case "text": try outbound.replace("outbound.db", with: [UInt8](repeating: 0x41, count: 8192))
            default: break
            }
            let clock = SystemTime()
            let start = clock.monotonic
            try await expectQuarantine(scene, "outbound.db")
            #expect(clock.monotonic - start < .seconds(1))
        }
    }

    @Test func `HR05 T41 a folder that became a link is refused`() async throws {
        try await Scene.run { scene in
            rename(scene.folder.outbound, scene.folder.path + "/moved")
            symlink(scene.folder.path + "/moved", scene.folder.outbound)
            let error = await #expect(throws: StoreError.self) { try await scene.host.readOutbound() }
            #expect(error?.code == .files)
        }
    }

    @Test(arguments: [
        (18, [UInt8(2)], "write version"), (19, [2], "read version"), (16, [0x02, 0x00], "page size"),
        (20, [8], "reserved"), (56, [0, 0, 0, 2], "encoding"), (28, [0x7F, 0xFF, 0xFF, 0xFF], "page count"),
        (60, [0, 0, 0, 9], "schema version"), (44, [0, 0, 0, 1], "schema format"), (0, [0x58], "no SQLite"),
    ])
    func `SQ05 SQ12 a header that we do not make is refused`(place: Int, bytes: [UInt8], word: String) async throws {
        try await Scene.run { scene in
            try scene.patch(at: place, bytes)
            try await expectQuarantine(scene, word)
        }
    }

    @Test(arguments: [
        "CREATE VIEW extra AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x FROM n",
        "ALTER TABLE messages_out ADD COLUMN bomb TEXT AS (printf('%.900000000c', 'x'))",
        "CREATE TRIGGER t AFTER INSERT ON messages_out BEGIN SELECT zeroblob(900000000); END",
        "CREATE INDEX extra ON messages_out (content)", "CREATE TABLE more (x)", "DROP TABLE runner_state",
        "PRAGMA writable_schema=ON; UPDATE sqlite_schema SET sql = replace(sql, 'kind TEXT', 'kind  TEXT')",
    ])
    func `SQ06 SQ07 SQ22 any other schema is refused before a row is read`(statement: String) async throws {
        try await Scene.run { scene in
            try scene.tamper { try $0.execute(statement) }
            try await expectQuarantine(scene, "schema")
        }
    }

    @Test func `SQ08 a file over the limit is refused`() async throws {
        try await Scene.run { scene in
            #expect(truncate(scene.folder.outboundDatabase, 200 << 20) == 0)
            try await expectQuarantine(scene, "over")
        }
    }

    @Test func `SQ08 SQ15 SQ16 SQ17 a bad row is set aside and the others are read`() async throws {
        try await Scene.run { scene in
            try await scene.begin()
            let runner = try scene.runner()
            for number in 0..<26 { _ = try runner.insert(scene.reply("\(number)")) }
            let deep = String(repeating: "[", count: 100_000)
            let long = String(repeating: "x", count: 300_000)
            let bad: [(String, String)] = [
                ("content = CAST(x'7b22ff22' AS TEXT)", "UTF-8"), ("content = CAST(x'7b00' AS TEXT)", "UTF-8"),
                ("content = '\(deep)'", "nested"), ("content = '\(long)'", "bytes"), ("content = '{}'", "not a"),
                ("kind = 'secret'", "kind"), ("id = '../../etc'", "no id"), ("turn = 'a b'", "turn"),
                ("seq = 9007199254740993", "too far"), ("seq = 4611686018427387905", "too far"),
                ("platform_id = NULL", "address"),
                ("thread_id = '\(String(repeating: "y", count: 2000))'", "thread_id"),
                ("deliver_after = -5", "deliver_after"), ("deliver_after = 9223372036854775807", "deliver_after"),
                ("in_reply_to = ''", "in_reply_to"), ("content = '{\"text\":\"a\",\"files\":[\"x\",\"x\"]}'", "twice"),
                ("content = '{\"text\":1e308,\"files\":[]}'", "not a"), ("seq = 8", "odd"),
                ("id = 'notice_tr_1'", "only the host"), ("seq = -7", ""),
            ]
            try scene.tamper { database in
                try database.execute("PRAGMA ignore_check_constraints=ON")
                for (index, (change, _)) in bad.enumerated() {
                    try database.execute("UPDATE messages_out SET \(change) WHERE seq = \(2 * index + 1)")
                }
            }
            let snapshot = try await scene.snapshot()
            let good: [Int64] = (bad.count..<26).map { Int64(2 * $0 + 1) }
            #expect(snapshot.rows.map(\.seq) == good)
            // A number below the floor is not read at all.
            #expect(snapshot.rejected.count == bad.count - 1)
            for (_, word) in bad where !word.isEmpty {
                #expect(snapshot.rejected.contains { $0.reason.contains(word) }, "\(word)")
            }
        }
    }

    @Test func `SQ16 a column of another type than the schema says is set aside`() async throws {
        try await Scene.run { scene in
            try await scene.begin()
            let runner = try scene.runner()
            for number in 0..<3 { _ = try runner.insert(scene.reply("\(number)")) }
            runner.close()
            // Another schema lets the types in; afterwards the expected one is put back.
            try scene.tamper { database in
                try database.execute(
                    "PRAGMA writable_schema=ON; "
                        + "UPDATE sqlite_schema SET sql = replace(sql, ') STRICT', ')') WHERE name = 'messages_out'; "
                        + "PRAGMA schema_version=100"
                )
            }
            try scene.tamper { database in
                try database.execute("PRAGMA ignore_check_constraints=ON")
                try database.execute("UPDATE messages_out SET kind = x'63686174' WHERE seq = 1")
                try database.execute("UPDATE messages_out SET deliver_after = 'soon' WHERE seq = 3")
                try database.execute(
                    "PRAGMA writable_schema=ON; "
                        + "UPDATE sqlite_schema SET sql = sql || ' STRICT' WHERE name = 'messages_out'; "
                        + "PRAGMA schema_version=101"
                )
            }
            let reading = try await scene.host.readOutbound()
            guard case .snapshot(let snapshot) = reading else { throw Unexpected("\(reading)") }
            #expect(snapshot.rows.map(\.seq) == [5])
            #expect(snapshot.rejected.count == 2)
        }
    }

    @Test func `SQ09 more rows than fit one look come with the next ones`() async throws {
        try await Scene.run { scene in
            try scene.tamper { database in
                try database.execute(
                    """
                    WITH RECURSIVE n(x) AS (SELECT 0 UNION ALL SELECT x + 1 FROM n WHERE x < 4999)
                    INSERT INTO messages_out (id, seq, turn, kind, content, created_at)
                    SELECT 'm_' || x, 2 * x + 1, 't_x', 'chat', '{"files":[],"text":"a"}', 0 FROM n
                    """
                )
            }
            var seen: Set<Int64> = []
            while seen.count < 5000 {
                let rows = try await scene.snapshot().rows
                #expect(rows.count <= 2000)
                let before = seen.count
                seen.formUnion(rows.map(\.seq))
                try #require(seen.count > before)
                try await scene.host.apply(rows.map { .delivery(try scene.delivery($0)) })
            }
        }
    }

    @Test func `SQ09 however many acks there are, none hides another`() async throws {
        try await Scene.run { scene in
            let id = try await scene.host.insert([scene.message("answered")])[0].id
            try scene.tamper { database in
                try database.execute(
                    """
                    WITH RECURSIVE n(x) AS (SELECT 0 UNION ALL SELECT x + 1 FROM n WHERE x < 29999)
                    INSERT INTO processing_ack (message_id, incarnation, state, turn, changed_at)
                    SELECT 'm_' || x, 0, 'completed', 't_x', 0 FROM n;
                    INSERT INTO processing_ack VALUES ('\(id)', 0, 'completed', 't_y', NULL, 0)
                    """
                )
            }
            #expect(try await scene.snapshot().acks.map(\.message) == [id])
        }
    }

    @Test(arguments: [String(repeating: "a\u{301}\u{302}", count: 9000), "a\0b"])
    func `SQ16 no words that an ack may have keep a message from its end`(words: String) async throws {
        try await Scene.run { scene in
            let rows = try await scene.host.insert([scene.message("one"), scene.message("two")])
            try await scene.begin()
            // As the runner writes them, and as another program may.
            let runner = try scene.runner()
            try runner.commit(TurnEnd(turn: .random(), acks: [.init(rows[0].id, .failed, detail: words)]))
            runner.close()
            try scene.tamper { database in
                try database.run(
                    "INSERT INTO processing_ack VALUES (?, 0, 'failed', 't_y', ?, 0)",
                    rows[1].id,
                    words
                )
            }
            let acks = try await scene.snapshot().acks
            #expect(Set(acks.map(\.message)) == Set(rows.map(\.id)))
            #expect(acks.allSatisfy { $0.detail?.unicodeScalars.first == "a" })
        }
    }

    /// The places of what makes the file a tree: of each page the header and the pointers to its cells.
    private static func structure(_ file: [UInt8]) -> [Int] {
        stride(from: 0, to: file.count, by: 4096).flatMap { page -> [Int] in
            let start = page == 0 ? 100 : page
            guard [2, 5, 10, 13].contains(file[start]) else { return [] }
            let cells = Int(file[start + 3]) << 8 | Int(file[start + 4])
            return Array(start..<(start + (file[start] < 8 ? 12 : 8) + 2 * cells))
        }
    }

    @Test(arguments: [UInt64(1), 2], [true, false])
    func `SQ12 a damaged tree never gets past the check: no row comes out that was not written`(
        seed: UInt64,
        inStructure: Bool
    ) async throws {
        try await Scene.run { scene in
            let runner = try scene.runner()
            for number in 0..<40 { _ = try runner.insert(scene.reply(String(repeating: "\(number) ", count: 200))) }
            runner.close()
            let written = try await scene.snapshot(scene.anotherHost()).rows
            let rows = Dictionary(uniqueKeysWithValues: written.map { ($0.seq, $0) })
            try #require(rows.count == 40)
            let outbound = try Directory(path: scene.folder.outbound)
            let good = try outbound.contents("outbound.db", limit: 1 << 20)
            let places = inStructure ? Self.structure(good) : Array(100..<good.count)
            var random = Seeded(state: seed)
            var refused = 0
            for round in 0..<100 {
                var bad = good
                for _ in 0..<(inStructure ? 1 : 8) {
                    let place = places[Int.random(in: 0..<places.count, using: &random)]
                    bad[place] = .random(in: 0...255, using: &random)
                }
                let changed = zip(good, bad).count { $0 != $1 }
                try outbound.replace("outbound.db", with: bad)
                switch try await scene.anotherHost().readOutbound() {
                case .quarantined: refused += 1
                case .snapshot(let snapshot):
                    #expect(
                        Set(snapshot.rows.map(\.seq)).count == snapshot.rows.count,
                        "round \(round): a row comes twice"
                    )
                    // A byte in a row changes that row alone, one of the tree none.
                    let others = snapshot.rows.filter { rows[$0.seq] != $0 }
                    let lost = rows.count - (snapshot.rows.count - others.count)
                    #expect(others.count <= (inStructure ? 0 : changed), "round \(round): \(others)")
                    #expect(lost <= (inStructure ? 0 : changed), "round \(round): \(lost) rows are not there")
                case let other: Issue.record("\(other)")
                }
            }
            #expect(refused > (inStructure ? 50 : 0), "\(refused)")
        }
    }

    @Test func `SQ13 a file that shrinks while it is read is a busy one or a bad one, never a crash`() async throws {
        try await Scene.run { scene in
            let size = try Directory(path: scene.folder.outbound).status("outbound.db")?.st_size ?? 0
            let path = scene.folder.outboundDatabase
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    for _ in 0..<3000 {
                        truncate(path, 0)
                        truncate(path, size)
                    }
                }
                for _ in 0..<50 { _ = try await scene.anotherHost().readOutbound() }
                try await group.waitForAll()
            }
        }
    }

    @Test func `SQ14 a writer that never lets go is busy after 200 ms`() async throws {
        try await Scene.run { scene in
            let victim = try Victim("hold-outbound", scene.folder)
            let waits = try await threeWaits {
                let reading = try await scene.host.readOutbound()
                #expect(reading == .busy)
            }
            #expect(waits[0] >= .milliseconds(200) && waits[0] < .seconds(1), "\(waits)")
            try victim.end()
            _ = try await scene.snapshot()
        }
    }

    @Test func `AK01 AK02 acks of the future and of strangers change nothing`() async throws {
        try await Scene.run { scene in
            let ids = try await scene.host.insert([scene.message("a"), scene.message("b")]).map(\.id)
            let configuration = AgentConfiguration(agentGroupID: .random(), agentName: "Nano")
            try await scene.host.beginIncarnation(1, configuration: configuration, destinations: [], routing: nil)
            let runner = try scene.runner()
            try runner.commit(
                TurnEnd(
                    turn: .random(),
                    acks: [.init(ids[0]), .init(MessageID(unchecked: "m_stranger")), .init(ids[1])]
                )
            )
            try scene.tamper { try $0.run("UPDATE processing_ack SET incarnation = 7 WHERE message_id = ?", ids[1]) }
            let snapshot = try await scene.snapshot()
            #expect(snapshot.acks.map(\.message) == [ids[0]])
            #expect(snapshot.rejected.map(\.id) == [ids[1].rawValue])
            try await scene.host.apply([.acked(snapshot.acks)])
            #expect(try await scene.host.state(now: scene.time.now).dueTriggers == [ids[1]])
        }
    }

    @Test func `a snapshot keeps asking until it is recorded, and then nothing is read`() async throws {
        try await Scene.run { scene in
            let id = try await scene.host.insert([scene.message("hi")])[0].id
            let configuration = AgentConfiguration(agentGroupID: .random(), agentName: "Nano")
            try await scene.host.beginIncarnation(1, configuration: configuration, destinations: [], routing: nil)
            try scene.runner().commit(TurnEnd(turn: .random(), rows: [scene.reply("a")], acks: [.init(id)]))
            let first = try await scene.snapshot()
            #expect(try await scene.snapshot() == first)
            try await scene.host.apply([.delivery(scene.delivery(first.rows[0]))])
            #expect(try await scene.snapshot().rows.isEmpty)
            try await scene.host.apply([.acked(first.acks)])
            #expect(try await scene.host.readOutbound() == .unchanged)
        }
    }
}
