@testable import Commands

/// What people type: the order of a command's arguments, and the keys of the chat's line editor.
struct CommandLineTarget: FuzzTarget {
    static let name = "command-line"

    func run(_ input: [UInt8]) {
        var choices = Choices(input)
        if choices.flag() { arguments(&choices) } else { keys(&choices) }
    }

    // MARK: - Arguments

    private func arguments(_ choices: inout Choices) {
        let usual = ["--home", "--home=/h", "--", "chat", "-m", "groups", "--json", "/h", ""]
        var words: [String] = []
        while !choices.isEmpty, words.count < 12 {
            let kind = choices.below(usual.count + 3)
            words.append(kind < usual.count ? usual[kind] : choices.text(16))
        }
        let sorted = Self.normalized(words)
        require(Self.normalized(sorted) == sorted, "what is in order stays as it is: \(words) \(sorted)")
        require(Set(sorted).isSubset(of: words), "no word is invented")
        // What follows `--` belongs to somebody else, whatever it looks like.
        let tail = words.firstIndex(of: "--").map { Array(words[$0...]) }
        if let tail, words.first?.hasPrefix("--home") != true {
            require(Array(sorted.suffix(tail.count)) == tail, "what follows -- is left alone: \(words) \(sorted)")
        }
        if let first = sorted.first, sorted.prefix(while: { $0 != "--" }).contains(where: { !$0.hasPrefix("--home") }) {
            require(first != "--home=/h", "no home stands before the verb: \(words) \(sorted)")
        }
    }

    private static func normalized(_ words: [String]) -> [String] {
        #if PLANTED
        // Words behind `--` that are taken for the program's own.
        let sorted = ArgumentOrder.normalized(words)
        return sorted.contains("--") && sorted.last == "--home=/h" ? Array(sorted.dropLast()) : sorted
        #else
        return ArgumentOrder.normalized(words)
        #endif
    }

    // MARK: - Keys

    private func keys(_ choices: inout Choices) {
        let count = choices.below(6)
        var cuts = Choices((0..<6).map { _ in choices.byte() })
        let bytes = choices.remainder()
        let whole = decoded([bytes[...]])
        let cut = decoded(cuts.pieces(of: bytes, count: count))
        require(whole == cut, "keys cut anywhere are the same keys")
        var line = LineBuffer(history: ["one", "two\nlines", "e\u{301}"])
        for key in whole {
            if !line.edit(key), key == .enter { _ = line.submit() }
            require((0...line.characters.count).contains(line.cursor), "the cursor stands in the text")
            require(
                String(line.characters) == line.text && Array(line.text) == line.characters,
                "the text is its characters"
            )
            let layout = PromptLayout(prompt: "> ", text: line.characters, cursor: line.cursor, width: 20)
            require((0...layout.lastRow).contains(layout.cursorRow), "the cursor stands in a row")
            require((0...20).contains(layout.cursorColumn), "the cursor stands on the screen")
        }
    }

    /// The keys, with texts that follow each other joined: a cut may part them.
    private func decoded(_ pieces: [ArraySlice<UInt8>]) -> [Key] {
        var decoder = KeyDecoder()
        var keys: [Key] = []
        for key in pieces.flatMap({ decoder.append($0) }) {
            if case .text(let more) = key, case .text(let text)? = keys.last {
                keys[keys.count - 1] = .text(text + more)
            } else {
                keys.append(key)
            }
        }
        for case .paste(let text) in keys {
            require(
                !text.unicodeScalars.contains { $0.value < 0x20 && ![9, 10].contains($0.value) },
                "a paste holds no control characters"
            )
        }
        return keys
    }
}
