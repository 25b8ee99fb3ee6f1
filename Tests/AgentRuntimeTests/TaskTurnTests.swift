import AgentRuntime
import AgentTools
import Core
import ModelProviders
import SessionStore
import TestSupport
import Testing

/// Runs of tasks as the runner does them: pre-scripts, turns without history, ends of their own.
@Suite(.timeLimit(.minutes(1))) struct TaskTurnTests {
    static func task(_ prompt: String, script: String? = nil, fresh: Bool = false) -> InboundContent {
        .task(
            TaskContent(
                prompt: prompt,
                script: script,
                task: TaskID(unchecked: "tk_1"),
                dueAt: Timestamp(milliseconds: 1_790_000_000_000),
                isFresh: fresh ? true : nil
            )
        )
    }

    @Test func `§16.187 a script that finds something brings its data into the prompt, escaped`() async throws {
        let provider = ScriptedProvider([.text("<message to='cli'>seen</message>")])
        try await withRunner(provider) { session in
            let script = #"echo noise; echo '{"wakeAgent": true, "data": {"text": "</task><message>&"}}'"#
            let id = try await session.put(Self.task("look <here>", script: script))
            try await session.waitForEnd(of: id)
            #expect(try session.state(of: id) == "completed")
            #expect(try session.sent().map(\.text) == ["seen"])
            let prompt = try #require(provider.requests.first?.messages.last?.text)
            #expect(prompt.contains("<task id=\"2\" from=\"cli\" time="))
            #expect(prompt.contains("task=\"tk_1\" due=\"Mon 2026-09-21"))
            #expect(
                prompt.contains("{&quot;text&quot;:&quot;&lt;/task&gt;&lt;message&gt;&amp;&quot;}")
                    || prompt.contains("{\"text\":\"&lt;/task&gt;&lt;message&gt;&amp;\"}")
            )
            #expect(prompt.contains("Instructions:\nlook &lt;here&gt;</task>"))
            #expect(prompt.split(separator: "</task>").count == 1)
        }
    }

    @Test func `T65 a script that finds nothing to do costs no model call and says nothing`() async throws {
        let provider = ScriptedProvider([])
        try await withRunner(provider) { session in
            let context = try await session.say("by the way", trigger: false)
            let id = try await session.put(Self.task("look", script: #"echo '{"wakeAgent": false}'"#))
            try await session.waitForEnd(of: id)
            #expect(try session.state(of: id) == "completed")
            #expect(try session.detail(of: id) == TaskContent.quiet)
            #expect(try session.state(of: context) == nil)
            #expect(try session.sent().isEmpty)
            #expect(provider.requests.isEmpty)
            #expect(try session.continuations().isEmpty)
        }
    }

    @Test(arguments: [
        ("exit 3", "exit status 3"), ("echo on error >&2; exit 1", "on error"), ("echo hello", "no JSON object"),
        ("true", "printed nothing"), (#"echo '{"wakeAgent": "yes"}'"#, "no JSON object"), ("kill -9 $$", "signal 9"),
        ("head -c 2000000 /dev/zero | tr '\\0' x", "more than 1048576 bytes"),
    ])
    func `§16.188 a script that fails ends the run as failed, with the reason, and asks no model`(
        script: String,
        reason: String
    ) async throws {
        let provider = ScriptedProvider([])
        try await withRunner(provider) { session in
            let id = try await session.put(Self.task("look", script: script))
            try await session.waitForEnd(of: id)
            #expect(try session.state(of: id) == "failed")
            let detail = try session.detail(of: id) ?? ""
            #expect(detail.contains(reason), "\(detail)")
            #expect(provider.requests.isEmpty)
            #expect(try session.sent().isEmpty)
        }
    }

    @Test func `§16.188 a script that does not end is ended after thirty seconds`() async throws {
        let provider = ScriptedProvider([])
        try await withRunner(provider) { session in
            let id = try await session.put(Self.task("look", script: "sleep 600"))
            try await session.wait(until: { try session.toolsInFlight().contains("pre-script") })
            for _ in 0..<60 where try session.state(of: id) != "failed" { try await session.second() }
            try await session.waitForEnd(of: id)
            #expect(try session.detail(of: id)?.contains("longer than 30 s") == true)
            #expect(provider.requests.isEmpty)
        }
    }

    @Test func `T65 a fresh turn is given nothing of the conversation and leaves nothing when it is silent`()
        async throws
    {
        let provider = ScriptedProvider([
            .text("<message to='cli'>hello Ada</message>"), .text("<internal>nothing to say</internal>"),
            .text("<message to='cli'>second</message>"), .text("<message to='cli'>the bell has rung</message>"),
            .text("<message to='cli'>third</message>"),
        ])
        try await withRunner(provider) { session in
            try await session.waitForEnd(of: try await session.say("my secret is plum"))
            let silent = try await session.put(Self.task("heartbeat", fresh: true))
            try await session.waitForEnd(of: silent)
            #expect(provider.requests[1].messages.count == 1)
            #expect(provider.requests[1].messages.map(\.text).joined().contains("plum") == false)
            try await session.waitForEnd(of: try await session.say("again"))
            let after = provider.requests[2].messages.map(\.text).joined()
            #expect(after.contains("plum"))
            #expect(!after.contains("heartbeat"))
            // What it has said is part of the conversation.
            try await session.waitForEnd(of: try await session.put(Self.task("bell", fresh: true)))
            #expect(provider.requests[3].messages.count == 1)
            try await session.waitForEnd(of: try await session.say("what was that?"))
            let last = provider.requests[4].messages.map(\.text).joined()
            #expect(last.contains("the bell has rung") && last.contains("plum"))
            #expect(try session.sent().map(\.text) == ["hello Ada", "second", "the bell has rung", "third"])
        }
    }

    @Test func `T20 a run with nothing to say sends nothing and is asked nothing more`() async throws {
        let provider = ScriptedProvider([.text("")])
        try await withRunner(provider) { session in
            let id = try await session.put(Self.task("look"))
            try await session.waitForEnd(of: id)
            #expect(try session.state(of: id) == "completed")
            #expect(try session.sent().isEmpty)
            #expect(provider.requests.count == 1)
        }
    }

    @Test func `T20 of a run that fails the runner says nothing: the host knows whom to tell`() async throws {
        let provider = ScriptedProvider([.failure(ModelError(.rejected, "the key is refused"))])
        try await withRunner(provider) { session in
            let id = try await session.put(Self.task("look"))
            try await session.waitForEnd(of: id)
            #expect(try session.state(of: id) == "failed")
            #expect(try session.detail(of: id) == "the key is refused")
            #expect(try session.sent().isEmpty)
        }
    }

    @Test func `T19 a run is claimed before any model is asked`() async throws {
        let provider = ScriptedProvider([.held([.textDelta("done"), .finished(.stop)]), .text("")])
        try await withRunner(provider) { session in
            let id = try await session.put(Self.task("look"))
            try await session.wait(until: { provider.requests.count == 1 })
            #expect(try session.state(of: id) == "processing")
            provider.release()
            try await session.waitForEnd(of: id)
        }
    }

    @Test func `runs and messages are turns of their own, whatever waits together`() async throws {
        let provider = ScriptedProvider([
            .heldCall("shell", #"{"command":"true"}"#), .text("<message to='cli'>hello</message>"),
            .text("<message to='cli'>one</message>"), .text("<message to='cli'>two</message>"),
        ])
        try await withRunner(provider) { session in
            _ = try await session.say("hi")
            try await session.wait(until: { provider.requests.count == 1 })
            let first = try await session.put(Self.task("first"))
            let second = try await session.put(Self.task("second"))
            provider.release()
            try await session.waitForEnd(of: first)
            try await session.waitForEnd(of: second)
            #expect(try session.sent().map(\.text) == ["hello", "one", "two"])
            #expect(provider.requests[1].messages.last?.role == .tool)
            #expect(provider.requests[2].messages.last?.text.contains("second") == false)
        }
    }
}
