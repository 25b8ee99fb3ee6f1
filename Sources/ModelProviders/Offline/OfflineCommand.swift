import Core

/// What a message asks the offline provider to do.
enum OfflineCommand: Equatable {
    /// A tool call; `arguments` is a JSON object.
    case call(tool: String, arguments: String)
    /// An answer at once.
    case say(String)

    static let advice = """
        No model is configured, so I cannot think yet; only plain commands work. Here is how to give me a model:
        bin/nanoclaw providers add NAME --kind openai|anthropic --base-url URL --model M [--key-file FILE]
        bin/nanoclaw groups config update GROUP --provider NAME
        """

    static let help = """
        run <shell command>: runs it in my sandbox
        read <file>: shows a file
        write <file> <text>: writes a file; put a name with spaces in "quotes"
        send <file>: sends you the file
        tell <name> <text>: sends a message to one of my destinations
        remember <text>: keeps a note
        recall <words>: finds notes
        ask <question> | <answer> | <answer>: asks you here, and says what you chose
        at <time> <command>: does that command then, such as at 2026-03-29T09:00 run date
        tasks: lists what is to be done later
        help: this list
        """

    /// Reads a message; its first word decides, upper or lower case.
    ///
    /// `tools` are the names on offer.
    init(_ text: String, tools: Set<String>) {
        let (word, rest) = Self.firstWord(text)
        switch (word.lowercased(), rest.isEmpty) {
        case ("help", _):
            self = .say(Self.advice + "\n\nCommands:\n" + Self.help)
        case ("run", false):
            self = Self.call("shell", ["command": rest], tools)
        case ("read", false):
            self = Self.call("read_file", ["path": Self.unquoted(rest)], tools)
        case ("write", false):
            let (path, content) = Self.path(rest)
            self = content.map { Self.call("write_file", ["path": path, "content": $0], tools) } ?? .say(Self.usage)
        case ("send", false):
            self = Self.call("send_file", ["path": Self.unquoted(rest)], tools)
        case ("tell", false):
            let (name, text) = Self.path(rest)
            self = text.map { Self.call("send_message", ["to": name, "text": $0], tools) } ?? .say(Self.usage)
        case ("remember", false):
            self = Self.call("remember", ["text": rest], tools)
        case ("recall", false):
            self = Self.call("recall", ["query": rest], tools)
        case ("ask", false):
            self = Self.ask(rest, tools)
        case ("at", false):
            let (time, prompt) = Self.firstWord(rest)
            self =
                prompt.isEmpty
                ? .say(Self.usage) : Self.call("schedule_task", ["at": time, "prompt": prompt], tools)
        case ("tasks", true):
            self = Self.call("list_tasks", [:], tools)
        case ("run", true), ("read", true), ("write", true), ("send", true), ("tell", true), ("remember", true),
            ("recall", true), ("ask", true), ("at", true):
            self = .say(Self.usage)
        default:
            self = .say(Self.advice + "\n\nSay \"help\" for the commands.")
        }
    }

    private static let usage = "Something is missing behind that word.\n" + help

    private static func ask(_ text: String, _ tools: Set<String>) -> Self {
        let parts = text.split(separator: "|").map { trimmed($0) }
        guard parts.count > 1, parts.allSatisfy({ !$0.isEmpty }) else { return .say(usage) }
        guard tools.contains("ask_user_question") else { return missing("ask_user_question") }
        var json = JSONWriter()
        json.object { json in
            json.field("title", "A question")
            json.field("question", parts[0])
            json.key("options")
            json.array { json in for answer in parts.dropFirst() { json.value(answer) } }
        }
        return .call(tool: "ask_user_question", arguments: String(decoding: json.bytes, as: UTF8.self))
    }

    private static func missing(_ tool: String) -> Self { .say("The tool \(tool) is not given to this agent.") }

    private static func call(_ tool: String, _ arguments: KeyValuePairs<String, String>, _ tools: Set<String>) -> Self {
        guard tools.contains(tool) else { return missing(tool) }
        var json = JSONWriter()
        json.object { json in
            for (key, value) in arguments { json.field(key, value) }
        }
        return .call(tool: tool, arguments: String(decoding: json.bytes, as: UTF8.self))
    }

    private static func firstWord(_ text: String) -> (String, String) {
        let start = text.drop { $0.isWhitespace }
        let word = start.prefix { !$0.isWhitespace }
        return (String(word), trimmed(start[word.endIndex...]))
    }

    /// The file's name and the text behind it; nil when no text follows.
    private static func path(_ text: String) -> (String, String?) {
        if text.first == "\"", let end = text.dropFirst().firstIndex(of: "\"") {
            let rest = trimmed(text[text.index(after: end)...])
            return (String(text[text.index(after: text.startIndex)..<end]), rest.isEmpty ? nil : rest)
        }
        let (path, rest) = firstWord(text)
        return (path, rest.isEmpty ? nil : rest)
    }

    private static func unquoted(_ text: String) -> String {
        guard text.count > 2, text.first == "\"", text.last == "\"" else { return text }
        return String(text.dropFirst().dropLast())
    }

    private static func trimmed(_ text: Substring) -> String {
        let start = text.drop { $0.isWhitespace }
        let end = start.lastIndex { !$0.isWhitespace }.map { start.index(after: $0) } ?? start.startIndex
        return String(start[..<end])
    }
}
