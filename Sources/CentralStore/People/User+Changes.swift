package import Core
package import GRDB

extension User {
    /// Makes the person's row if there is none, and stores the name unless it is nil.
    @discardableResult
    package static func upsert(_ id: UserID, name: String? = nil, now: Timestamp, _ db: Database) throws -> User {
        if var known = try fetchOne(db, key: id) {
            if let name, name != known.displayName {
                known.displayName = name
                try known.update(db)
            }
            return known
        }
        guard id.description.utf8.count <= 500 else { throw StoreError(.invalid, "user: over 500 bytes") }
        let user = User(id: id, displayName: name, createdAt: now)
        try user.insert(db)
        return user
    }

    /// Who has this handle on a channel, `@` or not, in upper or lower case.
    package static func called(_ handle: String, on channel: String, _ db: Database) throws -> User? {
        let name = handle.hasPrefix("@") ? String(handle.dropFirst()) : handle
        return try filter(CodingKeys.channelType == channel && CodingKeys.handle == name).fetchOne(db)
    }

    /// Keeps a person's name and handle as the platform shows them; nil leaves what is known.
    ///
    /// A handle is one person's: whoever had it before has it no more.
    package static func seen(_ id: UserID, name: String?, handle: String?, now: Timestamp, _ db: Database) throws {
        let handle = handle.map { $0.hasPrefix("@") ? String($0.dropFirst()) : $0 }.flatMap { $0.isEmpty ? nil : $0 }
        if let handle {
            try db.execute(
                sql: "UPDATE users SET handle = NULL WHERE channel_type = ? AND handle = ? AND id <> ?",
                arguments: [id.channel, handle, id]
            )
        }
        try db.execute(
            sql: """
                INSERT INTO users (id, channel_type, display_name, handle, created_at) VALUES (?, ?, ?, ?, ?)
                ON CONFLICT (id) DO UPDATE SET display_name = coalesce(excluded.display_name, display_name),
                    handle = coalesce(excluded.handle, handle)
                """,
            arguments: [id, id.channel, name, handle, now]
        )
    }

    /// Deletes this handle of a person with its roles, memberships and personal wirings; the last owner is refused.
    package static func remove(_ id: UserID, by remover: UserID?, now: Timestamp, _ db: Database) throws {
        try UserRole.refuseLastOwner(id, db)
        if try IdentityHandle.exists(db, key: id) { try Identity.unlink(id, by: remover, now: now, db) }
        for role in try UserRole.filter(UserRole.CodingKeys.userID == id).fetchAll(db) {
            try UserRole.revoke(role.role, from: id, in: role.agentGroupID, by: remover, now: now, db)
        }
        for member in try Member.filter(Member.CodingKeys.userID == id).fetchAll(db) {
            try Member.remove(id, from: member.agentGroupID, by: remover, now: now, db)
        }
        guard try deleteOne(db, key: id) else { throw StoreError(.notFound, "no user \(id)") }
        try AuditEntry(at: now, event: "user-removed", by: remover, about: id).append(db)
    }
}

extension Member {
    /// Lets the person speak to the group; says false when they were a member already, on the same channels.
    ///
    /// Of two memberships with other channels the later counts.
    @discardableResult
    package func add(_ db: Database) throws -> Bool {
        guard try AgentGroup.exists(db, key: agentGroupID) else {
            throw StoreError(.notFound, "no agent group \(agentGroupID)")
        }
        try User.upsert(userID, now: addedAt, db)
        if let channelType, !PathSegment.isIdentifier(channelType) {
            throw StoreError(.invalid, "channel: \"\(channelType.prefix(80))\" is no channel")
        }
        let known = Member.filter(CodingKeys.userID == userID && CodingKeys.agentGroupID == agentGroupID)
        try DroppedMessage.forgetWaiting(userID, for: agentGroupID, db)
        if let before = try known.fetchOne(db), before.channelType == channelType { return false }
        try insert(db, onConflict: .replace)
        try AuditEntry(
            at: addedAt,
            event: "member-added",
            group: agentGroupID,
            by: addedBy,
            about: userID,
            detail: channelType ?? ""
        ).append(db)
        return true
    }

    /// Takes a membership away; throws `notFound` when there is none.
    package static func remove(
        _ user: UserID,
        from group: AgentGroupID,
        by remover: UserID?,
        now: Timestamp,
        _ db: Database
    ) throws {
        let removed = try filter(CodingKeys.userID == user && CodingKeys.agentGroupID == group).deleteAll(db)
        guard removed > 0 else { throw StoreError(.notFound, "\(user) is no member of agent group \(group)") }
        try AuditEntry(at: now, event: "member-removed", group: group, by: remover, about: user).append(db)
    }
}
