import Core
import Foundation
import ModelProviders
import TestSupport
import Testing

/// The official Python SDKs judge what is sent and what is read.
@Suite(.enabled(if: Judge.isOn, "set NANOCLAW_JUDGES=1 to ask the SDKs (packages from PyPI)"), .timeLimit(.minutes(5)))
struct SDKJudgeTests {
    private static let wires: [ProviderKind] = [.openai, .anthropic]

    private static let conversation: [ModelMessage] = [
        .user("first"),
        ModelMessage(
            role: .assistant,
            parts: [
                .text("I look."), .toolCall(id: "functions.shell:0", name: "shell", arguments: #"{"command":"ls"}"#),
                .toolCall(id: "call_2", name: "shell", arguments: "no JSON"),
            ]
        ),
        .toolResult(id: "functions.shell:0", text: "a\nb"),
        .user("a broken turn left call_2 without a result"),
        .assistant("done"),
        .user("and now?"),
    ]

    @Test func `the SDKs' types take every request that is sent`() async throws {
        try await Judge.prepare()
        try await withTemporaryDirectory { directory in
            try await Judge.withFakeModel(recordingTo: directory) { server in
                let profiles: [String: (ProviderKind, path: String)] = [
                    "o": (.openai, "/answer/v1"), "a": (.anthropic, "/answer"),
                ]
                try await withRoute(to: server, profiles: profiles) { port in
                    for messages in [[.user("hi")], Self.conversation] {
                        for (profile, kind) in [("o", ProviderKind.openai), ("a", .anthropic)] {
                            for hasTools in [true, false] {
                                var request = question(messages)
                                if !hasTools { request.tools = [] }
                                _ = try await ask(port, profile, kind, request)
                            }
                        }
                    }
                }
            }
            let files = try FileManager.default.contentsOfDirectory(atPath: directory).sorted()
            #expect(files.count == 8)
            let script = Judge.directory.appending(path: "check_requests.py").path
            let verdict = try await Judge.run(Judge.python, [script] + files.map { "\(directory)/\($0)" })
            #expect(verdict.split(separator: "\n").allSatisfy { $0.hasSuffix(": ok") }, "\(verdict)")
        }
    }

    private static let streams = [
        ("openai", "text"), ("openai", "two-tools"), ("openai", "ollama-tool"), ("openai", "llama-reasoning"),
        ("anthropic", "text"), ("anthropic", "text-and-tools"), ("anthropic", "thinking"),
    ]

    @Test(arguments: streams)
    func `the SDK and we read the same from a recorded stream, over the same route`(
        wire: String,
        name: String
    ) async throws {
        try await Judge.prepare()
        let kind = try #require(ProviderKind(rawValue: wire))
        let path = "/replay:\(name)" + (kind == .openai ? "/v1" : "")
        try await Judge.withFakeModel { server in
            try await withRoute(to: server, profiles: ["p": (kind, path)]) { port in
                let script = Judge.directory.appending(path: "read_answer.py").path
                let base = "http://127.0.0.1:\(port)/model/p"
                let printed = try await Judge.run(Judge.python, [script, wire, base])
                let theirs = try #require(
                    try JSONSerialization.jsonObject(with: Data(printed.utf8)) as? [String: Any]
                )
                let ours = try await ask(port, "p", kind, question())
                #expect(theirs["text"] as? String == ours.text)
                let calls = try #require(theirs["calls"] as? [[Any]])
                #expect(calls.map { $0[0] as? String } == ours.calls.map(\.id))
                #expect(calls.map { $0[1] as? String } == ours.calls.map(\.name))
                for (their, our) in zip(calls, ours.calls) {
                    let value = try JSONSerialization.jsonObject(with: Data(our.arguments.utf8)) as? NSDictionary
                    #expect(their[2] as? NSDictionary == value)
                }
                let usage = try #require(theirs["usage"] as? [Any])
                #expect(usage.map { $0 as? Int } == ours.usage)
            }
        }
    }
}
