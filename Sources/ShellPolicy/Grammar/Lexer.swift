/// What a command is made of.
enum Token: Equatable {
    /// What stands between two commands.
    enum Separator { case and, or, pipe, semicolon, newline }

    case word(Word)
    case redirection(Redirection)
    case separator(Separator)
}

/// Where a command's input or output goes.
enum Redirection: Equatable {
    /// `<`.
    case read(Word)
    /// `>` and `>>` of descriptor 1 or 2.
    case write(Word)
    /// `2>&1` and `1>&2`.
    case duplicate
}

/// Parts a command into tokens: the common part of how bash and dash do it (POSIX.1-2017, Shell Command Language 2.2, 2.3).
struct Lexer {
    private let bytes: [UInt8]
    private var position = 0

    init(_ command: String) throws(Doubt) {
        guard command.utf8.count <= ShellCommand.lengthLimit else {
            throw Doubt("it is longer than \(ShellCommand.lengthLimit) bytes")
        }
        for scalar in command.unicodeScalars where !Self.isPlain(scalar) {
            throw Doubt("it holds a control character or an unusual blank")
        }
        bytes = Array(command.utf8)
    }

    /// Whether a character is none that a shell or a reader may take for something else.
    private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII { return scalar.value >= 0x20 && scalar.value != 0x7F || scalar == "\n" || scalar == "\t" }
        switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .spaceSeparator, .lineSeparator,
            .paragraphSeparator:
            return false
        default: return !scalar.properties.isWhitespace && !scalar.properties.isDefaultIgnorableCodePoint
        }
    }

    private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

    private var following: UInt8? { position + 1 < bytes.count ? bytes[position + 1] : nil }

    /// The next token; nil at the end.
    mutating func next() throws(Doubt) -> Token? {
        while let byte = current, byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") { position += 1 }
        guard let byte = current else { return nil }
        switch byte {
        case UInt8(ascii: "\n"):
            position += 1
            return .separator(.newline)
        case UInt8(ascii: ";"):
            position += 1
            if current == UInt8(ascii: ";") { throw Doubt("it holds two semicolons") }
            return .separator(.semicolon)
        case UInt8(ascii: "&"):
            guard following == UInt8(ascii: "&") else { throw Doubt("it starts something in the background") }
            position += 2
            return .separator(.and)
        case UInt8(ascii: "|"):
            position += 1
            if current == UInt8(ascii: "&") { throw Doubt("it holds a pipe for errors") }
            guard current == UInt8(ascii: "|") else { return .separator(.pipe) }
            position += 1
            return .separator(.or)
        case UInt8(ascii: "#"):
            try skipComment()
            return try next()
        case UInt8(ascii: "<"), UInt8(ascii: ">"): return .redirection(try redirection(nil))
        default:
            let word = try word()
            // A number that touches the arrow is the descriptor's, of which shells read one digit or several.
            guard word.isNumber, current == UInt8(ascii: "<") || current == UInt8(ascii: ">") else {
                return .word(word)
            }
            return .redirection(try redirection(word))
        }
    }

    private mutating func skipComment() throws(Doubt) {
        while let byte = current, byte != UInt8(ascii: "\n") {
            if byte == UInt8(ascii: "\\"), following == UInt8(ascii: "\n") {
                throw Doubt("a comment ends with a backslash")
            }
            position += 1
        }
    }

    // MARK: - Redirections

    private mutating func redirection(_ number: Word?) throws(Doubt) -> Redirection {
        let arrow = current
        position += 1
        if let number {
            let allowed = arrow == UInt8(ascii: "<") ? ["0"] : ["1", "2"]
            guard !number.isQuoted, allowed.contains(number.text) else {
                throw Doubt("it redirects a descriptor other than input, output and errors")
            }
        }
        if arrow == UInt8(ascii: "<") {
            switch current {
            case UInt8(ascii: "<"): throw Doubt("it holds a here-document")
            case UInt8(ascii: "&"), UInt8(ascii: ">"): throw Doubt("it holds an unusual redirection")
            default: return .read(try target())
            }
        }
        switch current {
        case UInt8(ascii: ">"):
            position += 1
            return .write(try target())
        case UInt8(ascii: "|"): throw Doubt("it holds an unusual redirection")
        case UInt8(ascii: "&"):
            position += 1
            guard current == UInt8(ascii: "1") || current == UInt8(ascii: "2"), endsWord(at: position + 1) else {
                throw Doubt("it holds an unusual redirection")
            }
            position += 1
            return .duplicate
        default: return .write(try target())
        }
    }

    private func endsWord(at position: Int) -> Bool {
        guard position < bytes.count else { return true }
        return [" ", "\t", "\n", ";", "|"].contains(Unicode.Scalar(bytes[position]))
    }

    private mutating func target() throws(Doubt) -> Word {
        while let byte = current, byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") { position += 1 }
        switch current {
        case nil, UInt8(ascii: "\n"), UInt8(ascii: ";"), UInt8(ascii: "&"), UInt8(ascii: "|"), UInt8(ascii: "<"),
            UInt8(ascii: ">"), UInt8(ascii: "#"):
            throw Doubt("a redirection names no file")
        default:
            let word = try word()
            // To the shell that number belongs to the arrow behind it.
            guard !word.isNumber || current != UInt8(ascii: "<") && current != UInt8(ascii: ">") else {
                throw Doubt("a redirection names no file")
            }
            return word
        }
    }

    // MARK: - Words

    /// The word that begins here, up to a blank or an operator.
    private mutating func word() throws(Doubt) -> Word {
        var word = Word()
        let start = position
        while let byte = current {
            switch byte {
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\n"), UInt8(ascii: ";"), UInt8(ascii: "&"),
                UInt8(ascii: "|"), UInt8(ascii: "<"), UInt8(ascii: ">"):
                return word
            case UInt8(ascii: "'"): try singleQuoted(&word)
            case UInt8(ascii: "\""): try doubleQuoted(&word)
            case UInt8(ascii: "\\"): try escaped(&word)
            default:
                try unquoted(byte, &word, isFirst: position == start)
                position += 1
            }
        }
        return word
    }

    private func unquoted(_ byte: UInt8, _ word: inout Word, isFirst: Bool) throws(Doubt) {
        switch byte {
        case UInt8(ascii: "$"), UInt8(ascii: "`"): throw Doubt("it holds a substitution")
        case UInt8(ascii: "("), UInt8(ascii: ")"): throw Doubt("it holds a parenthesis outside of quotes")
        case UInt8(ascii: "{"), UInt8(ascii: "}"): throw Doubt("it holds a brace outside of quotes")
        case UInt8(ascii: "^"): throw Doubt("it holds a caret outside of quotes")
        case UInt8(ascii: "*"), UInt8(ascii: "?"): word.appendWildcard(byte)
        case UInt8(ascii: "["):
            // The name of the test program is a word of its own; anything else begins a set, which shells read differently.
            guard isFirst, endsWord(at: position + 1) else { throw Doubt("it holds a pattern with a bracket") }
            word.append(byte)
        case UInt8(ascii: "~"):
            // Home directories: at the start of a word, and behind = and : in what looks like an assignment.
            let before = isFirst ? nil : bytes[position - 1]
            guard let before, before != UInt8(ascii: "="), before != UInt8(ascii: ":") else {
                throw Doubt("it holds a tilde for a home directory")
            }
            word.append(byte)
        default: word.append(byte)
        }
    }

    private mutating func singleQuoted(_ word: inout Word) throws(Doubt) {
        position += 1
        word.isQuoted = true
        while let byte = current {
            position += 1
            if byte == UInt8(ascii: "'") { return }
            word.append(byte)
        }
        throw Doubt("a quote is not closed")
    }

    private mutating func doubleQuoted(_ word: inout Word) throws(Doubt) {
        position += 1
        word.isQuoted = true
        while let byte = current {
            switch byte {
            case UInt8(ascii: "\""):
                position += 1
                return
            case UInt8(ascii: "$"), UInt8(ascii: "`"): throw Doubt("it holds a substitution")
            case UInt8(ascii: "\\"):
                switch following {
                case nil: throw Doubt("a quote is not closed")
                case UInt8(ascii: "\n"): throw Doubt("it goes on behind a backslash at the end of a line")
                case UInt8(ascii: "$"), UInt8(ascii: "`"), UInt8(ascii: "\""), UInt8(ascii: "\\"):
                    word.append(bytes[position + 1])
                    position += 2
                default:
                    word.append(byte)
                    position += 1
                }
            default:
                word.append(byte)
                position += 1
            }
        }
        throw Doubt("a quote is not closed")
    }

    private mutating func escaped(_ word: inout Word) throws(Doubt) {
        guard let byte = following else { throw Doubt("it ends with a backslash") }
        if byte == UInt8(ascii: "\n") { throw Doubt("it goes on behind a backslash at the end of a line") }
        guard byte < 0x80 else { throw Doubt("a backslash stands before a letter that is not ASCII") }
        word.isQuoted = true
        word.append(byte)
        position += 2
    }
}
