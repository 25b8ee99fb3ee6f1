/// `echo`: whatever it is given, it says.
enum EchoRule {
    static func check(_ words: ArraySlice<Word>, in places: Places) throws(Doubt) {
        for word in words where word.isPattern {
            guard !word.mayBeOption else { throw Doubt("a pattern may name an option of echo") }
            try places.checkRead(word)
        }
    }
}

/// `printf`: bash has conversions and an option that set variables, `PATH` among them.
enum PrintfRule {
    static func check(_ words: ArraySlice<Word>, in places: Places) throws(Doubt) {
        var rest = words
        let isEnded = rest.first?.bytes == Array("--".utf8)
        if isEnded { rest.removeFirst() }
        guard let format = rest.popFirst() else { return }
        guard !format.isPattern, isEnded || format.bytes.first != UInt8(ascii: "-"), isPlain(format) else {
            throw Doubt("printf is given a format that may do more than print")
        }
        try EchoRule.check(rest, in: places)
    }

    /// Whether every `%` begins a conversion that POSIX has.
    private static func isPlain(_ format: Word) -> Bool {
        var rest = format.bytes[...]
        while let place = rest.firstIndex(of: UInt8(ascii: "%")) {
            rest = rest[(place + 1)...]
            if rest.first == UInt8(ascii: "%") {
                rest.removeFirst()
                continue
            }
            rest = rest.drop { Array("-+ #0123456789.".utf8).contains($0) }
            guard let conversion = rest.popFirst(), Array("diouxXeEfFgGcsb".utf8).contains(conversion) else {
                return false
            }
        }
        return true
    }
}

/// `test` and `[`: bash evaluates what stands behind `-v` and `-R`, substitutions in it too.
///
/// POSIX decides by the number of words; only its forms of one to four are taken, with operators that both shells have.
enum TestRule {
    private static let fileOperators: Set<String> = [
        "-b", "-c", "-d", "-e", "-f", "-g", "-h", "-L", "-p", "-r", "-S", "-s", "-u", "-w", "-x", "-O", "-G", "-k",
    ]
    private static let textOperators: Set<String> = ["-n", "-z"]
    private static let comparisons: Set<String> = ["=", "!=", "-eq", "-ne", "-gt", "-ge", "-lt", "-le"]
    private static let fileComparisons: Set<String> = ["-nt", "-ot", "-ef"]

    static func check(_ words: ArraySlice<Word>, isBracket: Bool, in places: Places) throws(Doubt) {
        var rest = Array(words)
        let doubt = Doubt("test is given something other than one plain comparison")
        guard !rest.contains(where: \.isPattern) else { throw doubt }
        if isBracket { guard rest.popLast()?.key == "]" else { throw doubt } }
        if rest.count > 1, rest[0].key == "!" { rest.removeFirst() }
        switch rest.count {
        case 1: guard rest[0].bytes.first != UInt8(ascii: "-") else { throw doubt }
        case 2:
            if Self.fileOperators.contains(rest[0].key) {
                try places.checkRead(rest[1])
            } else if !Self.textOperators.contains(rest[0].key) {
                throw doubt
            }
        case 3:
            if Self.fileComparisons.contains(rest[1].key) {
                try places.checkRead(rest[0])
                try places.checkRead(rest[2])
            } else if !Self.comparisons.contains(rest[1].key) {
                throw doubt
            }
        default: throw doubt
        }
    }
}
