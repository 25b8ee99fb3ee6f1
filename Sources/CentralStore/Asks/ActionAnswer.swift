package import Core
package import GRDB

/// An answer to a sandbox's request that comes later than the request was recorded: on its way to the session.
///
/// Posted in the transaction that decides it, so that no crash comes between the decision and its answer; gone once the
/// session has it.
package struct ActionAnswer: Sendable, Equatable {
    package let session: SessionID
    package let request: MessageID
    package let content: SystemContent
    /// Where the agent's words about it go; nil when the session has no chat.
    package let address: ChatAddress?
    /// False for one that waits for the next turn: when no tool takes it, it starts none.
    package let trigger: Bool

    /// An answer to that request; the content's `about` is set to it.
    package init(
        session: SessionID,
        request: MessageID,
        content: SystemContent,
        address: ChatAddress?,
        trigger: Bool = true
    ) {
        var content = content
        content.about = request
        self.session = session
        self.request = request
        self.content = content
        self.address = address
        self.trigger = trigger
    }

    /// Puts it on its way; one that is on its way already stays as it is.
    package func post(at now: Timestamp, _ db: Database) throws {
        try db.execute(
            sql: """
                INSERT OR IGNORE INTO action_answers
                    (session_id, request_id, content, trigger, channel_type, platform_id, thread_id, posted_at)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                session, request, try JSONText.encode(content), trigger, address?.channel, address?.platformID,
                address?.thread,
                now,
            ]
        )
    }

    /// Nothing is on its way to this session any more.
    package static func removeAll(of session: SessionID, _ db: Database) throws {
        try db.execute(sql: "DELETE FROM action_answers WHERE session_id = ?", arguments: [session])
    }

    /// Answers that are on their way to this session start no turn there.
    package static func quiet(_ session: SessionID, _ db: Database) throws {
        try db.execute(sql: "UPDATE action_answers SET trigger = 0 WHERE session_id = ?", arguments: [session])
    }

    /// Every answer that is on its way, oldest first; those of one session, or of all.
    package static func waiting(of session: SessionID? = nil, _ db: Database) throws -> [ActionAnswer] {
        try Row.fetchAll(
            db,
            sql: """
                SELECT session_id, request_id, content, trigger, channel_type, platform_id, thread_id
                FROM action_answers WHERE ? IS NULL OR session_id = ? ORDER BY posted_at, request_id
                """,
            arguments: [session, session]
        ).map { row in
            let channel: String? = row["channel_type"]
            return ActionAnswer(
                session: row["session_id"],
                request: row["request_id"],
                content: try JSONText.decode(SystemContent.self, row["content"] as String),
                address: channel.map {
                    ChatAddress(channel: $0, platformID: row["platform_id"], thread: row["thread_id"])
                },
                trigger: row["trigger"]
            )
        }
    }

    /// The session has it.
    package func remove(_ db: Database) throws {
        try db.execute(
            sql: "DELETE FROM action_answers WHERE session_id = ? AND request_id = ?",
            arguments: [session, request]
        )
    }
}
