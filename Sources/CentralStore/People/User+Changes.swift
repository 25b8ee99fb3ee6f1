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

    /// Deletes the person with their roles, memberships and personal wirings; the last owner is refused.
    package static func remove(_ id: UserID, _ db: Database) throws {
        try UserRole.refuseLastOwner(id, db)
        guard try deleteOne(db, key: id) else { throw StoreError(.notFound, "no user \(id)") }
    }
}

extension Member {
    /// Lets the person speak to the group; says false when they were a member already.
    @discardableResult
    package func add(_ db: Database) throws -> Bool {
        guard try AgentGroup.exists(db, key: agentGroupID) else {
            throw StoreError(.notFound, "no agent group \(agentGroupID)")
        }
        try User.upsert(userID, now: addedAt, db)
        let known = Member.filter(CodingKeys.userID == userID && CodingKeys.agentGroupID == agentGroupID)
        guard try known.fetchCount(db) == 0 else { return false }
        try insert(db)
        return true
    }

    /// Takes a membership away; throws `notFound` when there is none.
    package static func remove(_ user: UserID, from group: AgentGroupID, _ db: Database) throws {
        let removed = try filter(CodingKeys.userID == user && CodingKeys.agentGroupID == group).deleteAll(db)
        guard removed > 0 else { throw StoreError(.notFound, "\(user) is no member of agent group \(group)") }
    }
}
