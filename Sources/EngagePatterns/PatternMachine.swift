/// One step of a compiled pattern.
enum PatternStep: Sendable, Equatable {
    /// A character that the rule with this number takes.
    case take(Int)
    case start, end
    case wordBoundary(negated: Bool)
    case split(Int, Int)
    case jump(Int)
    case accept
}

/// Runs all ways through the program at once.
///
/// Whatever asks for the character alone is worked out once for it: a rule stands at as many steps as its repetitions make.
struct PatternMachine {
    /// How often a step or a member of a class was looked at.
    private(set) var looks = 0

    private let program: [PatternStep]
    private let rules: [CharacterSetRule]
    private let ignoresCase: Bool
    private var current: [Int] = []
    private var following: [Int] = []
    /// The character at which a step was reached last, and at which a rule was asked last, with its answer.
    private var marks: [Int]
    private var answers: [(mark: Int, takes: Bool)]
    private var mark = 0
    private var isStart = true, isEnd = false, isBoundary = false

    init(program: [PatternStep], rules: [CharacterSetRule]) {
        self.program = program
        self.rules = rules
        ignoresCase = rules.contains(where: \.ignoresCase)
        marks = [Int](repeating: -1, count: program.count)
        answers = [(mark: Int, takes: Bool)](repeating: (-1, false), count: rules.count)
    }

    mutating func run(_ text: some Collection<Unicode.Scalar>) -> Bool {
        var isBehindWord = false
        for scalar in text {
            let isWord = CharacterSetRule.isWord(scalar)
            isBoundary = isBehindWord != isWord
            if enter() { return true }
            let other = ignoresCase ? CharacterSetRule.folded(scalar) : []
            following.removeAll(keepingCapacity: true)
            for step in current {
                if case .take(let rule) = program[step], takes(rule, scalar, other) { following.append(step + 1) }
            }
            swap(&current, &following)
            isStart = false
            isBehindWord = isWord
        }
        isBoundary = isBehindWord
        isEnd = true
        return enter()
    }

    /// Goes on to the steps that take the next character, also from the pattern's beginning; true when its end is reached.
    private mutating func enter() -> Bool {
        mark += 1
        let waiting = current
        current.removeAll(keepingCapacity: true)
        for step in waiting where follow(step) { return true }
        return follow(0)
    }

    private mutating func takes(_ rule: Int, _ scalar: Unicode.Scalar, _ other: [UInt32]) -> Bool {
        if answers[rule].mark != mark {
            looks += rules[rule].parts.count
            answers[rule] = (mark, rules[rule].contains(scalar, other))
        }
        return answers[rule].takes
    }

    /// Adds the steps that can take the next character from this one; true when the end is reached.
    private mutating func follow(_ step: Int) -> Bool {
        var open = [step]
        while let step = open.popLast() {
            looks += 1
            guard marks[step] != mark else { continue }
            marks[step] = mark
            switch program[step] {
            case .accept: return true
            case .take: current.append(step)
            case .jump(let target): open.append(target)
            case .split(let first, let second):
                open.append(second)
                open.append(first)
            case .start: if isStart { open.append(step + 1) }
            case .end: if isEnd { open.append(step + 1) }
            case .wordBoundary(let negated): if isBoundary != negated { open.append(step + 1) }
            }
        }
        return false
    }
}
