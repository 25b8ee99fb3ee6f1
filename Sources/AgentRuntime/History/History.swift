package import ModelProviders

/// What a model is told of earlier turns: the newest of them up to a size.
///
/// When the size is passed, whole turns go, the oldest first, until half of it is left: between two such cuts every
/// request begins with the same bytes, which providers can keep.
package struct History: Sendable {
    /// Most bytes of text in earlier turns.
    package static let limit = 256 * 1024

    /// The entries of each turn, oldest first.
    package private(set) var turns: [[ModelMessage]] = []
    private var limit: Int

    /// A history of these turns.
    package init(_ turns: [[ModelMessage]] = [], limit: Int = limit) {
        self.limit = limit
        for turn in turns { append(turn) }
    }

    /// All entries in order.
    package var messages: [ModelMessage] { turns.flatMap(\.self) }
    package var isEmpty: Bool { turns.isEmpty }

    /// Adds a turn at its end.
    package mutating func append(_ turn: [ModelMessage]) {
        turns.append(turn)
        guard size > limit else { return }
        while turns.count > 1, size > limit / 2 { turns.removeFirst() }
        if size > limit { turns = [] }
    }

    /// Leaves out the older half, and keeps to that size from now on: the model's context is smaller than was thought.
    package mutating func shorten() {
        limit = max(size / 2, 1024)
        let rest = turns
        turns = []
        for turn in rest.suffix(rest.count / 2) { append(turn) }
    }

    private var size: Int { turns.reduce(0) { $0 + $1.reduce(0) { $0 + $1.byteCount } } }
}

extension ModelMessage {
    /// Bytes of its texts, for bounds.
    var byteCount: Int {
        parts.reduce(0) { sum, part in
            switch part {
            case .text(let text): sum + text.utf8.count
            case .toolCall(let id, let name, let arguments):
                sum + id.utf8.count + name.utf8.count + arguments.utf8.count
            case .toolResult(let id, let text, _): sum + id.utf8.count + text.utf8.count
            }
        }
    }
}

extension [ModelMessage] {
    /// A long turn's own entries within a size: the texts of its oldest tool results go first.
    package func fitted(_ limit: Int) -> [ModelMessage] {
        var size = reduce(0) { $0 + $1.byteCount }
        guard size > limit else { return self }
        var result = self
        for index in result.indices where result[index].role == .tool && index < result.count - 1 {
            result[index].parts = result[index].parts.map { part in
                guard size > limit, case .toolResult(let id, let text, let isError) = part, text.utf8.count > 200 else {
                    return part
                }
                let note = "[left out to make room: \(text.utf8.count) bytes]"
                size -= text.utf8.count - note.utf8.count
                return .toolResult(id: id, text: note, isError: isError)
            }
        }
        return result
    }
}
