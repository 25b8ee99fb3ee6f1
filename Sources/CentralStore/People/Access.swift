package import Core
package import GRDB

/// What one person may do, read from one state.
package struct Access: Sendable, Equatable {
    /// May decide everything.
    package var isOwner = false
    /// Admin of every agent group.
    package var isGlobalAdmin = false
    /// Admin of these.
    package var adminOf: Set<AgentGroupID> = []
    /// Member of these, by a row of their own.
    package var memberOf: Set<AgentGroupID> = []

    /// Nothing at all.
    package init() {}

    /// Reads a person's roles and memberships; somebody unknown has none.
    package static func of(_ user: UserID, _ db: Database) throws -> Access {
        var access = Access()
        for row in try UserRole.filter(UserRole.CodingKeys.userID == user).fetchAll(db) {
            switch (row.role, row.agentGroupID) {
            case (.owner, _): access.isOwner = true
            case (.admin, nil): access.isGlobalAdmin = true
            case (.admin, let group?): access.adminOf.insert(group)
            }
        }
        let rows = try Member.filter(Member.CodingKeys.userID == user).fetchAll(db)
        access.memberOf = Set(rows.map(\.agentGroupID))
        return access
    }

    /// Owners, global admins and the group's own admins.
    package func isAdmin(of group: AgentGroupID) -> Bool { isOwner || isGlobalAdmin || adminOf.contains(group) }

    /// Admins of the group and its members.
    package func isMember(of group: AgentGroupID) -> Bool { isAdmin(of: group) || memberOf.contains(group) }
}
