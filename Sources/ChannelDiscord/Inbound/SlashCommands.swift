import Core

/// The commands that people find when they write a slash.
enum SlashCommands {
    /// One command.
    struct Entry: Sendable, Equatable {
        var name: String
        var description: String
        /// What may be written behind it; nil for a command that takes nothing.
        var words: String?
    }

    /// What the host and its agents know.
    static let all: [Entry] = [
        Entry(name: SlashCommand.stop, description: "Ends what the agent is doing"),
        Entry(
            name: SlashCommand.link,
            description: "Gives you a code that makes another of your handles yours here too",
            words: "The code, where you have one"
        ),
        Entry(name: SlashCommand.clear, description: "Lets the agent forget this conversation (admins)"),
        Entry(
            name: "compact",
            description: "Lets the agent sum up this conversation (admins)",
            words: "What to keep in mind"
        ),
        Entry(name: "context", description: "Shows what fills the agent's context (admins)"),
        Entry(name: "cost", description: "Shows what this conversation has cost (admins)"),
        Entry(name: "files", description: "Shows the agent's files (admins)", words: "Which ones"),
    ]

    /// All of them as the platform takes them, the same bytes each time.
    static var json: String {
        var json = JSONWriter()
        json.array { json in
            for entry in all {
                json.object { json in
                    json.field("name", entry.name)
                    json.field("type", raw: "1")
                    json.field("description", entry.description)
                    guard let words = entry.words else { return }
                    json.key("options")
                    json.array { json in
                        json.object { json in
                            json.field("type", raw: "3")
                            json.field("name", "words")
                            json.field("description", words)
                            json.field("required", raw: "false")
                        }
                    }
                }
            }
        }
        return String(decoding: json.bytes, as: UTF8.self)
    }

    /// A command as somebody would have written it.
    static func text(_ data: WireInteraction.Data) -> String? {
        guard let name = data.name else { return nil }
        let words = (data.options ?? []).compactMap(\.value).map(\.trimmingWhiteSpace).filter { !$0.isEmpty }
        return (["/\(name)"] + words).joined(separator: " ")
    }
}
