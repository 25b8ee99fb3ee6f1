extension Places {
    /// Checks one command of a list: its redirections, its program and that program's words.
    mutating func check(_ command: SimpleCommand) throws(Doubt) {
        for redirection in command.redirections {
            switch redirection {
            case .duplicate: break
            case .read(let word):
                guard !word.isPattern, !word.bytes.isEmpty else {
                    throw Doubt("it reads from a file that a pattern names")
                }
                try checkRead(word)
            case .write(let word): try checkWrite(word)
            }
        }
        let name = try Self.program(command.words[0])
        let words = command.words.dropFirst()
        switch name {
        case "cd":
            guard command.words[0].key == "cd", words.count == 1, !words[1].mayBeOption, words[1].key != "-" else {
                throw Doubt("cd is given something other than one folder")
            }
            try move(to: words[1])
        case "echo": try EchoRule.check(words, in: self)
        case "printf": try PrintfRule.check(words, in: self)
        case "test", "[": try TestRule.check(words, isBracket: name == "[", in: self)
        case "find": try FindRule.check(words, in: self)
        default:
            guard let rule = ProgramRule.all[name] else {
                throw Doubt("\(Doubt.name(command.words[0])) is no program known to only read")
            }
            try rule.check(words, of: name, in: self)
        }
    }

    /// The name of the program: bare, or in the system's folders, of which nobody in a sandbox can write one.
    private static func program(_ word: Word) throws(Doubt) -> String {
        guard !word.isPattern else { throw Doubt("its program is named by a pattern") }
        let text = word.key
        for folder in ["/usr/bin/", "/bin/"] where text.hasPrefix(folder) && !text.dropFirst(folder.count).contains("/")
        {
            return String(text.dropFirst(folder.count))
        }
        if text.utf8.contains(UInt8(ascii: "=")) { throw Doubt("it sets a variable") }
        guard !text.utf8.contains(UInt8(ascii: "/")) else {
            throw Doubt("\(Doubt.name(word)) is no program of the system")
        }
        return text
    }
}
