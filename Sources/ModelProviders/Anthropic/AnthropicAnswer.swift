import FoundationEssentials

/// Reads a streamed message.
///
/// Its end is `message_stop`; kinds of events and blocks it does not know are passed over.
struct AnthropicAnswer: AnswerParser {
    private struct Call {
        var index: Int
        var id: String
        var name: String
        /// What the block began with; counts when no delta follows.
        var input: String
        var arguments = ""
    }

    private var events = ServerSentEvents()
    private var beginning = BodyBeginning()
    private var calls: [Call] = []
    private var usage: AnthropicEvent.Usage?
    private var stopReason: String?
    private var sawStart = false
    private var isFinished = false
    private let makeID: @Sendable () -> String

    /// `makeID` names the calls that the server left without an id; the names must not repeat in a conversation.
    init(makeID: @escaping @Sendable () -> String = ToolCallID.random) {
        self.makeID = makeID
    }

    mutating func feed(_ bytes: some Sequence<UInt8>) throws(ModelError) -> [ModelEvent] {
        beginning.note(bytes)
        var answer: [ModelEvent] = []
        for event in try events.feed(bytes) where !isFinished {
            try take(event, into: &answer)
        }
        return answer
    }

    mutating func end() throws(ModelError) -> [ModelEvent] {
        if isFinished { return [] }
        guard sawStart else { throw beginning.error }
        throw ModelError(.truncated, "The model server broke off in the middle of its answer.")
    }

    private mutating func take(_ raw: ServerSentEvents.Event, into answer: inout [ModelEvent]) throws(ModelError) {
        let event: AnthropicEvent
        do {
            event = try JSONDecoder().decode(AnthropicEvent.self, from: Data(raw.data))
        } catch {
            if raw.name == "error" { throw ServerFailure(body: raw.data).error(status: nil) }
            throw ModelError(
                .malformed,
                "The model server sent a piece of answer that cannot be read.",
                cause: String(decoding: raw.data.prefix(500), as: UTF8.self)
            )
        }
        switch event.type ?? raw.name {
        case "error":
            throw (event.error ?? ServerFailure(body: raw.data)).error(status: nil)
        case "message_start":
            sawStart = true
            note(event.message?.usage)
        case "content_block_start":
            if let block = event.contentBlock { try start(block, event.index ?? 0, into: &answer) }
        case "content_block_delta":
            if let delta = event.delta { try take(delta, event.index ?? 0, into: &answer) }
        case "message_delta":
            if let reason = event.delta?.stopReason { stopReason = reason }
            note(event.usage)
        case "message_stop":
            guard sawStart else { throw beginning.error }
            answer += finish()
        default:
            break
        }
    }

    private mutating func start(
        _ block: AnthropicEvent.Block,
        _ index: Int,
        into answer: inout [ModelEvent]
    ) throws(ModelError) {
        switch block.type {
        case "text":
            if let text = block.text, !text.isEmpty { answer.append(.textDelta(text)) }
        case "thinking":
            if let text = block.thinking, !text.isEmpty { answer.append(.thinkingDelta(text)) }
        case "tool_use":
            guard let name = block.name, !name.isEmpty else {
                throw ModelError(.malformed, "The model server sent a tool call without a name.")
            }
            let id = block.id.flatMap { $0.isEmpty ? nil : $0 } ?? makeID()
            calls.append(Call(index: index, id: id, name: name, input: block.input?.text ?? "{}"))
        default:
            break
        }
    }

    private mutating func take(
        _ delta: AnthropicEvent.Delta,
        _ index: Int,
        into answer: inout [ModelEvent]
    ) throws(ModelError) {
        switch delta.type {
        case "text_delta":
            if let text = delta.text, !text.isEmpty { answer.append(.textDelta(text)) }
        case "thinking_delta":
            if let text = delta.thinking, !text.isEmpty { answer.append(.thinkingDelta(text)) }
        case "input_json_delta":
            guard let place = calls.lastIndex(where: { $0.index == index }) else { return }
            calls[place].arguments += delta.partialJSON ?? ""
            if calls.reduce(0, { $0 + $1.arguments.utf8.count }) > maximumToolArguments {
                throw ModelError(
                    .malformed,
                    "The model wrote over \(maximumToolArguments >> 20) MiB of tool arguments."
                )
            }
        default:
            break
        }
    }

    private mutating func note(_ more: AnthropicEvent.Usage?) {
        guard let more else { return }
        var sum = usage ?? more
        sum.inputTokens = more.inputTokens ?? sum.inputTokens
        sum.outputTokens = more.outputTokens ?? sum.outputTokens
        sum.cacheRead = more.cacheRead ?? sum.cacheRead
        sum.cacheCreation = more.cacheCreation ?? sum.cacheCreation
        usage = sum
    }

    private mutating func finish() -> [ModelEvent] {
        isFinished = true
        var answer = calls.map { call in
            let text = call.arguments.allSatisfy(\.isWhitespace) ? call.input : call.arguments
            return ModelEvent.toolCall(id: call.id, name: call.name, arguments: text.isEmpty ? "{}" : text)
        }
        if let usage {
            // The wire counts cached tokens beside the others; a sum that no server can mean is none.
            let parts = [usage.cacheRead ?? 0, usage.cacheCreation ?? 0]
            let input = parts.reduce(usage.inputTokens) { sum, part in
                guard let (next, overflow) = sum?.addingReportingOverflow(part), !overflow else { return nil }
                return next
            }
            answer.append(.usage(input: input, output: usage.outputTokens, cachedInput: usage.cacheRead))
        }
        answer.append(.finished(reason))
        return answer
    }

    private var reason: ModelEvent.FinishReason {
        switch stopReason {
        case "max_tokens", "model_context_window_exceeded": .length
        case "refusal": .refusal
        case "end_turn", "stop_sequence", "tool_use", nil: calls.isEmpty ? .stop : .toolCalls
        case .some(let other): .other(other)
        }
    }
}
