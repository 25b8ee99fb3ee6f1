import Core

/// The bot itself, as texts speak to it.
struct TelegramBot: Sendable, Equatable {
    var id: Int64
    /// Without `@`; empty when it is not known.
    var username: String
}

/// Names of chats: `telegram:<bot's id>:<chat's id>`, with the topic as thread.
struct TelegramChats: Sendable {
    static let channel = "telegram"

    let bot: Int64

    func address(_ chat: Int64, topic: String? = nil) -> ChatAddress {
        ChatAddress(channel: Self.channel, platformID: platformID(chat), thread: topic)
    }

    func platformID(_ chat: Int64) -> String { "\(Self.channel):\(bot):\(chat)" }

    /// The chat's number; nil for an address that is none of this bot's.
    func chat(_ address: ChatAddress) -> Int64? {
        let parts = address.platformID.split(separator: ":", omittingEmptySubsequences: false)
        guard address.channel == Self.channel, parts.count == 3, parts[0] == Self.channel, parts[1] == "\(bot)",
            let chat = Int64(parts[2]), chat != 0
        else { return nil }
        return chat
    }
}
