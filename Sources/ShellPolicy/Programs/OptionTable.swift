/// The options of a program that are known to be harmless; every other asks, abbreviations too.
struct OptionTable {
    /// What a value of an option is.
    private enum Value { case none, text, path, attachedOnly }

    /// What was found in a program's words.
    struct Reading {
        /// The options given: a short one by its letter, a long one by its name.
        var options: Set<String> = []
        var operands: [Word] = []
        /// The values that are paths.
        var paths: [Word] = []
    }

    private var short: [UInt8: Value] = [:]
    private var long: [String: Value] = [:]
    private let hasNumbers: Bool
    private let hasNegativeOperands: Bool

    /// A table of options.
    ///
    /// - Parameters:
    ///   - flags: Letters of short options without a value.
    ///   - values: Letters of those with one, in the same word or in the next.
    ///   - paths: The same where the value is a path that is read.
    ///   - attached: Letters whose value, if any, is in the same word.
    ///   - long: Names without `--`, parted by blanks: `name`, `name=` (a value), `name=/` (a path), `name?` (a value only behind
    ///     an equals sign).
    ///   - hasNumbers: Whether `-5` is an option.
    ///   - hasNegativeOperands: Whether `-5` is an operand.
    init(
        _ flags: String = "",
        values: String = "",
        paths: String = "",
        attached: String = "",
        long: String = "",
        hasNumbers: Bool = false,
        hasNegativeOperands: Bool = false
    ) {
        for byte in flags.utf8 { short[byte] = Value.none }
        for byte in values.utf8 { short[byte] = .text }
        for byte in paths.utf8 { short[byte] = .path }
        for byte in attached.utf8 { short[byte] = .attachedOnly }
        for name in long.split(separator: " ") {
            if name.hasSuffix("=/") {
                self.long[String(name.dropLast(2))] = .path
            } else if name.hasSuffix("=") {
                self.long[String(name.dropLast())] = .text
            } else if name.hasSuffix("?") {
                self.long[String(name.dropLast())] = .attachedOnly
            } else {
                self.long[String(name)] = Value.none
            }
        }
        self.hasNumbers = hasNumbers
        self.hasNegativeOperands = hasNegativeOperands
    }

    /// Parts a program's words, as GNU's `getopt_long` does: options may stand behind operands, up to `--`.
    func read(_ words: ArraySlice<Word>, of program: String) throws(Doubt) -> Reading {
        var reading = Reading()
        var rest = words
        while let word = rest.popFirst() {
            if !word.isPattern, word.bytes == Array("--".utf8) {
                reading.operands += rest
                return reading
            }
            guard word.mayBeOption, !isNegativeOperand(word) else {
                reading.operands.append(word)
                continue
            }
            guard !word.isPattern else { throw Doubt("a pattern may name an option of \(program)") }
            if word.bytes[1] == UInt8(ascii: "-") {
                try readLong(word, &rest, &reading, program)
            } else if !(hasNumbers && Word(word.bytes.dropFirst()).isNumber) {
                try readShort(word, &rest, &reading, program)
            }
        }
        return reading
    }

    private func isNegativeOperand(_ word: Word) -> Bool {
        hasNegativeOperands && word.bytes.count > 1
            && (word.bytes[1] == UInt8(ascii: ".") || Word([word.bytes[1]]).isNumber) && !word.isPattern
    }

    private func readShort(
        _ word: Word,
        _ rest: inout ArraySlice<Word>,
        _ reading: inout Reading,
        _ program: String
    ) throws(Doubt) {
        for (offset, byte) in word.bytes.enumerated().dropFirst() {
            guard let value = short[byte] else { throw Self.unknown(word, program) }
            reading.options.insert(String(Unicode.Scalar(byte)))
            if value == .none { continue }
            let tail = Word(word.bytes.dropFirst(offset + 1))
            switch value {
            case .attachedOnly: return
            case .text where tail.bytes.isEmpty: _ = try Self.value(&rest, word, program)
            case .path: reading.paths.append(tail.bytes.isEmpty ? try Self.value(&rest, word, program) : tail)
            default: break
            }
            return
        }
    }

    private func readLong(
        _ word: Word,
        _ rest: inout ArraySlice<Word>,
        _ reading: inout Reading,
        _ program: String
    ) throws(Doubt) {
        let parts = word.bytes.dropFirst(2).split(
            separator: UInt8(ascii: "="),
            maxSplits: 1,
            omittingEmptySubsequences: false
        )
        let name = Word(parts[0]).key
        guard let value = long[name], value != .none || parts.count == 1 else { throw Self.unknown(word, program) }
        reading.options.insert(name)
        guard value == .text || value == .path else { return }
        let given = parts.count == 2 ? Word(parts[1]) : try Self.value(&rest, word, program)
        if value == .path { reading.paths.append(given) }
    }

    /// The next word as an option's value.
    ///
    /// One that looks like an option, if it is no number, or is a pattern asks: nothing is hidden from this table if a
    /// program's version takes no value here.
    private static func value(
        _ rest: inout ArraySlice<Word>,
        _ option: Word,
        _ program: String
    ) throws(Doubt) -> Word {
        guard let word = rest.popFirst(), !word.isPattern,
            word.bytes.first != UInt8(ascii: "-") || Word(word.bytes.dropFirst()).isNumber
        else {
            throw Doubt("an option of \(program) has no plain value")
        }
        return word
    }

    private static func unknown(_ word: Word, _ program: String) -> Doubt {
        Doubt("\(program) is given \(Doubt.name(word)), which is no option known to only read")
    }
}
