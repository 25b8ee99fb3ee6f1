import Core
import ModelProviders
import Prompting

/// A model's whole answer.
struct ModelAnswer: Sendable {
    /// A tool call as the model wrote it.
    struct ToolCall: Sendable {
        let id: String
        let name: String
        let arguments: String
    }

    var text = ""
    var reply = Reply()
    var toolCalls: [ToolCall] = []
    var reason = ModelEvent.FinishReason.stop

    /// The answer as an entry of the history.
    var message: ModelMessage {
        var parts: [ModelMessage.Part] = text.isEmpty ? [] : [.text(text)]
        parts += toolCalls.map { .toolCall(id: $0.id, name: $0.name, arguments: $0.arguments) }
        return ModelMessage(role: .assistant, parts: parts.isEmpty ? [.text("")] : parts)
    }
}

/// One request to the model, from its start to the end of its answer.
struct ModelCall: Sendable {
    let provider: any ModelProvider
    let name: String
    let live: LiveSender
    let wait: ModelWait
    let time: any TimeSource

    /// Events of an answer that are taken in a row.
    private static let atOnce = 64

    /// Asks and gathers the answer where the caller runs, showing it as it comes.
    ///
    /// Throws ``ModelError`` or `CancellationError`.
    nonisolated(nonsending) func answer(to request: ModelRequest) async throws -> ModelAnswer {
        live.send(.modelCall(provider: name, model: request.model))
        let start = time.monotonic
        var tokens: (input: Int?, output: Int?) = (nil, nil)
        func report(_ error: String?) {
            let elapsed = Int((time.monotonic - start).milliseconds)
            live.send(
                .modelResult(
                    inputTokens: tokens.input,
                    outputTokens: tokens.output,
                    milliseconds: elapsed,
                    error: error
                )
            )
        }
        do {
            var answer = ModelAnswer()
            var parser = ReplyParser()
            var events = 0
            for try await event in provider.stream(request) {
                wait.begin()
                events += 1
                // What waits is read without a pause: an answer that comes faster than it is taken lets ticks and stops in.
                if events.isMultiple(of: Self.atOnce) { await Task.yield() }
                switch event {
                case .textDelta(let text):
                    answer.text += text
                    show(parser.feed(text))
                case .thinkingDelta(let text):
                    live.send(.thinking(text: text))
                case .toolCall(let id, let name, let arguments):
                    answer.toolCalls.append(.init(id: id, name: name, arguments: arguments))
                case .usage(let input, let output, _):
                    tokens = (input ?? tokens.input, output ?? tokens.output)
                case .finished(let reason):
                    answer.reason = reason
                }
            }
            try Task.checkCancellation()
            let (reply, chunks) = parser.finish()
            show(chunks)
            answer.reply = reply
            report(nil)
            return answer
        } catch {
            report("\(error)")
            if Task.isCancelled { throw CancellationError() }
            throw error as? ModelError ?? ModelError(.network, "The model's answer broke off.", cause: "\(error)")
        }
    }

    private func show(_ chunks: [ReplyChunk]) {
        for chunk in chunks { live.send(.textChunk(destination: chunk.destination, text: chunk.text)) }
    }
}
