/// One program with its words and redirections.
struct SimpleCommand {
    var words: [Word] = []
    var redirections: [Redirection] = []

    var isEmpty: Bool { words.isEmpty && redirections.isEmpty }
}

/// A list of simple commands joined by `;`, newlines, `&&`, `||` and `|`.
///
/// How they are joined does not matter: each must be safe whether the others run or not.
struct CommandList {
    private(set) var commands: [SimpleCommand] = []

    /// Most commands of one list; more ask.
    static let limit = 64

    init(_ text: String) throws(Doubt) {
        var lexer = try Lexer(text)
        var command = SimpleCommand()
        // Whether the list may neither end here nor go on with `;`.
        var isOpen = false
        while let token = try lexer.next() {
            switch token {
            case .word(let word): command.words.append(word)
            case .redirection(let redirection): command.redirections.append(redirection)
            case .separator(.newline): if !command.isEmpty { try end(&command, &isOpen) }
            case .separator(let separator):
                guard !command.isEmpty else { throw Doubt("a command is missing between two of its signs") }
                try end(&command, &isOpen)
                isOpen = separator != .semicolon
            }
        }
        if !command.isEmpty { try end(&command, &isOpen) }
        guard !isOpen else { throw Doubt("a command is missing at its end") }
        guard !commands.isEmpty else { throw Doubt("it holds no command") }
    }

    private mutating func end(_ command: inout SimpleCommand, _ isOpen: inout Bool) throws(Doubt) {
        guard !command.words.isEmpty else { throw Doubt("a redirection stands without a program") }
        guard commands.count < Self.limit else { throw Doubt("it holds more than \(Self.limit) commands") }
        commands.append(command)
        command = SimpleCommand()
        isOpen = false
    }
}
