import Core
import Glibc

@testable import ShellPolicy

/// Commands that a model wants to run, and whether anybody is asked.
struct ShellCommandsTarget: FuzzTarget {
    static let name = "shell-commands"

    func run(_ input: [UInt8]) {
        let text = String(decoding: input, as: UTF8.self)
        let verdict = judge(text)
        if case .asks(let reason) = verdict {
            require(isShowable(reason), "a reason is one short line without markup: \(reason)")
        }
        guard let list = try? CommandList(text) else {
            require(verdict != .safe, "what is not understood asks")
            return
        }
        plain(text, list)
        if list.commands.count < CommandList.limit, text.utf8.count + 5 <= ShellCommand.lengthLimit {
            require(judge("true\n" + text) == verdict, "a command before it changes nothing")
        }
        require(judge(text + "\nrm x") != .safe, "a command behind it is seen")
        require(judge(text + "\n:") != .safe, "a command behind it is seen")
        guard verdict == .safe else { return }
        require(list.commands.allSatisfy { $0.words.allSatisfy { !$0.bytes.contains(0) } }, "no word holds a NUL")
        // Said once more with quotes around everything it is the same, unless it becomes too long.
        let quoted = Self.quoted(list)
        if quoted.utf8.count <= ShellCommand.lengthLimit,
            !list.commands.contains(where: { $0.words.contains(where: \.isPattern) })
        {
            require(judge(quoted) == .safe, "quotes change nothing: \(quoted)")
        }
        require(
            judge("(" + text + "\n)") != .safe && judge("ls & " + text) != .safe,
            "it asks in a subshell and beside one"
        )
    }

    private func judge(_ text: String) -> ShellCommand.Verdict {
        ShellCommand.judge(text, workingDirectory: "/workspace/agent", workspace: "/workspace/agent")
    }

    private func isShowable(_ reason: String) -> Bool {
        reason.utf8.count < 200
            && reason.utf8.allSatisfy { (0x20..<0x7F).contains($0) && !Array("*`[]()<>#|\\".utf8).contains($0) }
    }

    /// The words of a single command are those of the C library, which parts them as a shell does.
    private func plain(_ text: String, _ list: CommandList) {
        // It knows no comments, makes files of patterns, and takes empty quotes at a word's beginning for a word.
        let bytes = Array(text.utf8)
        let hasEmptyQuotes = zip(bytes, bytes.dropFirst()).contains { $0 == $1 && [0x22, 0x27].contains($0) }
        guard list.commands.count == 1, list.commands[0].redirections.isEmpty, !hasEmptyQuotes,
            !bytes.contains(where: { [UInt8(ascii: "#"), UInt8(ascii: ";"), UInt8(ascii: "\n")].contains($0) }),
            !list.commands[0].words.contains(where: { $0.isPattern || $0.bytes.contains(UInt8(ascii: "[")) })
        else { return }
        var result = wordexp_t()
        guard wordexp(text, &result, Int32(WRDE_NOCMD) | Int32(WRDE_UNDEF)) == 0 else {
            violated("the C library refuses what is accepted: \(text)")
        }
        defer { wordfree(&result) }
        let words = (0..<Int(result.we_wordc)).compactMap { index in
            result.we_wordv[index].map { String(cString: $0) }
        }
        require(words == Self.words(list), "words are the C library's: \(words) \(Self.words(list))")
    }

    private static func words(_ list: CommandList) -> [String] {
        let words = list.commands[0].words.map(\.text)
        #if PLANTED
        // A backslash taken away from before a letter.
        return words.map { $0.replacing("\\n", with: "n") }
        #else
        return words
        #endif
    }

    private static func quoted(_ list: CommandList) -> String {
        list.commands.map { command in
            let words = command.words.map { quoted($0) }
            let redirections = command.redirections.map { redirection in
                switch redirection {
                case .read(let word): "<" + quoted(word)
                case .write(let word): ">" + quoted(word)
                case .duplicate: "2>&1"
                }
            }
            return (words + redirections).joined(separator: " ")
        }.joined(separator: "\n")
    }

    private static func quoted(_ word: Word) -> String {
        "'" + word.text.replacingExactly("'", with: "'\\''") + "'"
    }
}
