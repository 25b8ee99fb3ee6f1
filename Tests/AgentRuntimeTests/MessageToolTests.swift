import AgentRuntime
import Core
import LinuxIO
import ModelProviders
import SessionStore
import SessionStoreHost
import TestSupport
import Testing

/// What the agent sends in the middle of a turn, and where it goes.
@Suite(.timeLimit(.minutes(1))) struct MessageToolTests {
    private static let work = ChatAddress(channel: "test", platformID: "work")
    private static let helper = AgentGroupID.random()
    private static let destinations: [SessionDestination] = [
        .init(name: "cli", target: .chat(RunnerFixture.home)), .init(name: "work", target: .chat(work)),
        .init(name: "helper", target: .agent(helper)),
    ]

    private static func errors(_ provider: ScriptedProvider) -> [String] {
        (provider.requests.last?.messages ?? []).flatMap(\.parts).compactMap { part in
            guard case .toolResult(_, let text, true) = part else { return nil }
            return text
        }
    }

    @Test
    func `§16.190 to §16.194 a message goes where it is sent, answers the turn's message, and knows its destinations`()
        async throws
    {
        let provider = ScriptedProvider([
            .call("send_message", #"{"text":"here"}"#), .call("send_message", #"{"text":"there","to":"work"}"#),
            .call("send_message", #"{"text":"help","to":"helper"}"#),
            .call("send_message", #"{"text":"lost","to":"nowhere"}"#), .text("<internal>done</internal>"),
        ])
        try await withRunner(provider, destinations: Self.destinations) { session in
            let id = try await session.say("go")
            try await session.waitForEnd(of: id)
            let sent = try session.sent()
            #expect(sent.map(\.text) == ["here", "there", "help"])
            #expect(sent.map(\.platformID) == [RunnerFixture.home.platformID, "work", Self.helper.rawValue])
            #expect(sent.map(\.thread) == [RunnerFixture.home.thread, nil, nil])
            #expect(sent.first?.inReplyTo == id.rawValue)
            let errors = Self.errors(provider)
            #expect(errors.count == 1)
            #expect(
                ["nowhere", "cli", "helper", "work"].allSatisfy { errors.first?.contains($0) == true },
                "\(errors)"
            )
        }
    }

    @Test func `§16.195 a file goes out as it was when it was sent, under a name without folders`() async throws {
        let provider = ScriptedProvider([
            .call("shell", #"{"command":"printf first > note.txt"}"#),
            .call("send_file", #"{"path":"note.txt","filename":"../note.txt"}"#),
            .call("send_file", #"{"path":"note.txt","filename":"copy.txt"}"#),
            .call("shell", #"{"command":"printf second > note.txt"}"#), .text("<internal>done</internal>"),
        ])
        try await withRunner(provider, destinations: Self.destinations) { session in
            try await session.waitForEnd(of: try await session.say("send it"))
            #expect(try session.sent().map(\.content) == [.chat(OutboundChat(text: "", files: ["copy.txt"]))])
            let outbox = try Directory(path: session.folder.outbound + "/outbox")
            let folder = try #require(try outbox.names().first)
            #expect(try outbox.contents("\(folder)/copy.txt", limit: 100) == Array("first".utf8))
            #expect(Self.errors(provider).first?.contains("is no file name") == true)
        }
    }
}
