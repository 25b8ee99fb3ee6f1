package import Core
package import GRDB

/// What one person may do, read from one state: the rights of all handles that are linked as theirs.
package struct Access: Sendable, Equatable {
    /// May decide everything.
    package var isOwner = false
    /// Admin of every agent group.
    package var isGlobalAdmin = false
    /// Admin of these.
    package var adminOf: Set<AgentGroupID> = []
    /// Member of these, by a row of their own.
    package var memberOf: Set<AgentGroupID> = []

    /// Has a role or is a member somewhere.
    package var isAny: Bool { isOwner || isGlobalAdmin || !adminOf.isEmpty || !memberOf.isEmpty }

    /// Nothing at all.
    package init() {}

    /// Reads the roles and memberships of a person who acts as this user; somebody unknown has none.
    ///
    /// A membership for one channel counts only for a user of that channel.
    package static func of(_ user: UserID, _ db: Database) throws -> Access {
        try of(Identity.handles(of: user, db), on: user.channel, db)
    }

    /// The rights of these handles together, on this channel.
    package static func of(_ handles: [UserID], on channel: String, _ db: Database) throws -> Access {
        var access = Access()
        for handle in handles {
            let roles = try UserRole.fetchAll(
                db.cachedStatement(sql: "SELECT * FROM user_roles WHERE user_id = ?"),
                arguments: [handle]
            )
            for row in roles {
                switch (row.role, row.agentGroupID) {
                case (.owner, _): access.isOwner = true
                case (.admin, nil): access.isGlobalAdmin = true
                case (.admin, let group?): access.adminOf.insert(group)
                }
            }
            let groups = try AgentGroupID.fetchAll(
                db.cachedStatement(
                    sql: """
                        SELECT agent_group_id FROM agent_group_members
                        WHERE user_id = ? AND (channel_type IS NULL OR channel_type = ?)
                        """
                ),
                arguments: [handle, channel]
            )
            access.memberOf.formUnion(groups)
        }
        return access
    }

    /// Owners, global admins and the group's own admins.
    package func isAdmin(of group: AgentGroupID) -> Bool { isOwner || isGlobalAdmin || adminOf.contains(group) }

    /// Admins of the group and its members.
    package func isMember(of group: AgentGroupID) -> Bool { isAdmin(of: group) || memberOf.contains(group) }
}
