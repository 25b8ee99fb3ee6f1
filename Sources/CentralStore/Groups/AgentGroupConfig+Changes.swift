package import Core
package import GRDB

extension AgentGroupConfig {
    /// The configuration of a group; throws `notFound` for a group that does not exist.
    package static func of(_ group: AgentGroupID, _ db: Database) throws -> AgentGroupConfig {
        guard let row = try fetchOne(db, key: group) else { throw StoreError(.notFound, "no agent group \(group)") }
        return row
    }

    /// Changes the configuration; nothing is stored unless every value of the result is allowed.
    package static func update(
        _ group: AgentGroupID,
        now: Timestamp,
        _ db: Database,
        _ change: (inout AgentGroupConfig) throws -> Void
    ) throws -> AgentGroupConfig {
        var row = try of(group, db)
        try change(&row)
        row.agentGroupID = group
        row.updatedAt = now
        try row.check(db)
        try row.update(db)
        return row
    }

    /// The profile that this group uses; nil when it is offline.
    package func profile(_ db: Database) throws -> Provider? {
        guard let provider else { return nil }
        return try Provider.named(provider, db)
    }

    func check(_ db: Database) throws {
        try config.validate()
        if let provider { _ = try Provider.named(provider, db) }
    }
}
