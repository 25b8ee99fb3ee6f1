import AgentRuntime
import Core
import ModelProviders
import SessionStore
import SessionStoreHost
import TestSupport
import Testing

/// A tool asks the host, the test is the host.
@Suite(.timeLimit(.minutes(1))) struct AskTests {
    private static let question =
        #"{"title":"Tea?","question":"Which?","options":["green",{"label":"Black","value":"b"}],"timeout_seconds":60}"#

    private static func provider(then text: String = "done") -> ScriptedProvider {
        ScriptedProvider([
            .call("ask_user_question", question), .text("<message to='cli'>\(text)</message>"),
            .text("<message to='cli'>later</message>"), .text("<message to='cli'>last</message>"),
        ])
    }

    /// The request's row once the runner has written it.
    private func request(_ session: RunnerFixture) async throws -> (id: MessageID, action: OutboundAction) {
        try await session.wait(until: { try session.sent().contains { $0.kind == "system" } })
        let row = try #require(try session.sent().first { $0.kind == "system" })
        guard case .system(let action) = row.content else { throw CoreError(.invalidContent, "no request") }
        return (try session.id(ofRow: row.seq), action)
    }

    @discardableResult
    private func answer(
        _ session: RunnerFixture,
        _ request: MessageID,
        _ text: String,
        status: String = "ok",
        trigger: Bool = true
    ) async throws -> MessageID {
        try await session.put(
            .system(SystemContent(action: "ask_user_question", status: status, about: request, text: text)),
            trigger: trigger
        )
    }

    /// The result of the request's only tool call.
    private func result(_ request: ModelRequest) throws -> (text: String, isError: Bool) {
        let part = request.messages.last { $0.role == .tool }?.parts.first
        guard case .toolResult(_, let text, let isError)? = part else {
            throw CoreError(.invalidContent, "no result")
        }
        return (text, isError)
    }

    @Test func `a tool's request goes out at once, and its answer is the tool's result and no prompt`() async throws {
        let provider = Self.provider()
        try await withRunner(provider) { session in
            let asked = try await session.say("ask them")
            let (id, action) = try await request(session)
            #expect(action.action == "ask_user_question")
            let arguments = try JSONValue(parsing: action.arguments)
            #expect(
                arguments[key: "options"]
                    == [["label": "green", "value": "green"], ["label": "Black", "value": "b"]]
            )
            #expect(try session.toolsInFlight().contains(#""timeoutMs":75000"#))
            // What is about another request, or about none, is not the tool's.
            try await answer(session, .random(), "wrong", trigger: false)
            let answered = try await answer(session, id, "b, chosen by Ada")
            try await session.waitForEnd(of: asked)
            #expect(try session.state(of: answered) == "completed")
            #expect(provider.requests.count == 2)
            #expect(try result(provider.requests[1]).text == "b, chosen by Ada")
            let shown = provider.requests.flatMap(\.messages).filter { $0.role == .user }.map(\.text).joined()
            #expect(!shown.contains("chosen by Ada"))
            #expect(try session.sent().last?.text == "done")
        }
    }

    @Test func `a refusal is an error of the tool, and a pending one tells where the outcome comes`() async throws {
        for (status, isError) in [("error", true), ("pending", false)] {
            let provider = Self.provider()
            try await withRunner(provider) { session in
                let asked = try await session.say("ask them")
                let (id, _) = try await request(session)
                try await answer(session, id, "words of the host", status: status, trigger: false)
                try await session.waitForEnd(of: asked)
                let told = try result(provider.requests[1])
                #expect(told.text.contains("words of the host"))
                #expect(told.text.contains("about=\"\(id)\"") == !isError)
                #expect(told.isError == isError)
            }
        }
    }

    @Test func `past its time the tool is told so, and the answer that comes later starts a turn`() async throws {
        let provider = Self.provider()
        try await withRunner(provider) { session in
            let asked = try await session.say("ask them")
            let (id, _) = try await request(session)
            for _ in 0..<76 { try await session.second() }
            try await session.waitForEnd(of: asked)
            let told = try result(provider.requests[1])
            #expect(told.text.contains("has not answered within 75 s"))
            #expect(told.text.contains("<system_response> with about=\"\(id)\""))
            let late = try await answer(session, id, "b, chosen by Ada")
            try await session.waitForEnd(of: late)
            #expect(provider.requests[2].messages.last?.text.contains("b, chosen by Ada</system_response>") == true)
            #expect(try session.sent().last?.text == "later")
        }
    }

    @Test func `T11 messages and other system rows that arrive during the wait join after it`() async throws {
        let provider = Self.provider()
        try await withRunner(provider) { session in
            let asked = try await session.say("ask them")
            let (id, _) = try await request(session)
            for number in 0..<200 {
                try await session.put(
                    .system(SystemContent(action: "note", status: "ok", text: "\(number)")),
                    rings: false
                )
            }
            let second = try await session.say("and hurry")
            try await answer(session, id, "b")
            try await session.waitForEnd(of: second)
            try await session.waitForEnd(of: asked)
            #expect(try result(provider.requests[1]).text == "b")
            #expect(provider.requests[1].messages.last?.text.contains("and hurry") == true)
            #expect(try session.integrity() == "ok")
        }
    }

    @Test func `the end of the runner ends the wait, and the answer is there for the next one`() async throws {
        try await withTemporaryDirectory { directory in
            let first = Self.provider()
            try await withRunner(first, in: directory) { session in
                try await session.say("ask them")
                let (id, _) = try await request(session)
                await session.stop()
                #expect(try await session.runner.value == .terminated)
                try await answer(session, id, "b, chosen by Ada")
            }
            let next = ScriptedProvider([.text("<message to='cli'>thanks</message>")])
            try await withRunner(next, incarnation: 2, in: directory) { session in
                try await session.wait(until: { try session.sent().contains { $0.text == "thanks" } })
                #expect(next.requests[0].messages.last?.text.contains("b, chosen by Ada") == true)
            }
        }
    }

    @Test func `§16.201 send_card needs a card, and leaves out actions without a url`() async throws {
        let card =
            #"{"card":{"title":"Trip","description":"At noon.","actions":[{"label":"Map","url":"https://e.org/m"},{"label":"?"}]}}"#
        let provider = ScriptedProvider([
            .call("send_card", "{}"), .call("send_card", card), .text("<message to='cli'>done</message>"),
        ])
        try await withRunner(provider) { session in
            try await session.waitForEnd(of: try await session.say("a card"))
            #expect(try result(provider.requests[1]).isError)
            #expect(try result(provider.requests[2]).text.hasSuffix("1 of its actions had no url and were left out."))
            let sent = try session.sent()
            guard case .chat(let chat)? = sent.first?.content else { throw CoreError(.invalidContent, "no card") }
            #expect(chat.card?.links == [.init(label: "Map", url: "https://e.org/m")])
            #expect(chat.text == "**Trip**\n\nAt noon.\n\n- Map: https://e.org/m")
            #expect(sent.first?.platformID == RunnerFixture.home.platformID)
        }
    }
}
