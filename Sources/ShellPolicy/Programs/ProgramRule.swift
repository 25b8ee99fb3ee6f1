/// When a program only reads.
struct ProgramRule {
    /// What a program takes its operands for.
    enum Operands {
        /// Files and folders that it reads.
        case paths
        /// Text.
        case text
        /// A pattern or filter, unless one of these options gives it, then files.
        case patternThenPaths(unless: Set<String>)
        /// At most one format that begins with `+`: all else sets the clock.
        case clockFormat
        /// None.
        case none
    }

    /// Whether a program reads everything below a path.
    enum Walk {
        case never
        case always
        case with(Set<String>)
    }

    let options: OptionTable
    let operands: Operands
    /// Most operands: with more, some programs write.
    var most: Int?
    var walk: Walk = .never

    init(_ options: OptionTable, _ operands: Operands = .paths, most: Int? = nil, walk: Walk = .never) {
        self.options = options
        self.operands = operands
        self.most = most
        self.walk = walk
    }

    /// Checks the words behind the program's name.
    func check(_ words: ArraySlice<Word>, of program: String, in places: Places) throws(Doubt) {
        let reading = try options.read(words, of: program)
        if let most {
            guard reading.operands.count <= most, !reading.operands.contains(where: \.isPattern) else {
                throw Doubt("\(program) is given more than \(most) \(most == 1 ? "operand" : "operands"), or a pattern")
            }
        }
        let use = use(reading.options)
        for path in reading.paths { try places.checkRead(path) }
        switch operands {
        case .paths:
            for word in reading.operands { try places.checkRead(word, use) }
            if reading.operands.isEmpty, use == .walks { try places.checkCurrent(use) }
        case .text: for word in reading.operands where word.isPattern { try places.checkRead(word) }
        case .patternThenPaths(let unless):
            let isGiven = !reading.options.isDisjoint(with: unless)
            for (index, word) in reading.operands.enumerated() where index > 0 || isGiven || word.isPattern {
                try places.checkRead(word, use)
            }
            if reading.operands.count < (isGiven ? 1 : 2), use == .walks { try places.checkCurrent(use) }
        case .clockFormat:
            guard reading.operands.allSatisfy({ $0.bytes.first == UInt8(ascii: "+") && !$0.isPattern }) else {
                throw Doubt("\(program) may set the clock")
            }
        case .none: guard reading.operands.isEmpty else { throw Doubt("\(program) is given an operand") }
        }
    }

    private func use(_ options: Set<String>) -> Places.Use {
        switch walk {
        case .never: .reads
        case .always: .walks
        case .with(let names): options.isDisjoint(with: names) ? .reads : .walks
        }
    }
}
