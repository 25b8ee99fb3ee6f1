import Core

/// Where in a JSON value something stands: `issue.title`, `commits[0].message`, with or without `$.` before it.
struct JSONPath: Sendable, Hashable {
    private enum Step: Sendable, Hashable {
        case key(String)
        case index(Int)
    }

    /// The most steps of one path.
    private static let longest = 16

    private let steps: [Step]

    /// Reads a path; nil for text that is none.
    init?(_ text: String) {
        var steps: [Step] = []
        let bare = text.hasPrefix("$.") ? text.dropFirst(2) : text[...]
        for part in bare.split(separator: ".", omittingEmptySubsequences: false) {
            let pieces = part.split(separator: "[", omittingEmptySubsequences: false)
            guard let key = pieces.first, !key.contains("]"), !key.contains("{"), !key.contains("}") else { return nil }
            // An index alone is allowed at the very beginning: `[0].name`.
            guard !key.isEmpty || (steps.isEmpty && pieces.count > 1) else { return nil }
            if !key.isEmpty { steps.append(.key(String(key))) }
            for piece in pieces.dropFirst() {
                guard piece.hasSuffix("]"), let index = Int(piece.dropLast()), (0..<10_000).contains(index) else {
                    return nil
                }
                steps.append(.index(index))
            }
        }
        guard !steps.isEmpty, steps.count <= Self.longest else { return nil }
        self.steps = steps
    }

    /// What stands there; nil when nothing does.
    func value(in json: JSONValue) -> JSONValue? {
        var value = json
        for step in steps {
            switch step {
            case .key(let key):
                guard let next = value[key: key] else { return nil }
                value = next
            case .index(let index):
                guard let elements = value.array, elements.indices.contains(index) else { return nil }
                value = elements[index]
            }
        }
        return value == .null ? nil : value
    }
}

extension JSONValue {
    /// The value as words: the text of a string, else its JSON.
    var words: String { string ?? (try? text()) ?? "" }
}
