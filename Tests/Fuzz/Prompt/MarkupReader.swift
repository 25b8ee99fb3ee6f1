/// A piece of a prompt as a strict reader sees it: an element, or text (its name is empty then).
struct MarkupNode: Equatable {
    var name = ""
    var attributes: [[String]] = []
    /// Text with its entities decoded.
    var text = ""
    var children: [MarkupNode] = []

    var isBlank: Bool { name.isEmpty && text.allSatisfy(\.isWhitespace) }
}

/// Reads the elements of a prompt and refuses everything that is not exactly in their form.
struct MarkupReader {
    private var rest: Substring.UnicodeScalarView

    /// The nodes of a text; nil unless the whole of it is well formed.
    static func read(_ text: String) -> [MarkupNode]? {
        var reader = MarkupReader(rest: text[...].unicodeScalars)
        let nodes = reader.nodes()
        return reader.rest.isEmpty ? nodes : nil
    }

    private mutating func nodes() -> [MarkupNode]? {
        var nodes: [MarkupNode] = []
        while let first = rest.first {
            if first == "<" {
                if rest.dropFirst().first == "/" { break }
                guard let element = element() else { return nil }
                nodes.append(element)
            } else {
                guard let text = text(until: ["<"]) else { return nil }
                nodes.append(MarkupNode(text: text))
            }
        }
        return nodes
    }

    private mutating func element() -> MarkupNode? {
        guard take("<"), let name = word() else { return nil }
        var node = MarkupNode(name: name)
        while take(" ") {
            if take("/>") { return node }
            guard let attribute = word(), take("=\""), let value = text(until: ["\""]), take("\"") else { return nil }
            guard
                !value.unicodeScalars.contains(where: { [0x0A, 0x0D, 0x09, 0x85, 0x2028, 0x2029].contains($0.value) })
            else { return nil }
            node.attributes.append([attribute, value])
        }
        guard take(">"), let children = nodes(), take("</\(name)>") else { return nil }
        node.children = children
        return node
    }

    private mutating func take(_ text: String) -> Bool {
        guard rest.starts(with: text.unicodeScalars) else { return false }
        rest = rest.dropFirst(text.unicodeScalars.count)
        return true
    }

    private mutating func word() -> String? {
        let word = rest.prefix { ("a"..."z").contains($0) || $0 == "_" }
        rest = rest.dropFirst(word.count)
        return word.isEmpty ? nil : String(String.UnicodeScalarView(word))
    }

    private static let entities: [(String, Unicode.Scalar)] = [
        ("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"),
    ]

    /// Text up to one of these signs, entities decoded; nil when it holds a sign of the markup as it is.
    private mutating func text(until ends: [Unicode.Scalar]) -> String? {
        var text = String.UnicodeScalarView()
        while let scalar = rest.first, !ends.contains(scalar) {
            switch scalar {
            case "<", ">", "\"", "'": return nil
            case "&":
                guard let (entity, sign) = Self.entities.first(where: { rest.starts(with: $0.0.unicodeScalars) }) else {
                    return nil
                }
                rest = rest.dropFirst(entity.unicodeScalars.count)
                text.append(sign)
            default:
                rest = rest.dropFirst()
                text.append(scalar)
            }
        }
        return String(text)
    }
}
