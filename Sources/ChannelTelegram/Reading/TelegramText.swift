import Core

/// A text of the platform as the agent reads it: what its entities mean beside the letters.
struct TelegramText: Sendable, Equatable {
    /// Links stand behind their words, code between fences; the bot's name is gone from commands and from the front.
    private(set) var text: String
    /// It names the bot.
    private(set) var isMention: Bool

    /// Reads a text; entities that lie outside of it or overlap an earlier one count for nothing.
    init(_ text: String, _ entities: [TelegramEntity], bot: TelegramBot) {
        let units = Array(text.utf16)
        var result = ""
        var place = 0
        var isMention = false
        for entity in entities.sorted(by: { $0.offset < $1.offset }) {
            let end = entity.offset.addingReportingOverflow(entity.length)
            guard entity.offset >= place, entity.length > 0, !end.overflow, end.partialValue <= units.count else {
                continue
            }
            let words = Self.string(units[entity.offset..<end.partialValue])
            let replacement: String
            switch entity.type {
            case "mention" where Self.isName(words.dropFirst(), of: bot):
                isMention = true
                // At the front it is how one speaks to a bot, and no part of what is said.
                replacement = entity.offset == 0 ? "" : words
            case "text_mention" where entity.user?.id == bot.id:
                isMention = true
                replacement = entity.offset == 0 ? "" : words
            case "bot_command":
                guard let at = words.utf8.firstIndex(of: UInt8(ascii: "@")),
                    Self.isName(words[words.utf8.index(after: at)...], of: bot)
                else { continue }
                isMention = true
                replacement = String(words[..<at])
            case "text_link":
                guard let url = entity.url, url != words else { continue }
                replacement = "\(words) (\(url))"
            case "pre":
                replacement = "```\(entity.language ?? "")\n\(words)\n```"
            default: continue
            }
            result += Self.string(units[place..<entity.offset]) + replacement
            place = end.partialValue
        }
        result += Self.string(units[place...])
        let trimmed = result.trimmingWhiteSpace
        self.text = isMention ? (trimmed.isEmpty ? text : trimmed) : result
        self.isMention = isMention
    }

    /// The code of a deep link: what follows `/start`; nil for other text.
    var startCode: String? {
        guard let command = SlashCommand(text), command.name == "start", !command.arguments.isEmpty else { return nil }
        return command.arguments
    }

    private static func string(_ units: ArraySlice<UInt16>) -> String { String(decoding: units, as: UTF16.self) }

    private static func isName(_ text: some StringProtocol, of bot: TelegramBot) -> Bool {
        !bot.username.isEmpty && text.lowercased() == bot.username.lowercased()
    }
}
