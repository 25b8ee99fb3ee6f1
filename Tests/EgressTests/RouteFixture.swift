import Core
import Egress
import ModelProviders

/// A route on a fresh listener, while the body runs.
///
/// Each profile is a path below one server: `openai/answer` goes to `http://127.0.0.1:PORT/answer/v1`, `anthropic/tool`
/// to `http://127.0.0.1:PORT/tool`.
func withRoute(
    to server: Int,
    profiles: [String: (ProviderKind, path: String)],
    _ body: (_ port: Int) async throws -> Void
) async throws {
    let (listener, port) = try makeListener()
    let route = ModelRoute()
    let lookup: ModelRoute.Lookup = { name in
        guard let (kind, path) = profiles[name] else { return nil }
        let base = try BaseURL("http://127.0.0.1:\(server)\(path)", kind: kind)
        return ModelUpstream(kind: kind, baseURL: base, key: "sk-route")
    }
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
            try await route.serve(listener: listener, session: "s1", logger: LogLines().logger, profile: lookup)
        }
        try await body(port)
        group.cancelAll()
        try await group.waitForAll()
    }
}

/// A whole answer with its deltas joined.
struct WholeAnswer {
    var text = ""
    var calls: [(id: String, name: String, arguments: String)] = []
    var usage: [Int?] = []
    var reason: ModelEvent.FinishReason?
}

/// Asks a profile over the route as the runner does.
func ask(_ port: Int, _ profile: String, _ kind: ProviderKind, _ request: ModelRequest) async throws -> WholeAnswer {
    let provider = ModelProviders.make(kind: kind, endpoint: ModelEndpoint(port: port, path: "/model/\(profile)"))
    var answer = WholeAnswer()
    for try await event in provider.stream(request) {
        switch event {
        case .textDelta(let piece): answer.text += piece
        case .thinkingDelta: break
        case .toolCall(let id, let name, let arguments): answer.calls.append((id, name, arguments))
        case .usage(let input, let output, let cached): answer.usage = [input, output, cached]
        case .finished(let reason): answer.reason = reason
        }
    }
    return answer
}

/// What the model is asked in these tests.
func question(_ messages: [ModelMessage] = [.user("<message id=\"2\" from=\"cli\">hello</message>")]) -> ModelRequest {
    let shell = ToolDefinition(
        name: "shell",
        description: "Runs a command.",
        parameters: #"{"type":"object","properties":{"command":{"type":"string"}},"required":["command"]}"#
    )
    return ModelRequest(
        model: "gemma",
        system: "You help.",
        messages: messages,
        tools: [shell],
        maximumOutputTokens: 200
    )
}
