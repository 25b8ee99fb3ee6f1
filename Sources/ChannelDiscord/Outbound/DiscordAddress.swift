import ChannelKit
import Core

/// A chat of Discord: `discord:<application>:<server or @me>/<channel>`, with threads as threads.
struct DiscordAddress: Sendable, Equatable {
    static let channelName = "discord"
    /// In place of a server's id in direct chats.
    static let direct = "@me"

    /// Nil for a direct chat.
    var guild: String?
    /// The channel; of a thread the channel that it hangs from.
    var channel: String
    var thread: String?

    init(guild: String?, channel: String, thread: String? = nil) {
        self.guild = guild
        self.channel = channel
        self.thread = thread
    }

    /// Reads an address of this account; throws ``ChannelError`` for any other.
    init(_ address: ChatAddress, account: String) throws(ChannelError) {
        let prefix = "\(Self.channelName):\(account):"
        let rest = address.platformID.utf8.starts(with: prefix.utf8) ? address.platformID.dropFirst(prefix.count) : ""
        let parts = rest.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard address.channel == Self.channelName, parts.count == 2, Snowflake.isValid(parts[1]),
            parts[0] == Self.direct || Snowflake.isValid(parts[0]),
            address.thread.map(Snowflake.isValid) ?? true
        else {
            throw ChannelError(
                .rejected,
                "\"\(address.platformID.prefix(120))\" is no chat of this account: one is"
                    + " \(prefix)<server or \(Self.direct)>/<channel>"
            )
        }
        self.init(guild: parts[0] == Self.direct ? nil : parts[0], channel: parts[1], thread: address.thread)
    }

    /// Where messages are sent: a thread is a channel of its own.
    var target: String { thread ?? channel }

    /// A direct chat is not.
    var isGroup: Bool { guild != nil }

    func chat(account: String) -> ChatAddress {
        ChatAddress(
            channel: Self.channelName,
            platformID: "\(Self.channelName):\(account):\(guild ?? Self.direct)/\(channel)",
            thread: thread
        )
    }
}
