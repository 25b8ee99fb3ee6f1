import FoundationEssentials

@testable import ModelProviders

/// A recorded stream of `Tests/Judges/streams`, byte for byte.
func recorded(_ name: String) throws -> [UInt8] {
    let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    return Array(try Data(contentsOf: tests.appending(path: "Judges/streams/\(name).sse")))
}

/// The names of the recorded streams, by wire.
enum Recorded {
    static let openai = ["text", "two-tools", "ollama-tool", "llama-reasoning", "vllm-length"]
    static let anthropic = ["text", "text-and-tools", "thinking"]
}

/// A whole answer with its deltas joined: what must not depend on how the bytes arrived.
struct Answer: Equatable {
    struct Call: Equatable {
        var id: String
        var name: String
        var arguments: String
    }

    var text = ""
    var thinking = ""
    var calls: [Call] = []
    var usage: [Int?] = []
    var reasons: [ModelEvent.FinishReason] = []

    mutating func take(_ events: [ModelEvent]) {
        for event in events {
            switch event {
            case .textDelta(let piece): text += piece
            case .thinkingDelta(let piece): thinking += piece
            case .toolCall(let id, let name, let arguments):
                calls.append(Call(id: id, name: name, arguments: arguments))
            case .usage(let input, let output, let cached): usage = [input, output, cached]
            case .finished(let reason): reasons.append(reason)
            }
        }
    }
}

/// The parser of a wire, with ids that count.
func parser(_ wire: String) -> any AnswerParser {
    wire == "openai" ? OpenAIAnswer(makeID: { "made" }) : AnthropicAnswer(makeID: { "made" })
}

/// Reads a body that arrives in these pieces.
func read(_ pieces: [ArraySlice<UInt8>], with parser: any AnswerParser) throws -> Answer {
    var parser = parser
    var answer = Answer()
    for piece in pieces { answer.take(try parser.feed(piece)) }
    answer.take(try parser.end())
    return answer
}

/// Reads a body that arrives whole.
func read(_ body: String, with parser: any AnswerParser) throws -> Answer {
    try read([Array(body.utf8)[...]], with: parser)
}

/// The error's code, or nil when nothing was thrown.
func code(_ body: () throws -> Void) -> ModelError.Code? {
    do {
        try body()
        return nil
    } catch {
        return (error as? ModelError)?.code
    }
}
