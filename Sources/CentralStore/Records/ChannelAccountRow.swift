package import Core
package import GRDB

/// `channel_accounts`: an account of the agent on a platform; its secrets are in `data/credentials/channels/<name>`.
package struct ChannelAccountRow: CentralRecord {
    package static let databaseTableName = "channel_accounts"

    /// What the operator calls it; of the form of an id.
    package var name: String
    package var channelType: String
    /// The platform's id of the account, as it stands in platform ids.
    package var account: String
    /// What the platform calls it.
    package var title: String
    /// What is no secret of its values, by key.
    package var settings: [String: String]
    package var createdAt: Timestamp

    package init(
        name: String,
        channelType: String,
        account: String,
        title: String,
        settings: [String: String],
        createdAt: Timestamp
    ) {
        self.name = name
        self.channelType = channelType
        self.account = account
        self.title = title
        self.settings = settings
        self.createdAt = createdAt
    }

    package enum CodingKeys: String, CodingKey, ColumnExpression {
        case name
        case channelType = "channel_type"
        case account, title, settings
        case createdAt = "created_at"
    }
}

extension ChannelAccountRow {
    /// All accounts, by name.
    package static func all(_ db: Database) throws -> [ChannelAccountRow] {
        try order(CodingKeys.name).fetchAll(db)
    }

    /// The account of this name; throws `notFound` listing those that exist.
    package static func named(_ name: String, _ db: Database) throws -> ChannelAccountRow {
        if let row = try fetchOne(db, key: name) { return row }
        let names = try all(db).map(\.name)
        let known =
            names.isEmpty ? "there is none yet: nanoclaw channels add" : "there are: \(names.joined(separator: ", "))"
        throw StoreError(.notFound, "no channel account \"\(name.prefix(80))\"; \(known)")
    }

    /// Throws for a name that is none or is taken.
    package static func checkFree(_ name: String, _ db: Database) throws {
        guard PathSegment.isIdentifier(name), name != "cli" else {
            throw StoreError(
                .invalid,
                "name: \"\(name.prefix(80))\" is not allowed: use letters, digits, _ and -, not \"cli\""
            )
        }
        if try exists(db, key: name) {
            throw StoreError(.conflict, "there is a channel account \(name) already: choose another --name")
        }
    }

    /// Stores a new account; throws `conflict` for a name that is taken, and for an account that is there by another name.
    package func create(_ db: Database) throws {
        try Self.checkFree(name, db)
        let twin = Self.filter(sql: "channel_type = ? AND account = ?", arguments: [channelType, account])
        if let other = try twin.fetchOne(db) {
            throw StoreError(
                .conflict,
                "\(title) is here already as \(other.name): nanoclaw channels remove \(other.name) first"
            )
        }
        try insert(db)
    }

    /// What the account remembers under a key.
    package static func state(_ name: String, _ key: String, _ db: Database) throws -> String? {
        try String.fetchOne(
            db.cachedStatement(sql: "SELECT value FROM channel_state WHERE name = ? AND key = ?"),
            arguments: [name, key]
        )
    }

    /// Remembers a value, or forgets the key; nothing happens for an account that is gone.
    package static func setState(_ name: String, _ key: String, _ value: String?, _ db: Database) throws {
        if let value {
            try db.execute(
                sql: """
                    INSERT INTO channel_state (name, key, value) SELECT ?, ?, ?
                    WHERE EXISTS (SELECT 1 FROM channel_accounts WHERE name = ?1)
                    ON CONFLICT (name, key) DO UPDATE SET value = excluded.value
                    """,
                arguments: [name, key, value]
            )
        } else {
            try db.execute(sql: "DELETE FROM channel_state WHERE name = ? AND key = ?", arguments: [name, key])
        }
    }
}
