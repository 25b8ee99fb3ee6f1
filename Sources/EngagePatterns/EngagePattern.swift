/// A pattern that decides whether a message's text engages an agent.
///
/// Regular expressions without back-references and look-around, so that a match takes time proportional to the text:
/// at most ``longestText`` scalars times ``largestProgram`` steps, whatever pattern and text are. Checked when written.
/// Searches anywhere in the text; case counts unless the pattern starts with `(?i)`.
package struct EngagePattern: Sendable, Equatable {
    /// The most characters of a pattern.
    package static let longestPattern = 500
    /// The part of a message that is looked at, in Unicode scalars.
    package static let longestText = 8192
    /// The most steps of a compiled pattern.
    package static let largestProgram = 2000

    /// The pattern as it was written.
    package let text: String
    private let program: [Step]

    /// Compiles a pattern; throws ``EngagePatternError`` naming the place that is wrong.
    package init(_ text: String) throws(EngagePatternError) {
        guard text.count <= Self.longestPattern else {
            throw EngagePatternError("the pattern is longer than \(Self.longestPattern) characters")
        }
        self.text = text
        var parser = PatternParser(text)
        var compiler = Compiler()
        try compiler.append(try parser.parse())
        program = compiler.steps + [.accept]
    }

    /// True when the pattern occurs in the text; `.` alone takes every text, the empty one too.
    package func matches(_ text: String) -> Bool {
        if self.text == "." { return true }
        var machine = Machine(program: program)
        return machine.run(text.unicodeScalars.prefix(Self.longestText))
    }
}

/// Why a text is no engage pattern.
package struct EngagePatternError: Error, Sendable, Equatable, CustomStringConvertible {
    package let message: String

    init(_ message: String) { self.message = message }

    package var description: String { message }
}

extension EngagePattern {
    fileprivate enum Step: Sendable, Equatable {
        case take(CharacterSetRule)
        case start, end
        case wordBoundary(negated: Bool)
        case split(Int, Int)
        case jump(Int)
        case accept
    }

    fileprivate struct Compiler {
        var steps: [Step] = []
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

    /// Runs all ways through the program at once: every step is looked at once a character.
    fileprivate struct Machine {
        let program: [Step]
        private var current: [Int] = []
        private var following: [Int] = []
        private var marks: [Int]
        private var mark = 0

        init(program: [Step]) {
            self.program = program
            marks = [Int](repeating: -1, count: program.count)
        }

        mutating func run(_ text: some Collection<Unicode.Scalar>) -> Bool {
            var before: Unicode.Scalar?
            for scalar in text {
                mark += 1
                let waiting = current
                current.removeAll(keepingCapacity: true)
                for step in waiting where follow(step, before, scalar) { return true }
                if follow(0, before, scalar) { return true }
                following.removeAll(keepingCapacity: true)
                for step in current {
                    if case .take(let rule) = program[step], rule.contains(scalar) { following.append(step + 1) }
                }
                swap(&current, &following)
                before = scalar
            }
            mark += 1
            let waiting = current
            for step in waiting where follow(step, before, nil) { return true }
            return follow(0, before, nil)
        }

        /// Adds the characters that can come next from this step; true when the end is reached.
        private mutating func follow(_ step: Int, _ before: Unicode.Scalar?, _ after: Unicode.Scalar?) -> Bool {
            var open = [step]
            while let step = open.popLast() {
                guard marks[step] != mark else { continue }
                marks[step] = mark
                switch program[step] {
                case .accept: return true
                case .take: current.append(step)
                case .jump(let target): open.append(target)
                case .split(let first, let second):
                    open.append(second)
                    open.append(first)
                case .start: if before == nil { open.append(step + 1) }
                case .end: if after == nil { open.append(step + 1) }
                case .wordBoundary(let negated):
                    let isBoundary =
                        (before.map(CharacterSetRule.isWord) ?? false) != (after.map(CharacterSetRule.isWord) ?? false)
                    if isBoundary != negated { open.append(step + 1) }
                }
            }
            return false
        }
    }
}
