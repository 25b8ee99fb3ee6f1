import Approvals
import CentralStore
import ChannelKit
import Core
import GRDB
import Logging

/// Knows who may approve, in which order they are asked, and in which chat each is reached.
struct ApproverDirectory: Sendable {
    /// The longest that a channel may take to open a chat with somebody.
    private static let patience: Duration = .seconds(30)

    let central: CentralStore
    let registry: ChannelRegistry
    let time: any TimeSource
    let logger: Logger

    /// Somebody to ask, and where.
    struct Reached: Sendable, Equatable {
        let user: UserID
        let chat: ChatAddress
    }

    /// Everybody who may answer, each once: admins of the group, then global admins, then owners, as the level allows, each
    /// in the order in which they were made that.
    static func approvers(_ level: ApproverLevel, group: AgentGroupID?, _ db: Database) throws -> [UserID] {
        let roles = try UserRole.order(UserRole.CodingKeys.grantedAt, UserRole.CodingKeys.userID).fetchAll(db)
        var order: [UserRole] = []
        if level == .groupAdmin, let group {
            order += roles.filter { $0.role == .admin && $0.agentGroupID == group }
        }
        if level != .owner { order += roles.filter { $0.role == .admin && $0.agentGroupID == nil } }
        order += roles.filter { $0.role == .owner }
        var seen: Set<UserID> = []
        return order.map(\.userID).filter { seen.insert($0).inserted }
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
            if let chat = try await directChat(user), !tried.contains(chat.chat) {
                return Reached(user: user, chat: chat)
            }
        }
        return nil
    }

    /// The chat in which a person is reached: the one that is known, else the one that their channel opens.
    func directChat(_ user: UserID) async throws -> ChatAddress? {
        guard let adapter = registry.adapter(user.channel) else { return nil }
        let known = try await central.read { db in
            try MessagingGroup.fetchOne(
                db,
                sql: """
                    SELECT messaging_groups.* FROM user_dms JOIN messaging_groups ON messaging_groups.id = messaging_group_id
                    WHERE user_id = ? AND user_dms.channel_type = ?
                    """,
                arguments: [user, user.channel]
            )
        }
        if let known, !known.isGroup { return known.address }
        let opened: ChatAddress?
        do {
            opened = try await withDeadline(Self.patience) { try await adapter.openDM(user) }
        } catch {
            logger.warning(
                "Somebody who may approve cannot be reached",
                metadata: ["user": "\(user)", "error": "\(error)"]
            )
            return nil
        }
        guard let address = opened else { return nil }
        try await remember(address, of: user)
        return address
    }

    /// Keeps where a person is reached.
    private func remember(_ address: ChatAddress, of user: UserID) async throws {
        let now = time.now
        try await central.write { db in
            guard let person = try User.fetchOne(db, key: user) else { return }
            var chat = try MessagingGroup.at(address, db)
            if chat == nil {
                chat = try MessagingGroup(
                    channelType: address.channel,
                    platformID: address.platformID,
                    name: person.displayName,
                    createdAt: now
                ).create(db)
            }
            guard let chat, !chat.isGroup else { return }
            try UserDM(userID: user, channelType: user.channel, messagingGroupID: chat.id, resolvedAt: now).insert(
                db,
                onConflict: .replace
            )
        }
    }

    /// The body's answer; throws when it takes longer.
    private func withDeadline<Value: Sendable>(
        _ limit: Duration,
        _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        try await withThrowingTaskGroup(of: Value.self) { group in
            group.addTask { try await body() }
            group.addTask {
                try await time.sleep(for: limit)
                throw HostError(.unavailable, "no answer within \(limit)")
            }
            defer { group.cancelAll() }
            guard let first = try await group.next() else { throw CancellationError() }
            return first
        }
    }
}
