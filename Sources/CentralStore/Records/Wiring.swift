package import Core
import GRDB

/// `wirings`: a rule that leads chats to an agent group.
package struct Wiring: CentralRecord {
    package static let databaseTableName = "wirings"

    package var id: WiringID
    package var agentGroupID: AgentGroupID
    /// Which of the next four columns are filled.
    package var side: WiringSide
    /// Side `chat`: the one chat.
    package var messagingGroupID: MessagingGroupID?
    /// Side `account`: the channel.
    package var channelType: String?
    /// Side `account`: the account or workspace on that channel; nil means all of them.
    package var account: String?
    /// Side `person`: whose direct messages.
    package var userID: UserID?
    /// Not empty; sorted.
    package var engageModes: [EngageMode]
    /// A regular expression; there when `engageModes` has `pattern`.
    package var engagePattern: String?
    package var chats: ChatKinds
    package var senderScope: SenderScope
    package var ignoredMessagePolicy: IgnoredMessagePolicy
    package var sessionMode: SessionMode
    package var queueMode: QueueMode
    /// Where replies go instead of the chat; both or neither.
    package var replyChannelType: String?
    package var replyPlatformID: String?
    /// Higher comes first.
    package var priority: Int
    package var createdAt: Timestamp

    package init(
        id: WiringID = .random(),
        agentGroupID: AgentGroupID,
        target: WiringTarget,
        engageModes: Set<EngageMode> = [.mention],
        engagePattern: String? = nil,
        chats: ChatKinds = .all,
        senderScope: SenderScope = .all,
        ignoredMessagePolicy: IgnoredMessagePolicy = .drop,
        sessionMode: SessionMode = .shared,
        queueMode: QueueMode = .steer,
        reply: ChatAddress? = nil,
        priority: Int = 0,
        createdAt: Timestamp
    ) {
        self.id = id
        self.agentGroupID = agentGroupID
        switch target {
        case .chat(let chat):
            side = .chat
            messagingGroupID = chat
        case .account(let channel, let account):
            side = .account
            channelType = channel
            self.account = account
        case .person(let user):
            side = .person
            userID = user
        }
        self.engageModes = engageModes.sorted { $0.rawValue < $1.rawValue }
        self.engagePattern = engagePattern
        self.chats = chats
        self.senderScope = senderScope
        self.ignoredMessagePolicy = ignoredMessagePolicy
        self.sessionMode = sessionMode
        self.queueMode = queueMode
        replyChannelType = reply?.channel
        replyPlatformID = reply?.platformID
        self.priority = priority
        self.createdAt = createdAt
    }

    /// Where replies go instead of the chat that was written in; nil means there.
    package var reply: ChatAddress? {
        guard let replyChannelType, let replyPlatformID else { return nil }
        return ChatAddress(channel: replyChannelType, platformID: replyPlatformID)
    }

    package enum CodingKeys: String, CodingKey, ColumnExpression {
        case id
        case agentGroupID = "agent_group_id"
        case side
        case messagingGroupID = "messaging_group_id"
        case channelType = "channel_type"
        case account
        case userID = "user_id"
        case engageModes = "engage_modes"
        case engagePattern = "engage_pattern"
        case chats
        case senderScope = "sender_scope"
        case ignoredMessagePolicy = "ignored_message_policy"
        case sessionMode = "session_mode"
        case queueMode = "queue_mode"
        case replyChannelType = "reply_channel_type"
        case replyPlatformID = "reply_platform_id"
        case priority
        case createdAt = "created_at"
    }
}

/// The chat side of a wiring.
package enum WiringTarget: Sendable, Hashable {
    /// One chat.
    case chat(MessagingGroupID)
    /// All chats of an account or workspace; of every account of the channel when nil.
    case account(channel: String, account: String?)
    /// All direct messages of one person.
    case person(UserID)
}
