import ControlProtocol
import Core
import Glibc
import NetworkTestSupport
import Testing

@testable import Host

/// `providers test`: one question on the way of a turn.
@Suite(.timeLimit(.minutes(1))) struct ProviderTrialTests {
    private static let answer = """
        HTTP/1.1 200 OK\r
        Content-Type: text/event-stream\r
        Connection: close\r
        \r
        data: {"choices":[{"index":0,"delta":{"content":"ok"},"finish_reason":"stop"}]}

        data: [DONE]


        """

    private func add(_ fixture: ControlFixture, _ port: Int) async throws {
        let key = "\(fixture.home)/key"
        let number = open(key, O_WRONLY | O_CREAT, 0o600)
        _ = write(number, "sk-trial-1\n", 11)
        close(number)
        _ = try await fixture.ask(
            "providers add",
            [
                "name": "here", "kind": "openai", "baseURL": .string("http://127.0.0.1:\(port)/v1"), "model": "tiny",
                "keyFile": .string(key),
            ]
        )
    }

    @Test func `a provider that answers is told with what it said, and was asked with its key`() async throws {
        try await RawServer.with(.bytes(Self.answer)) { server in
            try await ControlFixture.with { fixture in
                try await add(fixture, server.port)
                let answer = try await fixture.ask("providers test", ["name": "here"])
                #expect(answer[key: "text"] == "ok")
                #expect(answer[key: "model"] == "tiny")
                let request = try #require(server.requests.first)
                #expect(request.hasPrefix("POST /v1/chat/completions "))
                #expect(request.lowercased().contains("authorization: bearer sk-trial-1"))
                #expect(server.requests.count == 1)
            }
        }
    }

    @Test func `a provider that refuses, or is not there, is told in words`() async throws {
        let refusal = "HTTP/1.1 401 Unauthorized\r\nContent-Length: 33\r\n\r\n{\"error\":{\"message\":\"wrong key\"}}"
        try await RawServer.with(.bytes(refusal)) { server in
            try await ControlFixture.with { fixture in
                try await add(fixture, server.port)
                let text = try await fixture.refusal("providers test", ["name": "here"])
                #expect(text.contains("refused the key (401): wrong key"))
                #expect(!text.contains("sk-trial-1"))
                #expect(try await fixture.refusal("providers test", ["name": "gone"]).contains("no provider \"gone\""))
            }
        }
        try await ControlFixture.with { fixture in
            try await add(fixture, 1)
            #expect(try await fixture.refusal("providers test", ["name": "here"]).contains("connection refused"))
        }
    }

    @Test func `a provider that says nothing is given up after the time that was asked for`() async throws {
        try await RawServer.with(.open("")) { server in
            try await ControlFixture.with { fixture in
                try await add(fixture, server.port)
                let text = try await fixture.refusal("providers test", ["name": "here", "timeout": 1])
                #expect(text.contains("has not begun to answer within 1 s"))
            }
        }
    }
}
