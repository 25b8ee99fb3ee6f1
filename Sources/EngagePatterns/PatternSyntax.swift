/// The parsed form of an engage pattern.
indirect enum PatternNode: Sendable, Equatable {
    case empty
    /// A character that the rule with this number takes.
    case one(Int)
    case start
    case end
    case wordBoundary(negated: Bool)
    case sequence([PatternNode])
    case either([PatternNode])
    /// At least `low` times; at most `high` times, nil for no bound.
    case repeated(PatternNode, low: Int, high: Int?)
}

/// Which characters one place of a pattern takes.
struct CharacterSetRule: Sendable, Equatable {
    enum Part: Sendable, Equatable {
        case any
        case range(ClosedRange<UInt32>)
        case digit(Bool), word(Bool), space(Bool)
    }

    var parts: [Part]
    var negated = false
    var ignoresCase = false

    /// Whether it takes the character, which in the other case is one of `other` (``folded(_:)``).
    func contains(_ scalar: Unicode.Scalar, _ other: [UInt32]) -> Bool {
        parts.contains { holds($0, scalar, other) } != negated
    }

    private func holds(_ part: Part, _ scalar: Unicode.Scalar, _ other: [UInt32]) -> Bool {
        switch part {
        case .any: return scalar != "\n"
        case .digit(let wanted): return Self.isDigit(scalar) == wanted
        case .word(let wanted): return Self.isWord(scalar) == wanted
        case .space(let wanted): return scalar.properties.isWhitespace == wanted
        case .range(let range):
            return range.contains(scalar.value) || (ignoresCase && other.contains { range.contains($0) })
        }
    }

    static func isDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }

    static func isWord(_ scalar: Unicode.Scalar) -> Bool {
        scalar == "_" || scalar.properties.isAlphabetic || scalar.properties.numericType != nil
    }

    /// The character in small and in capital letters, where that is one character.
    static func folded(_ scalar: Unicode.Scalar) -> [UInt32] {
        [scalar.properties.lowercaseMapping, scalar.properties.uppercaseMapping]
            .filter { $0.unicodeScalars.count == 1 }
            .flatMap { $0.unicodeScalars.map(\.value) }
    }
}

/// Reads the text of one pattern.
struct PatternParser {
    private static let greatestDepth = 32
    private static let greatestRepeat = 100

    /// The rules of all places that take a character, as they are numbered in the nodes.
    private(set) var rules: [CharacterSetRule] = []
    private let scalars: [Unicode.Scalar]
    private var position = 0
    private var ignoresCase = false
    private var depth = 0

    init(_ text: String) {
        var scalars = Array(text.unicodeScalars)
        if text.hasPrefix("(?i)") {
            ignoresCase = true
            scalars.removeFirst(4)
        }
        self.scalars = scalars
    }

    mutating func parse() throws(EngagePatternError) -> PatternNode {
        let node = try alternatives()
        guard position == scalars.count else { throw fault("an unmatched )") }
        return node
    }

    private var next: Unicode.Scalar? { position < scalars.count ? scalars[position] : nil }

    private func fault(_ what: String) -> EngagePatternError {
        EngagePatternError("the pattern has \(what) at character \(position + 1)")
    }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard next == scalar else { return false }
        position += 1
        return true
    }

    private mutating func alternatives() throws(EngagePatternError) -> PatternNode {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.greatestDepth else { throw fault("more than \(Self.greatestDepth) nested groups") }
        var all = [try sequence()]
        while take("|") { all.append(try sequence()) }
        return all.count == 1 ? all[0] : .either(all)
    }

    private mutating func sequence() throws(EngagePatternError) -> PatternNode {
        var nodes: [PatternNode] = []
        while let scalar = next, scalar != "|", scalar != ")" {
            nodes.append(try repeated(try atom(scalar)))
        }
        return nodes.isEmpty ? .empty : nodes.count == 1 ? nodes[0] : .sequence(nodes)
    }

    private mutating func atom(_ scalar: Unicode.Scalar) throws(EngagePatternError) -> PatternNode {
        position += 1
        switch scalar {
        case ".": return one(CharacterSetRule(parts: [.any]))
        case "^": return .start
        case "$": return .end
        case "[":
            let rule = try bracket()
            return one(rule)
        case "\\": return try escape()
        case "*", "+", "?":
            position -= 1
            throw fault("a \(scalar) with nothing before it")
        case "(":
            if take("?"), !take(":") { throw fault("a (? group other than (?:…) and a leading (?i)") }
            let inner = try alternatives()
            guard take(")") else { throw fault("an unclosed (") }
            return inner
        default: return literal(scalar)
        }
    }

    private mutating func one(_ rule: CharacterSetRule) -> PatternNode {
        rules.append(rule)
        return .one(rules.count - 1)
    }

    private mutating func literal(_ scalar: Unicode.Scalar) -> PatternNode {
        one(CharacterSetRule(parts: [.range(scalar.value...scalar.value)], ignoresCase: ignoresCase))
    }

    private mutating func repeated(_ node: PatternNode) throws(EngagePatternError) -> PatternNode {
        var bounds: (low: Int, high: Int?)
        if take("*") {
            bounds = (0, nil)
        } else if take("+") {
            bounds = (1, nil)
        } else if take("?") {
            bounds = (0, 1)
        } else if next == "{" {
            bounds = try counts()
        } else {
            return node
        }
        // Whether it matches is asked, not where: a lazy quantifier is the same.
        _ = take("?")
        if let scalar = next, "*+?{".unicodeScalars.contains(scalar) { throw fault("a quantifier after a quantifier") }
        return .repeated(node, low: bounds.low, high: bounds.high)
    }

    private mutating func counts() throws(EngagePatternError) -> (low: Int, high: Int?) {
        position += 1
        let low = number()
        var high = low
        if take(",") { high = next == "}" ? nil : number() }
        guard take("}"), let low, high.map({ $0 >= low && $0 <= Self.greatestRepeat }) ?? true,
            low <= Self.greatestRepeat
        else { throw fault("a {…} that is not {m}, {m,} or {m,n} with numbers up to \(Self.greatestRepeat)") }
        return (low, high)
    }

    private mutating func number() -> Int? {
        var digits = ""
        while let scalar = next, CharacterSetRule.isDigit(scalar), digits.count < 6 {
            digits.unicodeScalars.append(scalar)
            position += 1
        }
        return Int(digits)
    }

    private mutating func escape() throws(EngagePatternError) -> PatternNode {
        guard let scalar = next else { throw fault("a \\ with nothing after it") }
        position += 1
        switch scalar {
        case "b": return .wordBoundary(negated: false)
        case "B": return .wordBoundary(negated: true)
        default:
            let part = try escaped(scalar)
            return one(CharacterSetRule(parts: [part], ignoresCase: ignoresCase))
        }
    }

    private func escaped(_ scalar: Unicode.Scalar) throws(EngagePatternError) -> CharacterSetRule.Part {
        switch scalar {
        case "d": return .digit(true)
        case "D": return .digit(false)
        case "w": return .word(true)
        case "W": return .word(false)
        case "s": return .space(true)
        case "S": return .space(false)
        case "n": return .range(10...10)
        case "t": return .range(9...9)
        case "a"..."z", "A"..."Z", "0"..."9": throw fault("the unknown escape \\\(scalar)")
        default: return .range(scalar.value...scalar.value)
        }
    }

    private mutating func bracket() throws(EngagePatternError) -> CharacterSetRule {
        var rule = CharacterSetRule(parts: [], ignoresCase: ignoresCase)
        rule.negated = take("^")
        var isFirst = true
        while let scalar = next, isFirst || scalar != "]" {
            isFirst = false
            position += 1
            let part = try member(scalar)
            if case .range(let low) = part, next == "-", position + 1 < scalars.count, scalars[position + 1] != "]" {
                position += 1
                guard let scalar = next else { break }
                position += 1
                guard case .range(let high) = try member(scalar), low.lowerBound <= high.upperBound else {
                    throw fault("a range that runs backwards")
                }
                rule.parts.append(.range(low.lowerBound...high.upperBound))
            } else {
                rule.parts.append(part)
            }
        }
        guard take("]") else { throw fault("an unclosed [") }
        return rule
    }

    private mutating func member(_ scalar: Unicode.Scalar) throws(EngagePatternError) -> CharacterSetRule.Part {
        guard scalar == "\\" else { return .range(scalar.value...scalar.value) }
        guard let scalar = next else { throw fault("a \\ with nothing after it") }
        position += 1
        return try escaped(scalar)
    }
}
