package import Core
package import GRDB

extension AgentGroup {
    /// Makes an agent group with its configuration row.
    ///
    /// Without a folder one is made from the name, with `-2`, `-3`, … if it is taken. Throws ``StoreError``:
    /// `invalid` for a name, folder or configuration that is not allowed, `conflict` for a folder that has a record.
    package static func create(
        name: String,
        folder: String? = nil,
        provider: String? = nil,
        config: GroupConfig = GroupConfig(),
        now: Timestamp,
        _ db: Database
    ) throws -> AgentGroup {
        try Text.check("name", name, limit: 100)
        let group = AgentGroup(name: name, folder: try freeFolder(folder, name: name, db), createdAt: now)
        try group.insert(db)
        let row = AgentGroupConfig(agentGroupID: group.id, provider: provider, config: config, updatedAt: now)
        try row.check(db)
        try row.insert(db)
        return group
    }

    /// The folder that a new group of this name gets; throws as ``create(name:folder:provider:config:now:_:)`` does.
    package static func freeFolder(_ folder: String?, name: String, _ db: Database) throws -> String {
        func owner(_ folder: String) throws -> AgentGroup? {
            try AgentGroup.filter(CodingKeys.folder == folder).fetchOne(db)
        }
        guard let folder else {
            let base = PathSegment.localName(name)
            let safe = PathSegment.isGroupFolder(base) ? base : "agent"
            return try Text.unique(safe) { try owner($0) != nil }
        }
        guard PathSegment.isGroupFolder(folder) else {
            throw StoreError(
                .invalid,
                "folder: \"\(folder.prefix(80))\" is not allowed: begin with a letter or digit, then letters, digits, _ and -,"
                    + " at most 64; \"global\" is reserved"
            )
        }
        if let group = try owner(folder) {
            throw StoreError(.conflict, "folder \(folder) already belongs to agent group \(group.id) (\(group.name))")
        }
        return folder
    }

    /// Gives the group another name.
    package static func rename(_ id: AgentGroupID, to name: String, _ db: Database) throws -> AgentGroup {
        try Text.check("name", name, limit: 100)
        guard var group = try fetchOne(db, key: id) else { throw StoreError(.notFound, "no agent group \(id)") }
        group.name = name
        try group.update(db)
        return group
    }

    /// Deletes the record with all that hangs on it: configuration, wirings, destinations, roles, sessions.
    ///
    /// The folder stays. The caller has ended the group's sessions before. The audit names each right that goes with it.
    package static func remove(_ id: AgentGroupID, by remover: UserID?, now: Timestamp, _ db: Database) throws {
        guard let group = try fetchOne(db, key: id) else { throw StoreError(.notFound, "no agent group \(id)") }
        for role in try UserRole.filter(UserRole.CodingKeys.agentGroupID == id).fetchAll(db) {
            try UserRole.revoke(role.role, from: role.userID, in: id, by: remover, now: now, db)
        }
        for member in try Member.filter(Member.CodingKeys.agentGroupID == id).fetchAll(db) {
            try Member.remove(member.userID, from: id, by: remover, now: now, db)
        }
        try deleteOne(db, key: id)
        try AuditEntry(at: now, event: "group-removed", group: id, by: remover, detail: group.name).append(db)
    }
}
