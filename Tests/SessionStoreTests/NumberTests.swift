import Core
import SessionStore
import SessionStoreHost
import TestSupport
import Testing

struct NumberTests {
    @Test func `§16.19 a new session has its folders and both databases with all tables`() async throws {
        try await Scene.run { scene in
            for (path, version, tables) in [
                (
                    scene.folder.inboundDatabase, "2",
                    ["deliveries", "destinations", "messages_in", "meta", "seen", "session_routing"]
                ),
                (
                    scene.folder.outboundDatabase, "1",
                    ["claims", "messages_out", "meta", "processing_ack", "runner_state", "session_state"]
                ),
            ] {
                let database = try Connection(path: path, .readWrite, busyTimeout: 0)
                let found = try database.rows("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name") {
                    $0.text(0)
                }
                #expect(found == tables)
                for (pragma, value) in [
                    ("journal_mode", "truncate"), ("synchronous", "2"), ("mmap_size", "0"), ("auto_vacuum", "1"),
                    ("page_size", "4096"), ("user_version", version),
                ] {
                    #expect(try database.first("PRAGMA \(pragma)") { $0.text(0) } ?? "0" == value, "\(pragma)")
                }
            }
            // A second call keeps what is there.
            _ = try await scene.host.insert([scene.message("kept")])
            try HostSession.create(scene.folder, owner: nil)
            #expect(try await scene.host.state(now: scene.time.now).open == 1)
        }
    }

    @Test func `§16.20 the host's numbers are even and go on above the highest of both sides`() async throws {
        try await Scene.run { scene in
            let outcomes = try await scene.host.insert((0..<3).map { scene.message("\($0)") })
            #expect(outcomes.map(seq) == [2, 4, 6])
            let runner = try scene.runner()
            for number in 0..<3 { _ = try runner.insert(scene.reply("\(number)")) }
            let rows = try await scene.snapshot().rows
            #expect(rows.map(\.seq) == [7, 9, 11])
            let next = try await scene.host.insert([scene.message("after")])
            #expect(next.map(seq) == [12])
        }
    }

    @Test func `§16.21 the runner's numbers are odd and go on above the highest of both sides`() async throws {
        try await Scene.run { scene in
            let runner = try scene.runner()
            #expect(try runner.insert(scene.reply("first")).seq == 1)
            _ = try await scene.host.insert((0..<4).map { scene.message("\($0)") })
            #expect(
                try runner.commit(TurnEnd(turn: .random(), rows: [scene.reply("a"), scene.reply("b")])) == [9, 11]
            )
        }
    }

    @Test func `§16.22 two writers at once both succeed with different odd numbers`() async throws {
        try await Scene.run { scene in
            let writers = try [
                Victim("write", scene.folder, count: 40), Victim("write", scene.folder, count: 40),
            ]
            let numbers = try writers.flatMap { try $0.lines().compactMap { Int($0) } }
            #expect(numbers.count == 80)
            #expect(Set(numbers).count == 80)
            #expect(numbers.allSatisfy { $0 % 2 == 1 })
        }
    }

    @Test func `numbers never come twice and never fall, however both sides take turns`() async throws {
        try await Scene.run { scene in
            var random = SystemRandomNumberGenerator()
            var host: [Int64] = []
            var runner: [Int64] = []
            var recorded: Set<Int64> = []
            var session = try scene.runner()
            var life = Incarnation(1)
            for step in 0..<150 {
                switch Int.random(in: 0..<10, using: &random) {
                case 0...2: host += try await scene.host.insert([scene.message("\(step)")]).map(seq)
                case 3...6: runner.append(try session.insert(scene.reply("\(step)")).seq)
                case 7, 8:
                    guard case .snapshot(let snapshot) = try await scene.host.readOutbound() else { continue }
                    for row in snapshot.rows.shuffled(using: &random).prefix(2) {
                        try await scene.host.apply([.delivery(scene.delivery(row))])
                        recorded.insert(row.seq)
                    }
                    try session.prune()
                default:
                    // Whoever sets the file aside has drained it first; the next runner begins with an empty one.
                    if Bool.random(using: &random) {
                        session.close()
                        if case .snapshot(let snapshot) = try await scene.host.readOutbound() {
                            try await scene.host.apply(snapshot.rows.map { .delivery(try scene.delivery($0)) })
                            recorded.formUnion(snapshot.rows.map(\.seq))
                        }
                        try await scene.host.setAsideOutbound()
                        life += 1
                        session = try scene.runner(life)
                    }
                }
            }
            if case .snapshot(let snapshot) = try await scene.host.readOutbound() {
                recorded.formUnion(snapshot.rows.map(\.seq))
            }
            #expect(host == host.sorted() && Set(host).count == host.count && host.allSatisfy { $0 % 2 == 0 })
            #expect(runner == runner.sorted() && Set(runner).count == runner.count && runner.allSatisfy { $0 % 2 == 1 })
            #expect(Set(runner) == recorded, "every row that was written is recorded or waits")
        }
    }

    @Test(arguments: 0..<8)
    func `rows may be recorded in any order, with a crash between, and none is lost`(round: Int) async throws {
        try await Scene.run { scene in
            let runner = try scene.runner()
            var ids: Set<MessageID> = []
            for number in 0..<12 { ids.insert(try runner.insert(scene.reply("\(number)")).0) }
            var host = scene.host
            var delivered: Set<MessageID> = []
            while delivered.count < ids.count {
                guard let row = try await scene.snapshot(host).rows.randomElement() else { break }
                #expect(delivered.insert(row.id).inserted, "no row comes twice")
                try await host.apply([.delivery(scene.delivery(row))])
                if Bool.random() {
                    await host.close()
                    host = scene.anotherHost()
                    // What a new host does first may be about rows that are recorded already.
                    if let open = try await host.delivery(seq: row.seq) { try await host.apply([.delivery(open)]) }
                }
                if Bool.random() { try runner.prune() }
            }
            #expect(delivered == ids)
            try runner.prune()
            if case .snapshot(let snapshot) = try await host.readOutbound() { #expect(snapshot.rows.isEmpty) }
            await host.close()
        }
    }

    @Test func `a row at or below the floor is ignored, and a number under another id is reported`() async throws {
        try await Scene.run { scene in
            let runner = try scene.runner()
            let (_, seq) = try runner.insert(scene.reply("one"))
            let row = try #require(try await scene.snapshot().rows.first)
            try await scene.host.apply([.delivery(scene.delivery(row))])
            try scene.tamper { try $0.run("UPDATE messages_out SET id = 'm_other' WHERE seq = ?", seq) }
            let later = try await scene.host.readOutbound()
            if case .snapshot(let snapshot) = later {
                #expect(snapshot.rows.isEmpty)
            } else {
                #expect(later == .unchanged)
            }

            // Above the floor the number is held by the recorded row.
            let (_, second) = try runner.insert(scene.reply("two"))
            _ = try runner.insert(scene.reply("three"))
            let rows = try await scene.snapshot().rows
            let last = try #require(rows.last)
            try await scene.host.apply([.delivery(scene.delivery(last))])
            try scene.tamper { try $0.run("UPDATE messages_out SET id = 'm_thief' WHERE seq = ?", last.seq) }
            let snapshot = try await scene.snapshot()
            #expect(snapshot.rows.map(\.seq) == [second])
            #expect(snapshot.rejected.map(\.id) == ["m_thief"])
        }
    }

    @Test func `a new outbound file goes on above everything that was said`() async throws {
        try await Scene.run { scene in
            let runner = try scene.runner()
            for number in 0..<5 { _ = try runner.insert(scene.reply("\(number)")) }
            runner.close()
            let rows = try await scene.snapshot().rows
            try await scene.host.apply([.delivery(scene.delivery(try #require(rows.last)))])
            try await scene.host.setAsideOutbound()
            let next = try scene.runner(2)
            #expect(try next.insert(scene.reply("after")).seq == 11)
            #expect(try await scene.snapshot().rows.map(\.seq) == [11])
        }
    }

    private func seq(_ outcome: InsertOutcome) -> Int64 {
        if case .inserted(_, let seq) = outcome { seq } else { -1 }
    }
}
