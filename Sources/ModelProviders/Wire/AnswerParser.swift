/// Reads the body of one streamed answer: a value fed with bytes as they come.
protocol AnswerParser: Sendable {
    /// Takes more bytes; answers what they complete. After ``ModelEvent/finished(_:)`` nothing more is to be fed.
    mutating func feed(_ bytes: some Sequence<UInt8>) throws(ModelError) -> [ModelEvent]

    /// The body has ended; answers what was still held back, or throws because the answer is not whole.
    mutating func end() throws(ModelError) -> [ModelEvent]
}

/// Keeps the beginning of a body, for the error that says that it was no event stream.
struct BodyBeginning: Sendable {
    private var bytes: [UInt8] = []

    mutating func note(_ more: some Sequence<UInt8>) {
        guard bytes.count < 200 else { return }
        bytes += more.prefix(200 - bytes.count)
    }

    /// The body ended without anything that made sense.
    var error: ModelError {
        if bytes.isEmpty { return ModelError(.truncated, "The model server answered with nothing.") }
        return ModelError(
            .malformed,
            "The model server's answer is no event stream: is the base URL right?",
            cause: String(decoding: bytes, as: UTF8.self)
        )
    }
}

/// Bound on what one answer may hold in memory, in bytes.
let maximumToolArguments = 16 << 20
