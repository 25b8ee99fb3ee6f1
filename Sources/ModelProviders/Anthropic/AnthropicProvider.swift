import Core

/// Messages as Anthropic and servers compatible with it speak them.
final class AnthropicProvider: ModelProvider {
    private let client: HTTPStreamClient

    init(client: HTTPStreamClient) { self.client = client }

    func stream(_ request: ModelRequest) -> DirectStream<ModelEvent> {
        client.stream(
            HTTPExchange(
                path: "/v1/messages",
                headers: [("anthropic-version", "2023-06-01")],
                body: AnthropicRequest(request: request).body(),
                makeParser: { AnthropicAnswer() }
            )
        )
    }
}
