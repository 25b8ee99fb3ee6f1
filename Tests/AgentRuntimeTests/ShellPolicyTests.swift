import AgentRuntime
import Core
import Foundation
import ModelProviders
import SessionStore
import SessionStoreHost
import Synchronization
import TestSupport
import Testing

/// Shell commands of an agent that needs somebody's word for them; the test is the host and the person.
@Suite(.timeLimit(.minutes(1))) struct ShellPolicyTests {
    private static let command = "touch marker; echo ran >> marker; cat marker"
    private static let arguments = #"{"command":"touch marker; echo ran >> marker; cat marker","timeout_seconds":60}"#

    private static func ask(_ configuration: inout AgentConfiguration) { configuration.tools.shell = .ask }

    private func request(_ session: RunnerFixture) async throws -> (id: MessageID, action: OutboundAction) {
        try await session.wait(until: { try session.sent().contains { $0.kind == "system" } })
        let row = try #require(try session.sent().first { $0.kind == "system" })
        guard case .system(let action) = row.content else { throw CoreError(.invalidContent, "no request") }
        return (try session.id(ofRow: row.seq), action)
    }

    private func answer(
        _ request: MessageID,
        _ text: String,
        status: String = "ok",
        _ command: AllowedCommand? = nil
    ) throws -> InboundContent {
        .system(
            SystemContent(
                action: AllowedCommand.action,
                status: status,
                about: request,
                text: text,
                result: try command.map { try JSONValue(encoding: $0) }
            )
        )
    }

    @Test func `a command that only reads runs unasked, another one waits for a word and runs then, once`() async throws
    {
        let provider = ScriptedProvider([
            .call("shell", #"{"command":"ls -a"}"#), .call("shell", Self.arguments),
            .text("<message to='cli'>asked</message>"), .text("<message to='cli'>it ran</message>"),
        ])
        try await withRunner(provider, configure: Self.ask) { session in
            let said = try await session.say("do it")
            let (id, action) = try await request(session)
            #expect(action.action == AllowedCommand.action)
            let asked = AllowedCommand(command: Self.command, timeoutSeconds: 60)
            #expect(try JSONValue(parsing: action.arguments).decoded(as: AllowedCommand.self) == asked)
            try await session.put(try answer(id, "An admin is asked.", status: "pending"), trigger: false)
            try await session.waitForEnd(of: said)
            let results = provider.requests[2].messages.flatMap(\.parts).compactMap { part -> String? in
                if case .toolResult(_, let text, _) = part { text } else { nil }
            }
            #expect(results.count == 2 && results[0].contains("..") && results[1].contains("An admin is asked."))
            #expect(!session.exists("marker"))
            // The word comes, with the bytes that were shown.
            let word = try await session.put(try answer(id, "The command was allowed.", asked))
            try await session.waitForEnd(of: word)
            let shown = try #require(provider.requests.last?.messages.last?.text)
            #expect(shown.contains("action=\"shell_command\" status=\"ok\" about=\"\(id)\""), "\(shown)")
            #expect(shown.contains("$ touch marker; echo ran &gt;&gt; marker; cat marker\nran"), "\(shown)")
            #expect(session.text("marker") == "ran\n")
            #expect(try session.sent().last?.text == "it ran")
        }
    }

    @Test func `a standing grant lets it run in the same call`() async throws {
        let provider = ScriptedProvider([.call("shell", Self.arguments), .text("<message to='cli'>done</message>")])
        try await withRunner(provider, configure: Self.ask) { session in
            let said = try await session.say("do it")
            let (id, _) = try await request(session)
            let asked = AllowedCommand(command: Self.command, timeoutSeconds: 60)
            let word = try await session.put(try answer(id, "A grant allows it.", asked))
            try await session.waitForEnd(of: said)
            #expect(try session.state(of: word) == "completed")
            #expect(provider.requests.count == 2)
            #expect(session.text("marker") == "ran\n")
        }
    }

    @Test func `a refusal is told and nothing runs`() async throws {
        let provider = ScriptedProvider([.call("shell", Self.arguments), .text("<message to='cli'>no</message>")])
        try await withRunner(provider, configure: Self.ask) { session in
            let said = try await session.say("do it")
            let (id, _) = try await request(session)
            try await session.put(try answer(id, "shell_command was denied.", status: "error"))
            try await session.waitForEnd(of: said)
            #expect(!session.exists("marker"))
            let shown = provider.requests[1].messages.flatMap(\.parts)
            #expect(
                shown.contains {
                    if case .toolResult(_, let text, true) = $0 { text.contains("denied") } else { false }
                }
            )
        }
    }

    @Test func `an allowed command that was begun when its runner died is not begun again, and that is said`()
        async throws
    {
        try await withTemporaryDirectory { path in
            let word = Mutex<MessageID?>(nil)
            let asked = AllowedCommand(command: "echo begun >> marker; sleep 300.0832")
            try await withRunner(ScriptedProvider([]), in: path, configure: Self.ask) { session in
                let id = try await session.put(try answer(.random(), "The command was allowed.", asked))
                word.withLock { $0 = id }
                try await session.wait(until: { session.exists("marker") })
                await session.stop()
            }
            let provider = ScriptedProvider([.text("<message to='cli'>I look</message>")])
            try await withRunner(provider, incarnation: 2, in: path, configure: Self.ask) { session in
                try await session.waitForEnd(of: try #require(word.withLock { $0 }))
                let shown = try #require(provider.requests.first?.messages.last?.text)
                #expect(
                    shown.contains("status=\"error\"") && shown.contains("whether it is done is not known"),
                    "\(shown)"
                )
                #expect(session.text("marker") == "begun\n")
            }
        }
    }

    @Test func `an allowed command is a turn of its own, and joins none`() async throws {
        let provider = ScriptedProvider([
            .call("shell", #"{"command":"ls"}"#), .text("<message to='cli'>first</message>"),
            .text("<message to='cli'>second</message>"),
        ])
        try await withRunner(provider, configure: Self.ask) { session in
            let said = try await session.say("look")
            let word = try await session.put(
                try answer(.random(), "The command was allowed.", AllowedCommand(command: Self.command))
            )
            try await session.waitForEnd(of: said)
            try await session.waitForEnd(of: word)
            #expect(try session.sent().map(\.text) == ["first", "second"])
            #expect(session.text("marker") == "ran\n")
        }
    }

    @Test func `what came of an allowed command outlives a model that fails`() async throws {
        let provider = ScriptedProvider([
            .failure(ModelError(.rejected, "the key is refused")), .text("<message to='cli'>it ran</message>"),
        ])
        try await withRunner(provider, configure: Self.ask) { session in
            let allowed = AllowedCommand(command: Self.command)
            let word = try await session.put(try answer(.random(), "The command was allowed.", allowed))
            try await session.waitForEnd(of: word)
            #expect(try session.state(of: word) == "failed")
            #expect(try session.sent().map(\.text).joined().contains("the key is refused"))
            try await session.waitForEnd(of: try await session.say("and?"))
            let shown = try #require(provider.requests.last).messages.map(\.text).joined()
            #expect(shown.contains("touch marker; echo ran") && shown.contains("and?"), "\(shown)")
            #expect(session.text("marker") == "ran\n")
        }
    }

    @Test func `what was allowed after a stop, or to an agent without the tool, does not run and is said not to have`()
        async throws
    {
        for isStopped in [true, false] {
            let provider = ScriptedProvider([
                .text("<message to='cli'>first</message>"), .text("<message to='cli'>second</message>"),
            ])
            try await withRunner(
                provider,
                configure: {
                    Self.ask(&$0)
                    if !isStopped { $0.tools.denied = ["shell"] }
                }
            ) { session in
                let allowed = AllowedCommand(command: Self.command)
                let content = try answer(.random(), "The command was allowed.", allowed)
                let word = try await session.put(content, trigger: !isStopped)
                if isStopped { _ = try await session.say("hello") }
                try await session.waitForEnd(of: word)
                let shown = try #require(provider.requests.first?.messages.last?.text)
                #expect(shown.contains("status=\"error\"") && shown.contains("did not run"), "\(shown)")
                #expect(!session.exists("marker"))
            }
        }
    }

    @Test func `where nothing is asked every command runs at once`() async throws {
        let provider = ScriptedProvider([.call("shell", Self.arguments), .text("<message to='cli'>done</message>")])
        try await withRunner(provider) { session in
            try await session.waitForEnd(of: try await session.say("do it"))
            #expect(session.text("marker") == "ran\n")
            #expect(try session.sent().map(\.kind) == ["chat"])
        }
    }
}

extension RunnerFixture {
    fileprivate func text(_ file: String) -> String? {
        try? String(contentsOfFile: "\(agent)/\(file)", encoding: .utf8)
    }
    fileprivate func exists(_ file: String) -> Bool { text(file) != nil }
}
