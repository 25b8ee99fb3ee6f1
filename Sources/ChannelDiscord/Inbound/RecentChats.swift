import Core

/// Channels in which something was said lately, and the last message that the host has of each: where to look for what
/// was missed when the gateway has lost a session.
struct RecentChats: Sendable, Equatable {
    /// One channel or thread.
    struct Chat: Codable, Sendable, Equatable {
        /// The channel's id.
        var id: String
        var guild: String?
        var parent: String?
        /// The newest message.
        var last: String

        var facts: ChannelFacts { ChannelFacts(guild: guild, parent: parent) }
    }

    /// How many are remembered.
    static let most = 64

    /// The latest first.
    private(set) var chats: [Chat] = []

    init() {}

    /// Reads what ``json()`` wrote; nothing is known of other text.
    init(json: String?) {
        guard let json, let chats = try? JSONText.decode([Chat].self, json) else { return }
        self.chats = Array(chats.filter { Snowflake.isValid($0.id) && Snowflake.isValid($0.last) }.prefix(Self.most))
    }

    func json() throws -> String { try JSONText.encode(chats) }

    /// The host has a message.
    mutating func took(_ message: String, in channel: String, _ facts: ChannelFacts) {
        var chat = Chat(id: channel, guild: facts.guild, parent: facts.parent, last: message)
        if let index = chats.firstIndex(where: { $0.id == channel }) {
            chat.last = Snowflake.later(chats.remove(at: index).last, message)
        }
        chats.insert(chat, at: 0)
        if chats.count > Self.most { chats.removeLast() }
    }

    /// A message that the host does not need, such as the bot's own: a channel that is remembered is read from there.
    mutating func passed(_ message: String, in channel: String) {
        guard let index = chats.firstIndex(where: { $0.id == channel }) else { return }
        chats[index].last = Snowflake.later(chats[index].last, message)
    }

    /// The channel cannot be seen any more.
    mutating func forget(_ channel: String) { chats.removeAll { $0.id == channel } }

    /// The channels of a server.
    func chats(of guild: String) -> [Chat] { chats.filter { $0.guild == guild } }
}
