import Core

/// Text with paths in braces, `{repository.name}: {head_commit.message}`; text without braces is one path.
struct WebhookTemplate: Sendable, Hashable {
    private enum Piece: Sendable, Hashable {
        case text(String)
        case path(JSONPath)
    }

    private let pieces: [Piece]

    /// Reads a template; nil when a path in it is none or a brace is not closed.
    init?(_ text: String) {
        guard text.contains("{") else {
            guard let path = JSONPath(text) else { return nil }
            pieces = [.path(path)]
            return
        }
        var pieces: [Piece] = []
        var rest = text[...]
        while let open = rest.firstIndex(of: "{") {
            if open > rest.startIndex { pieces.append(.text(String(rest[..<open]))) }
            rest = rest[rest.index(after: open)...]
            guard let close = rest.firstIndex(of: "}"), let path = JSONPath(String(rest[..<close])) else { return nil }
            pieces.append(.path(path))
            rest = rest[rest.index(after: close)...]
        }
        if !rest.isEmpty { pieces.append(.text(String(rest))) }
        self.pieces = pieces
    }

    /// The text with what its paths lead to; nil when none of them leads anywhere.
    func filled(from json: JSONValue) -> String? {
        var text = ""
        var isFound = false
        for piece in pieces {
            switch piece {
            case .text(let words): text += words
            case .path(let path):
                guard let value = path.value(in: json) else { continue }
                isFound = true
                text += value.words
            }
        }
        return isFound ? text : nil
    }
}
