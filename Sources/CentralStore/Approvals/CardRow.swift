package import Core
package import GRDB

/// `cards`: a card in somebody's chat.
package struct CardRow: CentralRecord {
    package static let databaseTableName = "cards"

    /// How far a card is.
    package enum State: String, Codable, Sendable, CaseIterable, DatabaseValueConvertible {
        /// Not with its platform yet.
        case unsent
        /// Somebody may answer.
        case open
        /// Nobody may answer any more; the chat has still to be told.
        case closing
        case closed
    }

    package var id: CardID
    /// Whose it is: who opened it registered under this name.
    package var purpose: String
    /// What it asks about, by an id of whoever opened it.
    package var subject: String
    package var channelType: String
    package var platformID: String
    package var threadID: String?
    /// What names it among the open cards of its chat.
    package var code: String
    /// Under which name it is sent.
    package var agentName: String
    /// The card as JSON.
    package var content: String
    package var state: State
    /// What became of it, in words; nil while it is open.
    package var outcome: String?
    /// Nobody answered in time.
    package var isLapsed: Bool
    package var platformMessageID: String?
    package var sentAt: Timestamp?
    package var expiresAt: Timestamp?
    package var createdAt: Timestamp
    package var updatedAt: Timestamp

    /// A card that is to be sent.
    package init(
        id: CardID,
        purpose: String,
        subject: String,
        address: ChatAddress,
        code: String,
        agentName: String,
        content: String,
        expiresAt: Timestamp?,
        createdAt: Timestamp
    ) {
        self.id = id
        self.purpose = purpose
        self.subject = subject
        channelType = address.channel
        platformID = address.platformID
        threadID = address.thread
        self.code = code
        self.agentName = agentName
        self.content = content
        state = .unsent
        isLapsed = false
        self.expiresAt = expiresAt
        self.createdAt = createdAt
        updatedAt = createdAt
    }

    /// Where it was sent.
    package var address: ChatAddress {
        ChatAddress(channel: channelType, platformID: platformID, thread: threadID)
    }

    package enum CodingKeys: String, CodingKey, ColumnExpression {
        case id, purpose, subject
        case channelType = "channel_type"
        case platformID = "platform_id"
        case threadID = "thread_id"
        case code
        case agentName = "agent_name"
        case content, state, outcome
        case isLapsed = "is_lapsed"
        case platformMessageID = "platform_message_id"
        case sentAt = "sent_at"
        case expiresAt = "expires_at"
        case createdAt = "created_at"
        case updatedAt = "updated_at"
    }
}

extension CardRow {
    private typealias Keys = CodingKeys

    /// Cards that were closed by then.
    package static func closed(by time: Timestamp) -> QueryInterfaceRequest<CardRow> {
        filter(Keys.state == "closed" && Keys.updatedAt <= time)
    }

    /// Cards that can be answered in this chat, newest first.
    package static func open(in chat: ChatAddress, _ db: Database) throws -> [CardRow] {
        try filter(
            Keys.channelType == chat.channel && Keys.platformID == chat.platformID
                && [State.unsent, State.open].contains(Keys.state)
        ).order(Keys.createdAt.desc, Keys.id.desc).fetchAll(db)
    }

    /// Cards of this chat that nobody answered in time and that ended after this point, newest first.
    package static func lapsed(in chat: ChatAddress, since time: Timestamp, _ db: Database) throws -> [CardRow] {
        try filter(
            Keys.channelType == chat.channel && Keys.platformID == chat.platformID && Keys.isLapsed == true
                && Keys.updatedAt >= time
        ).order(Keys.updatedAt.desc).fetchAll(db)
    }

    /// The codes that are taken in this chat.
    package static func codes(in chat: ChatAddress, _ db: Database) throws -> Set<String> {
        Set(try open(in: chat, db).map(\.code))
    }

    /// Cards that are still to be sent, or whose end is still to be told.
    package static func unfinished(_ db: Database) throws -> [CardRow] {
        try filter([State.unsent, State.closing].contains(Keys.state)).order(Keys.createdAt).fetchAll(db)
    }

    /// Ends every card that asks about this, or says anew how it ended; answers those whose chats have to be told.
    package static func close(
        purpose: String,
        subject: String,
        outcome: String,
        isLapsed: Bool,
        now: Timestamp,
        _ db: Database
    ) throws -> [CardID] {
        let changed = filter(
            Keys.purpose == purpose && Keys.subject == subject && (Keys.outcome == nil || Keys.outcome != outcome)
        )
        let ids = try changed.fetchAll(db).map(\.id)
        guard !ids.isEmpty else { return [] }
        try changed.updateAll(
            db,
            Keys.state.set(to: State.closing),
            Keys.outcome.set(to: outcome),
            Keys.isLapsed.set(to: isLapsed),
            Keys.updatedAt.set(to: now)
        )
        return ids
    }
}

/// `card_answers`: a platform's event that was taken for an answer; its repeat answers nothing else.
package struct CardAnswerRow: CentralRecord {
    package static let databaseTableName = "card_answers"

    /// The chat and the event's key.
    package var source: String
    package var cardID: CardID
    package var userID: UserID
    package var value: String
    /// False for one that was refused.
    package var isTaken: Bool
    package var answeredAt: Timestamp

    package init(
        source: String,
        cardID: CardID,
        userID: UserID,
        value: String,
        isTaken: Bool,
        answeredAt: Timestamp
    ) {
        self.source = source
        self.cardID = cardID
        self.userID = userID
        self.value = value
        self.isTaken = isTaken
        self.answeredAt = answeredAt
    }

    package enum CodingKeys: String, CodingKey, ColumnExpression {
        case source
        case cardID = "card_id"
        case userID = "user_id"
        case value
        case isTaken = "is_taken"
        case answeredAt = "answered_at"
    }
}

extension CardID: DatabaseValueConvertible {}
extension ApprovalID: DatabaseValueConvertible {}
extension GrantID: DatabaseValueConvertible {}
