package import Core
package import GRDB

extension CLIMessage {
    /// Adds a message to the history and answers its position; a message id that the chat has already keeps its row.
    @discardableResult
    package func append(_ db: Database) throws -> Int64 {
        let known = try Int64.fetchOne(
            db.cachedStatement(sql: "SELECT position FROM cli_messages WHERE platform_id = ? AND message_id = ?"),
            arguments: [platformID, messageID]
        )
        if let known { return known }
        try insert(db)
        return db.lastInsertedRowID
    }

    /// What came after a position, oldest first, at most `limit` rows.
    package static func after(
        _ position: Int64,
        in platformID: String,
        limit: Int,
        _ db: Database
    ) throws -> [CLIMessage] {
        try fetchAll(
            db.cachedStatement(
                sql: "SELECT * FROM cli_messages WHERE platform_id = ? AND position > ? ORDER BY position LIMIT ?"
            ),
            arguments: [platformID, position, limit]
        )
    }

    /// The last `limit` rows of a chat, oldest first.
    package static func last(_ limit: Int, in platformID: String, _ db: Database) throws -> [CLIMessage] {
        try filter(CodingKeys.platformID == platformID)
            .order(CodingKeys.position.desc).limit(limit).fetchAll(db).reversed()
    }

    /// The position of the newest row; 0 for an empty chat.
    package static func newest(in platformID: String, _ db: Database) throws -> Int64 {
        try Int64.fetchOne(
            db.cachedStatement(sql: "SELECT max(position) FROM cli_messages WHERE platform_id = ?"),
            arguments: [platformID]
        ) ?? 0
    }

    /// What people wrote and the host has not taken yet, oldest first, of the last 1,000 rows.
    package static func open(_ db: Database) throws -> [CLIMessage] {
        try fetchAll(
            db,
            sql: """
                SELECT * FROM (SELECT * FROM cli_messages ORDER BY position DESC LIMIT 1000)
                WHERE direction = 'in' AND json_extract(content, '$.isOpen') ORDER BY position
                """
        )
    }

    /// The host has taken what a person wrote.
    package static func close(_ messageID: String, in platformID: String, _ db: Database) throws {
        try db.execute(
            sql: """
                UPDATE cli_messages SET content = json_remove(content, '$.isOpen')
                WHERE platform_id = ? AND message_id = ? AND direction = 'in' AND json_extract(content, '$.isOpen')
                """,
            arguments: [platformID, messageID]
        )
    }

    /// Removes what a person wrote.
    package static func remove(_ messageID: String, from platformID: String, _ db: Database) throws {
        try db.execute(
            sql: "DELETE FROM cli_messages WHERE platform_id = ? AND message_id = ? AND direction = 'in'",
            arguments: [platformID, messageID]
        )
    }

    /// The rows from that time and before.
    package static func upTo(_ time: Timestamp) -> QueryInterfaceRequest<Self> { filter(CodingKeys.createdAt <= time) }
}

extension CLIReader {
    /// How far the person has read; 0 for somebody new.
    package static func position(of user: UserID, in platformID: String, _ db: Database) throws -> Int64 {
        try filter(CodingKeys.platformID == platformID && CodingKeys.userID == user).fetchOne(db)?.position ?? 0
    }

    /// Remembers how far the person has read; never goes back.
    package func advance(_ db: Database) throws {
        try db.execute(
            sql: """
                INSERT INTO cli_readers (platform_id, user_id, position) VALUES (?, ?, ?)
                ON CONFLICT DO UPDATE SET position = max(position, excluded.position)
                """,
            arguments: [platformID, userID, position]
        )
    }
}
