/// Where a message goes to or came from: a chat on a channel, and a thread in it.
package struct ChatAddress: Codable, Hashable, Sendable, CustomStringConvertible {
    /// The ``channel`` of an address that is another agent group.
    package static let agents = "agent"

    /// The adapter's key: `cli`, `telegram`; ``agents`` for another agent group.
    package var channel: String
    /// The adapter's own name of the chat, with the account in it where there are several (`cli:local:main`);
    /// for channel `agent` the agent group's id.
    package var platformID: String
    /// A thread in the chat; nil where the channel has none or the message stands outside.
    package var thread: String?

    /// The chat, or a thread in it.
    package init(channel: String, platformID: String, thread: String? = nil) {
        self.channel = channel
        self.platformID = platformID
        self.thread = thread
    }

    /// The address of an agent group.
    package init(agent group: AgentGroupID) { self.init(channel: Self.agents, platformID: group.rawValue) }

    /// The agent group that this is the address of; nil for a chat, and for an id that is none.
    package var agentGroup: AgentGroupID? {
        channel == Self.agents ? AgentGroupID(rawValue: platformID) : nil
    }

    /// The same chat without its thread.
    package var chat: ChatAddress { ChatAddress(channel: channel, platformID: platformID) }

    /// The channel's account or workspace that the chat belongs to: `local` in `cli:local:main`; nil where the platform
    /// id does not begin with the channel and an account.
    package var account: String? {
        let colon = UInt8(ascii: ":")
        let parts = platformID.utf8.split(separator: colon, maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0].elementsEqual(channel.utf8), !parts[1].isEmpty else { return nil }
        return String(decoding: parts[1], as: UTF8.self)
    }

    package var description: String {
        thread.map { "\(channel) \(platformID) #\($0)" } ?? "\(channel) \(platformID)"
    }
}
