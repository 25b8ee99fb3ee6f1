import Approvals
import CentralStore
import Core
import GRDB

/// Knows who may approve, in which order they are asked, and in which chat each is reached.
struct ApproverDirectory: Sendable {
    let central: CentralStore
    let directMessages: DirectMessages

    /// Somebody to ask, and where.
    struct Reached: Sendable, Equatable {
        let user: UserID
        let chat: ChatAddress
    }

    /// Everybody who may answer, by each of their handles once.
    ///
    /// Admins of the group, then global admins, then owners, as the level allows, each in the order in which they were made
    /// that, by the handle that holds the role before the others of the same person.
    static func approvers(_ level: ApproverLevel, group: AgentGroupID?, _ db: Database) throws -> [UserID] {
        let roles = try UserRole.order(UserRole.CodingKeys.grantedAt, UserRole.CodingKeys.userID).fetchAll(db)
        var order: [UserRole] = []
        if level == .groupAdmin, let group {
            order += roles.filter { $0.role == .admin && $0.agentGroupID == group }
        }
        if level != .owner { order += roles.filter { $0.role == .admin && $0.agentGroupID == nil } }
        order += roles.filter { $0.role == .owner }
        var seen: Set<UserID> = []
        return try order.flatMap { role in
            [role.userID] + (try Identity.handles(of: role.userID, db))
        }.filter { seen.insert($0).inserted }
    }

    /// True when this person's roles are enough.
    static func mayAnswer(_ access: Access, _ level: ApproverLevel, group: AgentGroupID?) -> Bool {
        switch level {
        case .owner: access.isOwner
        case .globalAdmin: access.isOwner || access.isGlobalAdmin
        case .groupAdmin: group.map(access.isAdmin(of:)) ?? (access.isOwner || access.isGlobalAdmin)
        }
    }

    /// The first who can be reached in a chat that was not tried, those of the channel that the request came from before
    /// the others.
    func reach(
        _ level: ApproverLevel,
        group: AgentGroupID?,
        origin: String?,
        besides tried: Set<ChatAddress> = []
    ) async throws -> Reached? {
        let approvers = try await central.read { db in try Self.approvers(level, group: group, db) }
        let near = approvers.filter { $0.channel == origin }
        for user in near + approvers.filter({ $0.channel != origin }) {
            if let chat = await directMessages.address(of: user), !tried.contains(chat.chat) {
                return Reached(user: user, chat: chat)
            }
        }
        return nil
    }
}
