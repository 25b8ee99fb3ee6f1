@testable import ModelProviders

/// A streamed chat completion.
struct OpenAIStreamTarget: FuzzTarget {
    static let name = "openai-stream"
    func run(_ input: [UInt8]) { StreamCheck.run(input) { OpenAIAnswer(makeID: $0) } }
}

/// A streamed message.
struct AnthropicStreamTarget: FuzzTarget {
    static let name = "anthropic-stream"
    func run(_ input: [UInt8]) { StreamCheck.run(input) { AnthropicAnswer(makeID: $0) } }
}

/// What holds for the answer of any server, however its bytes arrive.
private enum StreamCheck {
    /// How an answer ended, and what it was.
    struct Outcome: Equatable {
        var text = ""
        var thinking = ""
        var rest: [ModelEvent] = []
        var error: ModelError.Code?
    }

    static func run<Parser: AnswerParser>(_ input: [UInt8], _ make: (@escaping @Sendable () -> String) -> Parser) {
        var choices = Choices(input)
        let count = choices.below(6)
        var cuts = Choices((0..<12).map { _ in choices.byte() })
        let body = choices.remainder()
        let whole = read([body[...]], make { "made" })
        let cut = read(cuts.pieces(of: body, count: count), make { "made" })
        require(whole.error == cut.error, "an answer cut anywhere ends in the same way: \(whole) and \(cut)")
        // What stands before an error in the same piece is given up with it.
        require(whole.error != nil || whole == cut, "an answer cut anywhere is the same answer: \(whole) and \(cut)")
        let ends = whole.rest.count { if case .finished = $0 { true } else { false } }
        if whole.error == nil {
            require(ends == 1, "a whole answer ends once")
            if case .finished? = whole.rest.last {} else { violated("the end is the last") }
        } else {
            require(ends <= 1, "an answer ends at most once")
        }
        for case .toolCall(let id, let name, let arguments) in whole.rest {
            require(!id.isEmpty && !name.isEmpty && !arguments.isEmpty, "a call has id, name and arguments")
        }
    }

    private static func read<Parser: AnswerParser>(_ pieces: [ArraySlice<UInt8>], _ parser: Parser) -> Outcome {
        var parser = parser
        var outcome = Outcome()
        do throws(ModelError) {
            for piece in pieces {
                #if PLANTED
                // A parser that takes white space at the head of a piece for padding.
                try take(parser.feed(piece.drop { [0x0A, 0x0D, 0x20].contains($0) }), &outcome)
                #else
                try take(parser.feed(piece), &outcome)
                #endif
            }
            try take(parser.end(), &outcome)
        } catch {
            outcome.error = error.code
            require(!error.message.isEmpty && (error.cause?.utf8.count ?? 0) < 4096, "an error says what and is short")
        }
        return outcome
    }

    private static func take(_ events: [ModelEvent], _ outcome: inout Outcome) throws(ModelError) {
        for event in events {
            switch event {
            case .textDelta(let text): outcome.text += text
            case .thinkingDelta(let text): outcome.thinking += text
            default: outcome.rest.append(event)
            }
        }
    }
}
