/// A pattern that decides whether a message's text engages an agent.
///
/// Regular expressions without back-references and look-around, so that a match takes time proportional to the text:
/// at most ``mostLooks`` looks a scalar of at most ``longestText``, whatever pattern and text are. Checked when written.
/// Searches anywhere in the text; case counts unless the pattern starts with `(?i)`.
package struct EngagePattern: Sendable, Equatable {
    /// The most Unicode scalars of a pattern: four bytes each at most.
    package static let longestPattern = 500
    /// The part of a message that is looked at, in Unicode scalars.
    package static let longestText = 8192
    /// The most steps of a compiled pattern.
    package static let largestProgram = 2000
    /// The most looks that one scalar of a text takes: at each step, by each way that leads there, and at each member of
    /// each class of the pattern once.
    static let mostLooks = 3 * largestProgram + longestPattern

    /// The pattern as it was written.
    package let text: String
    private let program: [PatternStep]
    private let rules: [CharacterSetRule]

    /// Compiles a pattern; throws ``EngagePatternError`` naming the place that is wrong.
    package init(_ text: String) throws(EngagePatternError) {
        // Not characters: one of those may have any number of marks.
        guard text.unicodeScalars.count <= Self.longestPattern else {
            throw EngagePatternError("the pattern is longer than \(Self.longestPattern) characters")
        }
        self.text = text
        var parser = PatternParser(text)
        var compiler = Compiler()
        try compiler.append(try parser.parse())
        program = compiler.steps + [.accept]
        rules = parser.rules
    }

    /// True when the pattern occurs in the text; `.` alone takes every text, the empty one too.
    package func matches(_ text: String) -> Bool { search(text).isMatch }

    /// The same, with how often a step or a member of a class was looked at.
    func search(_ text: String) -> (isMatch: Bool, looks: Int) {
        if self.text == "." { return (true, 0) }
        var machine = PatternMachine(program: program, rules: rules)
        let isMatch = machine.run(text.unicodeScalars.prefix(Self.longestText))
        return (isMatch, machine.looks)
    }
}

/// Why a text is no engage pattern.
package struct EngagePatternError: Error, Sendable, Equatable, CustomStringConvertible {
    package let message: String

    init(_ message: String) { self.message = message }

    package var description: String { message }
}

extension EngagePattern {
    fileprivate struct Compiler {
        var steps: [PatternStep] = []
        /// How often a part was compiled: one that takes no step may still be repeated without end.
        private var visits = 0

        mutating func append(_ node: PatternNode) throws(EngagePatternError) {
            visits += 1
            guard steps.count < EngagePattern.largestProgram, visits < 32 * EngagePattern.largestProgram else {
                throw EngagePatternError(
                    "the pattern repeats too much: it has over \(EngagePattern.largestProgram) steps"
                )
            }
            switch node {
            case .empty: break
            case .one(let rule): steps.append(.take(rule))
            case .start: steps.append(.start)
            case .end: steps.append(.end)
            case .wordBoundary(let negated): steps.append(.wordBoundary(negated: negated))
            case .sequence(let nodes):
                for node in nodes { try append(node) }
            case .either(let nodes): try appendEither(nodes[...])
            case .repeated(let node, let low, let high):
                for _ in 0..<low { try append(node) }
                guard let high else { return try appendLoop(node) }
                for _ in low..<max(low, high) { try appendOptional(node) }
            }
        }

        private mutating func appendEither(_ nodes: ArraySlice<PatternNode>) throws(EngagePatternError) {
            guard let first = nodes.first else { return }
            guard nodes.count > 1 else { return try append(first) }
            let split = steps.count
            steps.append(.accept)
            try append(first)
            let jump = steps.count
            steps.append(.accept)
            steps[split] = .split(split + 1, steps.count)
            try appendEither(nodes.dropFirst())
            steps[jump] = .jump(steps.count)
        }

        private mutating func appendLoop(_ node: PatternNode) throws(EngagePatternError) {
            let split = steps.count
            steps.append(.accept)
            try append(node)
            steps.append(.jump(split))
            steps[split] = .split(split + 1, steps.count)
        }

        private mutating func appendOptional(_ node: PatternNode) throws(EngagePatternError) {
            let split = steps.count
            steps.append(.accept)
            try append(node)
            steps[split] = .split(split + 1, steps.count)
        }
    }
}
