package import Core

/// Answers without a model: says how to configure one, and turns plain commands into tool calls.
///
/// Equal requests get equal answers, at once: it is the engine of tests and benchmarks too.
package struct OfflineProvider: ModelProvider {
    package init() {}

    package func stream(_ request: ModelRequest) -> DirectStream<ModelEvent> {
        let turn = OfflineTurn(request.messages, tools: Set(request.tools.map(\.name)))
        return DirectStream { continuation in
            for event in turn.answer { continuation.yield(event) }
            continuation.finish()
        }
    }
}
