import FoundationEssentials

/// Reads a streamed chat completion.
///
/// Its end is `[DONE]`, or a finish reason and then the end of the body. Tool calls are put together by index;
/// where a server leaves out index or id, by order, and with an id of our own.
struct OpenAIAnswer: AnswerParser {
    private struct Call {
        var index: Int?
        var id: String
        var name = ""
        var arguments = ""
    }

    private var events = ServerSentEvents()
    private var beginning = BodyBeginning()
    private var calls: [Call] = []
    private var usage: OpenAIChunk.Usage?
    private var finishReason: String?
    private var sawChoice = false
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
        guard sawChoice else { throw beginning.error }
        guard finishReason != nil else {
            throw ModelError(.truncated, "The model server broke off in the middle of its answer.")
        }
        return try finish()
    }

    private mutating func take(_ event: ServerSentEvents.Event, into answer: inout [ModelEvent]) throws(ModelError) {
        if event.data.starts(with: "[DONE]".utf8) {
            guard sawChoice else { throw beginning.error }
            answer += try finish()
            return
        }
        let chunk: OpenAIChunk
        do {
            if event.name == "error" {
                throw ServerFailure(body: event.data).error(status: nil)
            }
            chunk = try JSONDecoder().decode(OpenAIChunk.self, from: Data(event.data))
        } catch let error as ModelError {
            throw error
        } catch {
            throw ModelError(
                .malformed,
                "The model server sent a piece of answer that cannot be read.",
                cause: String(decoding: event.data.prefix(500), as: UTF8.self)
            )
        }
        if let failure = chunk.error { throw failure.error(status: nil) }
        if let usage = chunk.usage { self.usage = usage }
        for choice in chunk.choices ?? [] where choice.index ?? 0 == 0 {
            sawChoice = true
            if let delta = choice.delta { try take(delta, into: &answer) }
            if let reason = choice.finishReason, !reason.isEmpty { finishReason = reason }
        }
    }

    private mutating func take(_ delta: OpenAIChunk.Delta, into answer: inout [ModelEvent]) throws(ModelError) {
        if let text = delta.reasoningContent ?? delta.reasoning, !text.isEmpty { answer.append(.thinkingDelta(text)) }
        if let text = delta.content, !text.isEmpty { answer.append(.textDelta(text)) }
        if let text = delta.refusal, !text.isEmpty { answer.append(.textDelta(text)) }
        for piece in delta.toolCalls ?? [] {
            let place = place(of: piece)
            if let id = piece.id, !id.isEmpty, calls[place].id.isEmpty { calls[place].id = id }
            // Most servers send the name once; one that cuts it sends the pieces before the arguments.
            if calls[place].arguments.isEmpty, let name = piece.function?.name, calls[place].name != name {
                calls[place].name += name
            }
            calls[place].arguments += piece.function?.arguments?.text ?? ""
        }
        if calls.reduce(0, { $0 + $1.arguments.utf8.count }) > maximumToolArguments {
            throw ModelError(.malformed, "The model wrote over \(maximumToolArguments >> 20) MiB of tool arguments.")
        }
    }

    /// The call that a piece belongs to, made when it is a new one.
    private mutating func place(of piece: OpenAIChunk.ToolCall) -> Int {
        let id = piece.id.flatMap { $0.isEmpty ? nil : $0 }
        let isNamed = !(piece.function?.name ?? "").isEmpty
        if let known = calls.lastIndex(where: { call in
            if let index = piece.index, call.index != index { return false }
            // Some servers give every call of an answer index 0: another id is another call.
            if let id, !call.id.isEmpty { return call.id == id }
            return piece.index != nil || id == nil && !isNamed
        }) {
            return known
        }
        calls.append(Call(index: piece.index, id: id ?? ""))
        return calls.count - 1
    }

    private mutating func finish() throws(ModelError) -> [ModelEvent] {
        isFinished = true
        var answer: [ModelEvent] = []
        for call in calls {
            guard !call.name.isEmpty else {
                throw ModelError(.malformed, "The model server sent a tool call without a name.")
            }
            let arguments = call.arguments.allSatisfy(\.isWhitespace) ? "{}" : call.arguments
            answer.append(.toolCall(id: call.id.isEmpty ? makeID() : call.id, name: call.name, arguments: arguments))
        }
        if let usage {
            answer.append(
                .usage(
                    input: usage.promptTokens,
                    output: usage.completionTokens,
                    cachedInput: usage.details?.cachedTokens
                )
            )
        }
        answer.append(.finished(reason))
        return answer
    }

    /// Ollama and others end an answer with tool calls as `stop`: what was called decides.
    private var reason: ModelEvent.FinishReason {
        switch finishReason {
        case "length": .length
        case "content_filter": .refusal
        case "stop", "tool_calls", "function_call", nil: calls.isEmpty ? .stop : .toolCalls
        case .some(let other): .other(other)
        }
    }
}
