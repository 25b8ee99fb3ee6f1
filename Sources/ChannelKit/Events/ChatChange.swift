package import Core

/// Something that happened in a chat and is no new message.
package struct ChatChange: Sendable, Codable, Equatable {
    /// What happened.
    package enum Kind: Sendable, Codable, Equatable {
        /// A message has another text now.
        case edited(platformMessageID: String, text: String)
        case deleted(platformMessageID: String)
        /// An emoji was put on a message, or taken away.
        case reaction(platformMessageID: String, emoji: String, isAdded: Bool)
        /// The agent's own account came into the chat or left it.
        case membership(isMember: Bool)
        /// The platform has another id for this chat from now on.
        case moved(platformID: String)
    }

    package var kind: Kind
    /// The chat, and the thread.
    package var address: ChatAddress
    package var isGroup: Bool
    /// The stable id of whoever did it; nil when the platform tells none.
    package var senderNativeID: String?
    package var senderName: String?
    package var isBot: Bool
    /// The new text addresses the agent.
    package var isMention: Bool
    /// What makes a repeat of the same event recognisable, unique within the chat.
    package var dedupKey: String
    package var at: Timestamp

    package init(
        _ kind: Kind,
        address: ChatAddress,
        isGroup: Bool,
        senderNativeID: String? = nil,
        senderName: String? = nil,
        isBot: Bool = false,
        isMention: Bool = false,
        dedupKey: String,
        at: Timestamp
    ) {
        self.kind = kind
        self.address = address
        self.isGroup = isGroup
        self.senderNativeID = senderNativeID
        self.senderName = senderName
        self.isBot = isBot
        self.isMention = isMention
        self.dedupKey = dedupKey
        self.at = at
    }
}
