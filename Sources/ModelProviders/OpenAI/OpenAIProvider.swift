import Core
import Synchronization

/// Chat completions as OpenAI, Ollama, llama.cpp and vLLM speak them.
final class OpenAIProvider: ModelProvider {
    /// OpenAI's reasoning models refuse the one, older servers do not know the other.
    private static let limitKey = "max_tokens"
    private static let newLimitKey = "max_completion_tokens"

    private let client: HTTPStreamClient
    /// Models that asked for the new key.
    private let renamed = Mutex<Set<String>>([])

    init(client: HTTPStreamClient) { self.client = client }

    func stream(_ request: ModelRequest) -> DirectStream<ModelEvent> {
        let isRenamed = renamed.withLock { $0.contains(request.model) }
        let body = OpenAIRequest(request: request, limitKey: isRenamed ? Self.newLimitKey : Self.limitKey).body()
        var exchange = HTTPExchange(path: "/chat/completions", body: body, makeParser: { OpenAIAnswer() })
        if !isRenamed {
            exchange.secondTry = { [self] error in secondTry(request, after: error) }
        }
        return client.stream(exchange)
    }

    private func secondTry(_ request: ModelRequest, after error: ModelError) -> [UInt8]? {
        guard error.code == .rejected, error.message.contains(Self.newLimitKey) else { return nil }
        renamed.withLock { _ = $0.insert(request.model) }
        return OpenAIRequest(request: request, limitKey: Self.newLimitKey).body()
    }
}
