package import Core
package import GRDB

extension UserRole {
    /// Gives a person a role, everywhere or in one agent group; the same grant twice is one row.
    ///
    /// Makes the person's row if there is none. Throws ``StoreError`` `invalid` for an owner of one group.
    @discardableResult
    package static func grant(
        _ role: Role,
        to user: UserID,
        in group: AgentGroupID? = nil,
        by granter: UserID? = nil,
        now: Timestamp,
        _ db: Database
    ) throws -> UserRole {
        guard role != .owner || group == nil else {
            throw StoreError(.invalid, "group: an owner owns everything; grant admin for one agent group")
        }
        if let group, try !AgentGroup.exists(db, key: group) { throw StoreError(.notFound, "no agent group \(group)") }
        try User.upsert(user, now: now, db)
        if let granter { try User.upsert(granter, now: now, db) }
        if let known = try find(role, user, group, db) { return known }
        let row = UserRole(
            id: "ro_\(MessageID.random().rawValue.dropFirst(2))",
            userID: user,
            role: role,
            agentGroupID: group,
            grantedBy: granter,
            grantedAt: now
        )
        try row.insert(db)
        try AuditEntry(
            at: now,
            event: "role-granted",
            group: group,
            by: granter,
            about: user,
            detail: role.rawValue
        ).append(db)
        return row
    }

    /// Takes exactly that grant away: of everywhere, or of this one group.
    ///
    /// Throws `notFound` when it was not granted, and `conflict` for the last owner.
    package static func revoke(
        _ role: Role,
        from user: UserID,
        in group: AgentGroupID? = nil,
        by revoker: UserID?,
        now: Timestamp,
        _ db: Database
    ) throws {
        guard let row = try find(role, user, group, db) else {
            let place = group.map { "in agent group \($0)" } ?? "everywhere"
            throw StoreError(.notFound, "\(user) has no role \(role.rawValue) \(place)")
        }
        if role == .owner { try refuseLastOwner(user, db) }
        try row.delete(db)
        try AuditEntry(
            at: now,
            event: "role-revoked",
            group: group,
            by: revoker,
            about: user,
            detail: role.rawValue
        ).append(db)
    }

    static func refuseLastOwner(_ user: UserID, _ db: Database) throws {
        let owners = try UserRole.filter(CodingKeys.role == Role.owner).fetchAll(db)
        if owners.count == 1, owners.first?.userID == user {
            throw StoreError(.conflict, "\(user) is the last owner: grant owner to somebody else first")
        }
    }

    private static func find(_ role: Role, _ user: UserID, _ group: AgentGroupID?, _ db: Database) throws -> UserRole? {
        try filter(CodingKeys.userID == user && CodingKeys.role == role && CodingKeys.agentGroupID == group).fetchOne(
            db
        )
    }
}
