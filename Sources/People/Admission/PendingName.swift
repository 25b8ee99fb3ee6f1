import CentralStore
package import Core
package import GRDB

/// `pending_names`: somebody was asked what a new agent is to be called, and where they answer.
package struct PendingName: CentralRecord {
    package static let databaseTableName = "pending_names"

    package var userID: UserID
    package var channelType: String
    package var platformID: String
    /// The chat that the new agent is for.
    package var messagingGroupID: MessagingGroupID
    package var expiresAt: Timestamp
    package var createdAt: Timestamp

    package enum CodingKeys: String, CodingKey, ColumnExpression {
        case userID = "user_id"
        case channelType = "channel_type"
        case platformID = "platform_id"
        case messagingGroupID = "messaging_group_id"
        case expiresAt = "expires_at"
        case createdAt = "created_at"
    }

    package init(
        user: UserID,
        chat: ChatAddress,
        for messagingGroupID: MessagingGroupID,
        expiresAt: Timestamp,
        createdAt: Timestamp
    ) {
        userID = user
        channelType = chat.channel
        platformID = chat.platformID
        self.messagingGroupID = messagingGroupID
        self.expiresAt = expiresAt
        self.createdAt = createdAt
    }

    /// Asks; throws ``PeopleError`` `busy` while they are asked for another chat's agent there.
    package static func ask(_ question: PendingName, now: Timestamp, _ db: Database) throws {
        try filter(CodingKeys.messagingGroupID == question.messagingGroupID || CodingKeys.expiresAt <= now)
            .deleteAll(db)
        guard try awaited(question.userID, in: question.chat, now: now, db) == nil else {
            throw PeopleError(.busy, "another agent's name is asked for already: answer that first")
        }
        try question.insert(db)
    }

    /// Where the answer is awaited.
    package var chat: ChatAddress { ChatAddress(channel: channelType, platformID: platformID) }

    /// What this person is asked in this chat; nil when nothing, or it is too late.
    package static func awaited(_ user: UserID, in chat: ChatAddress, now: Timestamp, _ db: Database) throws -> Self? {
        try filter(
            CodingKeys.userID == user && CodingKeys.channelType == chat.channel
                && CodingKeys.platformID == chat.platformID && CodingKeys.expiresAt > now
        ).fetchOne(db)
    }
}

/// What a person answers who was asked for a name.
package enum NameAnswer: Sendable, Equatable {
    case name(String)
    /// `/cancel`.
    case cancel
    /// It cannot be a name, and why.
    case none(String)

    /// Reads a message: 1 to 80 characters of one line, without a slash in front.
    package init(_ text: String) {
        let name = text.trimmingWhiteSpace
        if SlashCommand(name)?.name == "cancel" {
            self = .cancel
        } else if name.isEmpty || name.count > 80 || name.utf8.count > 200 {
            self = .none("A name has 1 to 80 characters.")
        } else if name.hasPrefix("/") || !name.unicodeScalars.allSatisfy(Self.isPlain) {
            self = .none("A name is one line and does not begin with a slash.")
        } else {
            self = .name(name)
        }
    }

    /// A letter that is seen where it stands, and breaks no line.
    private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate, .unassigned: false
        default: true
        }
    }
}
