package import Core

/// Who the account is in its workspace, as `auth.test` says.
package struct SlackSelf: Sendable, Equatable {
    /// The id of its team, `T…`.
    package var team: String
    /// The bot's user, `U…`: what mentions name.
    package var user: String
    /// The bot's id, `B…`: what its own messages carry.
    package var bot: String?

    package init(team: String, user: String, bot: String?) {
        self.team = team
        self.user = user
        self.bot = bot
    }
}

/// How Slack's ids stand in ours.
package enum SlackIDs {
    /// The key of the channel in addresses.
    package static let channel = "slack"

    /// `slack:<team>:<conversation>`.
    package static func platformID(team: String, _ conversation: String) -> String {
        "\(channel):\(escaped(team)):\(escaped(conversation))"
    }

    /// The address of a conversation, or of a thread in it by the ts of its root.
    package static func address(team: String, _ conversation: String, thread: String? = nil) -> ChatAddress {
        ChatAddress(channel: channel, platformID: platformID(team: team, conversation), thread: thread)
    }

    /// The conversation of an address of this team; nil for another's.
    package static func conversation(_ address: ChatAddress, team: String) -> String? {
        let prefix = "\(channel):\(escaped(team)):"
        guard address.channel == channel, address.platformID.hasPrefix(prefix) else { return nil }
        let id = String(address.platformID.dropFirst(prefix.count))
        return isPlain(id) ? id : nil
    }

    /// A person's stable id: `<team>:<user>`, because Slack promises a user's id to be unique in a team only.
    package static func native(team: String, user: String) -> String { "\(team):\(user)" }

    /// The user of a stable id; nil for other text.
    package static func user(native: String) -> String? {
        let parts = native.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, isPlain(parts[0]), isUser(parts[1]) else { return nil }
        return parts[1]
    }

    /// Whether a text is of the form of a user's id, or of a bot's (`B…`) which writes without a user.
    package static func isUser(_ text: String) -> Bool {
        isPlain(text) && text.utf8.count >= 2 && "UWB".contains(text.first ?? " ")
    }

    /// Whether a text is the ts of a message: seconds, a point and six digits; never read as a number.
    package static func isTimestamp(_ text: String) -> Bool {
        let parts = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return parts.count == 2 && (9...12).contains(parts[0].count) && parts[1].count == 6
            && parts.allSatisfy { $0.allSatisfy { (0x30...0x39).contains($0) } }
    }

    /// The wall time in a ts, to the millisecond.
    package static func time(_ ts: String) -> Timestamp? {
        guard isTimestamp(ts), let point = ts.firstIndex(of: "."), let seconds = Int64(ts[..<point]),
            let micros = Int64(ts[ts.index(after: point)...])
        else { return nil }
        return Timestamp(milliseconds: seconds * 1000 + micros / 1000)
    }

    /// The ts of a wall time.
    package static func ts(_ time: Timestamp) -> String {
        let rest = "\(time.milliseconds % 1000 * 1000)"
        return "\(time.milliseconds / 1000)." + String(repeating: "0", count: 6 - rest.count) + rest
    }

    /// Direct messages are named `D…`; channels and groups of people `C…` and `G…`.
    package static func isDirect(_ conversation: String) -> Bool { conversation.hasPrefix("D") }

    /// Whether a text is of the form of an id: up to 64 capital letters and digits.
    static func isPlain(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) }
    }

    private static func escaped(_ part: String) -> String {
        part.replacingExactly("%", with: "%25").replacingExactly(":", with: "%3A")
    }
}
