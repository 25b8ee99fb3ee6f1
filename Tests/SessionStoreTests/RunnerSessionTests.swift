import Core
import Glibc
import LinuxIO
import SessionStoreHost
import TestSupport
import Testing

@testable import SessionStore

extension RunnerSession {
    /// How many rows `messages_out`, `processing_ack` and `claims` hold.
    func outboundCounts() throws -> [Int64] {
        let database = try Connection(
            path: String(state.dropLast("state".count)) + "outbound/outbound.db",
            .readOnly,
            busyTimeout: 1000
        )
        return try ["messages_out", "processing_ack", "claims"].map { table in
            try database.first("SELECT count(*) FROM \(table)") { $0.integer(0) } ?? -1
        }
    }
}

struct RunnerSessionTests {
    @Test func `§16.23 a row of the host is seen by the next look without opening anything anew`() async throws {
        try await Scene.run { scene in
            let runner = try scene.runner()
            for number in 1...20 {
                let before = try runner.inboundVersion()
                _ = try await scene.host.insert([scene.message("\(number)")])
                #expect(try runner.inboundVersion() != before)
                #expect(try runner.due(limit: 50).rows.count == number)
            }
        }
    }

    @Test func `§16.29 claims of an earlier incarnation are given up, ends stay`() async throws {
        try await Scene.run { scene in
            let ids = try await scene.host.insert([scene.message("a"), scene.message("b")]).map(\.id)
            let first = try scene.runner(1)
            try first.claim(ids, turn: .random())
            #expect(try first.due(limit: 10).isEmpty)
            try first.commit(TurnEnd(turn: .random(), acks: [.init(ids[0])]))
            first.close()
            let second = try scene.runner(2)
            #expect(try second.due(limit: 10).rows.map(\.id) == [ids[1]])
            #expect(try second.outboundCounts() == [0, 1, 1])
        }
    }

    @Test func `T26 what a commit has left that was said to have failed is not written again`() async throws {
        try await Scene.run { scene in
            let ids = try await scene.host.insert([scene.message("a")]).map(\.id)
            let runner = try scene.runner()
            let (turn, address) = (TurnID.random(), ChatAddress(channel: "cli", platformID: "cli:local:main"))
            func row(_ text: String) -> NewOutbound {
                NewOutbound(id: .random(), content: .chat(OutboundChat(text: text)), address: address, turn: turn)
            }
            let said = row("in the middle")
            let first = try runner.insert(said)
            #expect(try runner.insert(said) == first)
            let end = TurnEnd(turn: turn, rows: [row("at the end")], acks: [.init(ids[0])])
            #expect(try runner.commit(end).count == 1)
            #expect(try runner.commit(end) == [])
            #expect(try await scene.snapshot().rows.count == 2)
        }
    }

    @Test(arguments: [
        (
            "*** in database main ***\nTree 2 page 5: unable to get the page. error code=266",
            StoreError.Code.inputOutput
        ),
        ("Tree 2 page 5: unable to get the page. error code=10", .inputOutput),
        ("Tree 2 page 5: unable to get the page. error code=11", .damaged),
        ("row 3 missing from index sqlite_autoindex_messages_out_1", .damaged), ("", .damaged),
    ])
    func `T26 a page that the disk did not give is no damage`(verdict: String, code: StoreError.Code) {
        #expect(RunnerSession.failure(of: verdict).code == code)
    }

    @Test func `§16.31 the continuations of two providers do not touch each other`() async throws {
        try await Scene.run { scene in
            let runner = try scene.runner()
            try runner.commit(TurnEnd(turn: .random(), continuation: ("OpenAI", "a")))
            try runner.commit(TurnEnd(turn: .random(), continuation: ("anthropic", "b")))
            try runner.commit(TurnEnd(turn: .random()))
            #expect(try runner.continuation(provider: "openai") == "a")
            try runner.commit(TurnEnd(turn: .random(), continuation: ("openai", nil)))
            #expect(try runner.continuation(provider: "openai") == nil)
            #expect(try runner.continuation(provider: "anthropic") == "b")
        }
    }

    @Test func `§16.32 the runner's state begins anew with each incarnation`() async throws {
        try await Scene.run { scene in
            try await scene.begin(1)
            let first = try scene.runner(1)
            let tool = ToolInFlight(name: "shell", startedAt: scene.time.now, timeoutMs: 120_000)
            try first.setState(phase: .tools, tools: [tool])
            #expect(try await scene.snapshot().runner.tools == [tool])
            first.close()
            try await scene.begin(2)
            _ = try scene.runner(2)
            let state = try await scene.snapshot().runner
            #expect(state.incarnation == 2 && state.phase == .starting && state.tools.isEmpty)
        }
    }

    @Test func `ten thousand system rows do not hold up a user's row`() async throws {
        try await Scene.run { scene in
            let note = SystemContent(action: "note", status: "ok", text: "noise")
            for _ in 0..<10 {
                _ = try await scene.host.insert(
                    (0..<1000).map { _ in
                        var row = scene.message("")
                        row.content = .system(note)
                        return row
                    }
                )
            }
            let id = try await scene.host.insert([scene.message("me too")])[0].id
            let batch = try scene.runner().due(limit: 50)
            #expect(batch.rows.last?.id == id)
            #expect(batch.rows.count == 51)
        }
    }

    @Test func `context rides along with the trigger after it, the nearest rows when there are too many`() async throws
    {
        try await Scene.run { scene in
            let runner = try scene.runner()
            let context = try await scene.host.insert((0..<8).map { scene.message("c\($0)", trigger: false) }).map(\.id)
            #expect(try runner.due(limit: 5).isEmpty)
            let trigger = try await scene.host.insert([scene.message("t")])[0].id
            _ = try await scene.host.insert([scene.message("later", trigger: false)])
            let batch = try runner.due(limit: 5)
            #expect(batch.rows.map(\.id) == context.suffix(5) + [trigger])
            #expect(batch.passedOver == Array(context.prefix(3)))
        }
    }

    @Test func `§16.141 a row waits for its time, §16.136 and for its incarnation`() async throws {
        try await Scene.run { scene in
            var later = scene.message("later")
            later.processAfter = scene.time.now + .seconds(60)
            var wake = scene.message("wake")
            wake.minIncarnation = 2
            let ids = try await scene.host.insert([later, wake]).map(\.id)
            let first = try scene.runner(1)
            #expect(try first.due(limit: 10).isEmpty)
            scene.time.advance(by: .seconds(60))
            #expect(try first.due(limit: 10).rows.map(\.id) == [ids[0]])
            first.close()
            #expect(try scene.runner(2).due(limit: 10).rows.map(\.id) == ids)
        }
    }

    @Test func `a repeated turn is told what went out before, pruned or not`() async throws {
        try await Scene.run { scene in
            let id = try await scene.host.insert([scene.message("do it")])[0].id
            let turn = TurnID.random()
            let first = try scene.runner(1)
            try first.claim([id], turn: turn)
            _ = try first.insert(scene.reply("one", turn: turn))
            let row = try #require(try await scene.snapshot().rows.first)
            try await scene.host.apply([.delivery(scene.delivery(row))])
            _ = try first.insert(scene.reply("two", turn: turn))
            first.close()
            let second = try scene.runner(2)
            let sent = try second.rowsAlreadySent(for: [id])
            #expect(sent.map(\.content) == [.chat(OutboundChat(text: "one")), .chat(OutboundChat(text: "two"))])
            try second.commit(TurnEnd(turn: .random(), acks: [.init(id)]))
            #expect(try second.rowsAlreadySent(for: [id]).isEmpty)
        }
    }

    @Test func `an edit may name a message of either side by its number`() async throws {
        try await Scene.run { scene in
            let id = try await scene.host.insert([scene.message("hello")])[0].id
            let runner = try scene.runner()
            let (own, seq) = try runner.insert(scene.reply("hi"))
            #expect(
                try runner.messageReference(seq: 2) == MessageReference(id: id, seq: 2, isOwn: false, address: chat)
            )
            #expect(
                try runner.messageReference(seq: seq) == MessageReference(id: own, seq: seq, isOwn: true, address: chat)
            )
            let row = try #require(try await scene.snapshot().rows.first)
            try await scene.host.apply([.delivery(scene.delivery(row))])
            try runner.prune()
            #expect(try runner.messageReference(seq: seq)?.isOwn == true)
            #expect(try runner.messageReference(seq: 99) == nil)
        }
    }

    @Test func `a row that is too large is refused and nothing of its turn is written`() async throws {
        try await Scene.run { scene in
            let runner = try scene.runner()
            let long = scene.reply(String(repeating: "x", count: SessionLimits.rowContent))
            let error = #expect(throws: StoreError.self) {
                try runner.commit(TurnEnd(turn: .random(), rows: [scene.reply("small"), long]))
            }
            #expect(error?.code == .tooLarge)
            #expect(try runner.outboundCounts() == [0, 0, 0])
        }
    }

    @Test func `the thousand-and-first undelivered row is refused, and goes once one is recorded`() async throws {
        try await Scene.run { scene in
            let runner = try scene.runner()
            let turn = TurnID.random()
            try runner.commit(TurnEnd(turn: turn, rows: (0..<1000).map { scene.reply("\($0)", turn: turn) }))
            let error = #expect(throws: StoreError.self) { try runner.insert(scene.reply("one more")) }
            #expect(error?.code == .queueFull)
            let row = try #require(try await scene.snapshot().rows.first)
            try await scene.host.apply([.delivery(scene.delivery(row))])
            _ = try runner.insert(scene.reply("one more"))
        }
    }

    @Test func `a full file refuses the row and leaves the rest as it was`() async throws {
        try await Scene.run { scene in
            let runner = try scene.runner()
            let large = String(repeating: "x", count: 200_000)
            var written = 0
            let error = #expect(throws: StoreError.self) {
                while true {
                    _ = try runner.insert(scene.reply(large))
                    written += 1
                }
            }
            #expect(error?.code == .fileFull)
            #expect(written >= 35)
            #expect(try await scene.snapshot().rows.count == written)
        }
    }

    @Test func `T23 the runner's connection cannot write inbound.db`() async throws {
        try await Scene.run { scene in
            let database = try Connection(path: scene.folder.inboundDatabase, .readOnly, busyTimeout: 0)
            let error = #expect(throws: StoreError.self) { try database.execute("DELETE FROM messages_in") }
            #expect(error?.code == .readOnly)
            // And it is this kind of connection that the runner holds.
            let runner = try scene.runner()
            let refused = #expect(throws: StoreError.self) { try runner.inbound.execute("DELETE FROM messages_in") }
            #expect(refused?.code == .readOnly)
        }
    }

    @Test func `a home behind a symbolic link works, a database that is one does not`() async throws {
        try await Scene.run { scene in
            let alias = SessionFolder(path: scene.folder.path + "-alias")
            symlink(scene.folder.path, alias.path)
            let host = HostSession(folder: alias, owner: nil, executors: scene.executors, time: scene.time)
            _ = try await host.insert([scene.message("hello")])
            await host.close()
            symlink(scene.folder.inboundDatabase, scene.folder.state + "/inbound.db")
            #expect(throws: StoreError.self) {
                _ = try Connection(path: scene.folder.state + "/inbound.db", .readOnly, busyTimeout: 0)
            }
        }
    }

    @Test func `a database of a newer version is refused by name`() async throws {
        try await Scene.run { scene in
            try scene.tamper { try $0.execute("PRAGMA user_version=9") }
            let error = #expect(throws: StoreError.self) { _ = try scene.runner() }
            #expect(error?.code == .newerSchema)
            #expect(error?.message.contains("outbound.db has schema version 9") == true)
        }
    }

    @Test func `a staged file is there under its own name, a second one beside it`() async throws {
        try await Scene.run { scene in
            let runner = try scene.runner()
            let id = MessageID.random()
            #expect(try runner.stageOutboxFile(message: id, name: "a.txt", bytes: [1]) == "a.txt")
            #expect(try runner.stageOutboxFile(message: id, name: "a.txt", bytes: [2, 3]) == "a-2.txt")
            let file = try await scene.host.openOutboxFile(message: id, name: "a-2.txt")
            #expect(try file.descriptor.readAll(limit: file.size) == [2, 3])
            for name in ["", ".", "..", "a/b", "a\\b", "a\0b", "x\n"] {
                #expect(throws: StoreError.self) { try runner.stageOutboxFile(message: id, name: name, bytes: []) }
            }
            #expect(throws: StoreError.self) {
                try runner.stageOutboxFile(message: id, name: "big", bytes: [1, 2, 3], fileLimit: 2)
            }
            #expect(throws: StoreError.self) {
                try runner.stageOutboxFile(message: id, name: "sum", bytes: [1, 2, 3], messageLimit: 5)
            }
            try runner.touchHeartbeat()
            try runner.touchHeartbeat()
        }
    }
}
