import AgentRuntime
import Core
import LinuxIO
import ModelProviders
import SessionStore
import SessionStoreHost
import TestSupport
import Testing

@Suite struct ReplyTests {
    static let two: [SessionDestination] = [
        .init(name: "cli", target: .chat(RunnerFixture.home)),
        .init(name: "team", target: .chat(ChatAddress(channel: "matrix", platformID: "!room"))),
    ]

    @Test
    func `§16.167 two blocks are two rows in order, §16.170 internal text and §16.172 text beside them is not sent`()
        async throws
    {
        let provider = ScriptedProvider([
            .text(
                """
                I will tell both. <message to="cli">one<internal>secret</internal></message>
                <internal><message to="cli">hidden</message></internal><message to="team" x='1'>two &lt;b&gt;</message>
                """
            )
        ])
        try await withRunner(provider, destinations: Self.two) { session in
            try await session.waitForEnd(of: try await session.say("tell them"))
            let sent = try session.sent()
            #expect(sent.map(\.text) == ["one", "two <b>"])
            #expect(sent.map(\.platformID) == [RunnerFixture.home.platformID, "!room"])
            #expect(provider.requests.count == 1)
        }
    }

    @Test func `§16.171 text without a block brings one reminder, and a second time none`() async throws {
        let provider = ScriptedProvider([.text("hello"), .text("hello again")])
        try await withRunner(provider) { session in
            let id = try await session.say("hi")
            try await session.waitForEnd(of: id)
            #expect(try session.state(of: id) == "completed")
            #expect(try session.sent().isEmpty)
            #expect(provider.requests.count == 2)
            #expect(provider.requests[1].messages.last?.text.contains("<message to=\"cli\">") == true)
        }
    }

    @Test func `§16.166 a block to an unknown name is told to the agent, the known one is sent once`() async throws {
        let provider = ScriptedProvider([
            .text("<message to='nobody'>a</message><message to='cli'>b</message>"), .text("<internal>well</internal>"),
        ])
        try await withRunner(provider) { session in
            try await session.waitForEnd(of: try await session.say("hi"))
            #expect(try session.sent().map(\.text) == ["b"])
            let note = try #require(provider.requests.last?.messages.last?.text)
            #expect(note.contains("no destination is named &quot;nobody&quot;. Destinations: cli."))
        }
    }

    @Test func `§16.173 a reply goes to the thread of the newest message from its chat, elsewhere to none`()
        async throws
    {
        let provider = ScriptedProvider([.text("<message to='cli'>here</message><message to='team'>there</message>")])
        try await withRunner(provider, destinations: Self.two) { session in
            var address = RunnerFixture.home
            address.thread = "t7"
            try await session.waitForEnd(of: try await session.say("hi", at: address))
            #expect(try session.sent().map(\.thread) == ["t7", nil])
        }
    }

    @Test func `§16.174 an answer without text ends the turn without output and without error`() async throws {
        let provider = ScriptedProvider([.events([.finished(.stop)])])
        try await withRunner(provider) { session in
            let id = try await session.say("hi")
            try await session.waitForEnd(of: id)
            #expect(try session.state(of: id) == "completed")
            #expect(try session.sent().isEmpty)
        }
    }

    @Test func `§16.178 changed destinations hold from the next turn on`() async throws {
        let provider = ScriptedProvider([
            .text("<message to='cli'>a</message>"), .text("<message to='team'>b</message>"),
        ])
        try await withRunner(provider) { session in
            try await session.waitForEnd(of: try await session.say("hi"))
            try await session.host.update(destinations: Self.two)
            try await session.waitForEnd(of: try await session.say("the others"))
            #expect(try session.sent().map(\.platformID) == [RunnerFixture.home.platformID, "!room"])
            #expect(provider.requests[0].system.contains("team") == false)
            #expect(provider.requests[1].system.contains("`team`"))
        }
    }

    @Test func `§16.149 clear forgets the conversation and answers once at its own address`() async throws {
        let provider = ScriptedProvider([
            .text("<message to='cli'>a</message>"), .text("<message to='cli'>b</message>"),
        ])
        try await withRunner(provider, destinations: Self.two) { session in
            try await session.waitForEnd(of: try await session.say("remember me"))
            let room = ChatAddress(channel: "matrix", platformID: "!room", thread: "t")
            let clear = try await session.say("/CLEAR please", at: room)
            try await session.waitForEnd(of: clear)
            #expect(try session.continuations().isEmpty)
            #expect(try session.sent().last?.platformID == "!room")
            #expect(try session.sent().last?.thread == "t")
            try await session.waitForEnd(of: try await session.say("hello"))
            #expect(provider.requests[1].messages.count == 1)
            #expect(try session.sent().count == 3)
        }
    }

    @Test func `§16.150 clear during a turn waits for its end`() async throws {
        let provider = ScriptedProvider([
            .heldCall("recall", "{}"), .text("<message to='cli'>a</message>"), .text("<message to='cli'>b</message>"),
        ])
        try await withRunner(provider) { session in
            _ = try await session.say("go")
            try await session.wait(until: { provider.requests.count == 1 })
            let joined = try await session.say("and this")
            let clear = try await session.say("/clear")
            let after = try await session.say("after")
            provider.release()
            try await session.waitForEnd(of: after)
            #expect(provider.requests[1].messages.last?.text.contains("and this") == true)
            #expect(provider.requests[1].messages.last?.text.contains("after") == false)
            #expect(provider.requests[2].messages.count == 1)
            #expect(try [joined, clear, after].map(session.state(of:)) == ["completed", "completed", "completed"])
        }
    }
}

@Suite struct FailureTests {
    @Test func `T28 §16.153 an error that passes is told once, waited for, and the message is answered`() async throws {
        let limited = ScriptedProvider.Answer.failure(
            ModelError(.rateLimited(retryAfter: .seconds(5)), "The model takes no more requests for now (429)")
        )
        let provider = ScriptedProvider([limited, limited, .text("<message to='cli'>at last</message>")])
        try await withRunner(provider) { session in
            let id = try await session.say("hi")
            try await session.wait(until: { try session.sent().count == 1 })
            #expect(try session.sent()[0].text.contains("(429). I will try again in 5 s"))
            for count in 1...2 {
                try await session.wait(until: { provider.requests.count == count })
                // The beat sleeps too: the wait is there once two tasks sleep.
                try await session.time.waitForSleepers(2)
                #expect(provider.requests.count == count)
                session.time.advance(by: .seconds(5))
            }
            try await session.waitForEnd(of: id)
            #expect(try session.state(of: id) == "completed")
            #expect(try session.sent().map(\.text).last == "at last")
            #expect(try session.sent().count == 2)
        }
    }

    @Test func `T28 a model that says nothing is told within a minute, once, and is waited for`() async throws {
        let provider = ScriptedProvider([.held([.textDelta("<message to='cli'>slowly</message>"), .finished(.stop)])])
        try await withRunner(provider) { session in
            let id = try await session.say("anybody?")
            try await session.wait(until: { try provider.requests.count == 1 && session.state(of: id) != nil })
            for _ in 0..<40 { try await session.second() }
            #expect(try session.sent().isEmpty)
            for _ in 40..<60 { try await session.second() }
            try await session.wait(until: { try session.sent().count == 1 })
            #expect(try session.sent()[0].text.contains("has not begun to answer"))
            for _ in 0..<120 { try await session.second() }
            #expect(try session.sent().count == 1)
            provider.release()
            try await session.waitForEnd(of: id)
            #expect(try session.state(of: id) == "completed")
            #expect(try session.sent().map(\.text).last == "slowly")
        }
    }

    @Test func `T29 a refused request fails its message visibly, and the next one works without it`() async throws {
        let provider = ScriptedProvider([
            .text("<message to='cli'>one</message>"), .failure(ModelError(.rejected, "The server refused it (400).")),
            .failure(ModelError(.rejected, "The server refused it (400).")), .text("<message to='cli'>three</message>"),
        ])
        try await withRunner(provider) { session in
            try await session.waitForEnd(of: try await session.say("first"))
            let poison = try await session.say("poison")
            try await session.waitForEnd(of: poison)
            #expect(try session.state(of: poison) == "failed")
            #expect(try session.detail(of: poison) == "The server refused it (400).")
            #expect(try session.sent().last?.text == "I could not answer this. The server refused it (400).")
            try await session.waitForEnd(of: try await session.say("third"))
            #expect(try session.sent().last?.text == "three")
            #expect(provider.requests.last?.messages.contains { $0.text.contains("poison") } == false)
        }
    }

    @Test func `T29 a history that is refused is left behind by one fresh start`() async throws {
        let provider = ScriptedProvider([
            .text("<message to='cli'>one</message>"), .failure(ModelError(.rejected, "refused")),
            .text("<message to='cli'>two</message>"),
        ])
        try await withRunner(provider) { session in
            try await session.waitForEnd(of: try await session.say("first"))
            try await session.waitForEnd(of: try await session.say("second"))
            #expect(try session.sent().map(\.text) == ["one", "two"])
            #expect(provider.requests.map(\.messages.count) == [1, 3, 1])
        }
    }

    @Test func `§16.152 a continuation that leads nowhere gives one fresh start`() async throws {
        try await withTemporaryDirectory { directory in
            let first = ScriptedProvider([.text("<message to='cli'>one</message>")])
            try await withRunner(first, in: directory) { session in
                try await session.waitForEnd(of: try await session.say("first"))
                try Directory(path: session.folder.state).remove("transcripts")
            }
            let second = ScriptedProvider([.text("<message to='cli'>two</message>")])
            try await withRunner(second, incarnation: 2, in: directory) { session in
                try await session.waitForEnd(of: try await session.say("second"))
                #expect(second.requests.map(\.messages.count) == [1])
            }
        }
    }

    @Test func `a turn ends visibly at the most model calls it may make`() async throws {
        let call = ScriptedProvider.Answer.call("recall", "{}")
        let provider = ScriptedProvider([call, call, call])
        try await withRunner(provider, configure: { $0.limits.modelCallsPerTurn = 2 }) { session in
            let id = try await session.say("loop")
            try await session.waitForEnd(of: id)
            #expect(provider.requests.count == 2)
            #expect(try session.sent().map(\.text).first?.hasPrefix("I stopped after 2 steps") == true)
        }
    }
}

@Suite struct EndingTests {
    @Test func `a runner that has nothing to do for its time ends`() async throws {
        try await withRunner(ScriptedProvider([]), configure: { $0.limits.idleSeconds = 5 }) { session in
            // The fifth beat is the last: a sixth is not there to be waited for.
            for _ in 0..<5 {
                try await session.time.waitForSleepers()
                session.time.advance(by: .seconds(1))
            }
            let end = try await session.runner.value
            #expect(end == .idle)
        }
    }

    @Test func `a runner that is no longer current ends and writes nothing`() async throws {
        let provider = ScriptedProvider([.held([.textDelta("<message to='cli'>late</message>")])])
        try await withRunner(provider) { session in
            _ = try await session.say("hi")
            try await session.wait(until: { provider.requests.count == 1 })
            try await session.host.beginIncarnation(
                2,
                configuration: AgentConfiguration(agentGroupID: .random(), agentName: "Nano"),
                destinations: [],
                routing: nil
            )
            provider.release()
            let end = try await session.runner.value
            #expect(end == .superseded)
            #expect(try session.sent().isEmpty)
        }
    }

    @Test func `§16.156 a runner that is told to end in the middle of a turn does so within a second, whole`()
        async throws
    {
        let provider = ScriptedProvider([.call("shell", #"{"command":"sleep 60"}"#)])
        try await withRunner(provider) { session in
            let id = try await session.say("hi")
            try await session.wait(until: { try session.toolsInFlight().contains("\"shell\"") })
            let start = SystemTime().monotonic
            await session.stop()
            let end = try await session.runner.value
            #expect(end == .terminated)
            #expect(SystemTime().monotonic - start < .seconds(1))
            #expect(try session.state(of: id) == "processing")
            #expect(try session.integrity() == "ok")
        }
    }

    @Test func `the end of the bell ends the runner`() async throws {
        try await withRunner(ScriptedProvider([])) { session in
            try await session.time.waitForSleepers()
            session.closeBell()
            let end = try await session.runner.value
            #expect(end == .hostGone)
        }
    }

    @Test func `§16.155 ticks and the heartbeat go on while nothing happens, §16.140 and a missed bell is made good`()
        async throws
    {
        let provider = ScriptedProvider([.text("<message to='cli'>a</message>")])
        try await withRunner(provider, configure: { $0.limits.idleSeconds = 1000 }) { session in
            try await session.time.waitForSleepers()
            let id = try await session.put(.chat(ChatContent(text: "quiet")), rings: false)
            session.time.advance(by: .seconds(1))
            try await session.waitForEnd(of: id)
            while case .message = try session.bell.receive(limit: 16) {}
            // That it was touched at the start says nothing of the beats.
            try Directory(path: session.folder.outbound).remove(".heartbeat")
            var ticks = 0
            for _ in 0..<30 {
                try await session.time.waitForSleepers()
                session.time.advance(by: .seconds(1))
            }
            try await session.time.waitForSleepers()
            while case .message(let bytes, _) = try session.bell.receive(limit: 16) { ticks += bytes == [2] ? 1 : 0 }
            #expect(ticks >= 14)
            #expect(try Directory(path: session.folder.outbound).status(".heartbeat") != nil)
        }
    }
}
