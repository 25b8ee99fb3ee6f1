package import Core
package import GRDB

/// `pending_questions`: a question of an agent that waits for somebody's answer.
package struct PendingQuestion: CentralRecord {
    package static let databaseTableName = "pending_questions"

    package var id: String
    package var sessionID: SessionID
    /// The request that asked, to be answered once.
    package var request: MessageID
    package var channelType: String
    package var platformID: String
    package var threadID: String?
    package var title: String
    package var options: [Option]
    package var expiresAt: Timestamp
    package var createdAt: Timestamp

    /// One answer to choose.
    package struct Option: Codable, Sendable, Equatable {
        /// What people read: one line.
        package var label: String
        /// What the agent is told.
        package var value: String

        package init(label: String, value: String) {
            self.label = label
            self.value = value
        }
    }

    package init(
        id: String,
        sessionID: SessionID,
        request: MessageID,
        address: ChatAddress,
        title: String,
        options: [Option],
        expiresAt: Timestamp,
        createdAt: Timestamp
    ) {
        self.id = id
        self.sessionID = sessionID
        self.request = request
        channelType = address.channel
        platformID = address.platformID
        threadID = address.thread
        self.title = title
        self.options = options
        self.expiresAt = expiresAt
        self.createdAt = createdAt
    }

    /// Where it was asked.
    package var address: ChatAddress {
        ChatAddress(channel: channelType, platformID: platformID, thread: threadID)
    }

    package enum CodingKeys: String, CodingKey, ColumnExpression {
        case id
        case sessionID = "session_id"
        case request = "message_out_id"
        case channelType = "channel_type"
        case platformID = "platform_id"
        case threadID = "thread_id"
        case title, options
        case expiresAt = "expires_at"
        case createdAt = "created_at"
    }

    /// How many a session has open.
    package static func count(of session: SessionID, _ db: Database) throws -> Int {
        try filter(CodingKeys.sessionID == session).fetchCount(db)
    }

    /// Those that a session has open.
    package static func open(of session: SessionID, _ db: Database) throws -> [PendingQuestion] {
        try filter(CodingKeys.sessionID == session).fetchAll(db)
    }

    /// When the next one ends; nil when none is open.
    package static func nextEnd(_ db: Database) throws -> Timestamp? {
        try Timestamp.fetchOne(db, sql: "SELECT min(expires_at) FROM pending_questions")
    }

    /// Those whose time is over.
    package static func overdue(_ now: Timestamp, _ db: Database) throws -> [PendingQuestion] {
        try filter(CodingKeys.expiresAt <= now).order(CodingKeys.expiresAt).fetchAll(db)
    }
}
