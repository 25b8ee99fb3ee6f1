import CentralStore
import ChannelKit
import Core
import GRDB

extension CentralStore {
    /// What the router needs to know of one message, read from one state.
    func routeFacts(_ event: InboundEvent, sender: UserID?, channelHasThreads: Bool) async throws -> RouteFacts {
        try await read { db in
            let chat = try MessagingGroup.find(event.address, db)
            let handles = try sender.map { try Identity.handles(of: $0, db) } ?? []
            var wirings = try Wiring.fetchAll(
                db.cachedStatement(
                    sql: """
                        SELECT * FROM wirings WHERE (side = 'chat' AND messaging_group_id = ?)
                        OR (side = 'account' AND channel_type = ? AND (account IS NULL OR account = ?))
                        """
                ),
                arguments: [chat?.id, event.address.channel, event.address.account]
            )
            for handle in handles {
                wirings += try Wiring.fetchAll(
                    db.cachedStatement(sql: "SELECT * FROM wirings WHERE side = 'person' AND user_id = ?"),
                    arguments: [handle]
                )
            }
            let own = Set(handles)
            guard !wirings.isEmpty else { return RouteFacts(chat: chat, sender: sender, handles: own, candidates: []) }
            var byID: [AgentGroupID: AgentGroup] = [:]
            for id in Set(wirings.map(\.agentGroupID)) {
                byID[id] = try AgentGroup.fetchOne(
                    db.cachedStatement(sql: "SELECT * FROM agent_groups WHERE id = ?"),
                    arguments: [id]
                )
            }
            let access = try sender.map { try Access.of(handles, on: $0.channel, db) } ?? Access()
            let candidates = try wirings.compactMap { wiring -> RouteCandidate? in
                guard let group = byID[wiring.agentGroupID] else { return nil }
                var wasEngaged = false
                if let chat, wiring.engageModes.contains(.mentionSticky) {
                    let key = SessionKey(
                        wiring: wiring,
                        chat: chat.id,
                        isGroup: chat.isGroup,
                        thread: event.address.thread,
                        channelHasThreads: channelHasThreads
                    )
                    wasEngaged = try Session.find(key, db)?.engagedAt != nil
                }
                return RouteCandidate(
                    wiring: wiring,
                    group: group,
                    standing: Standing(access, in: group.id),
                    wasEngaged: wasEngaged
                )
            }
            return RouteFacts(chat: chat, sender: sender, handles: own, candidates: candidates)
        }
    }

    /// Makes the row of somebody whose message was taken, and keeps the name and handle that the platform shows.
    func remember(_ user: UserID, name: String?, handle: String?, now: Timestamp) async throws {
        try await write(changesRouting: false) { db in
            try User.seen(user, name: name, handle: handle, now: now, db)
        }
    }

    /// Counts a message that went nowhere.
    func recordDrop(
        _ event: InboundEvent,
        sender: UserID?,
        reason: DropReason,
        chat: MessagingGroupID?,
        group: AgentGroupID?,
        now: Timestamp
    ) async throws {
        try await write(changesRouting: false) { db in
            try db.execute(
                sql: """
                    INSERT INTO dropped_messages (channel_type, platform_id, sender_id, reason, sender_name,
                        messaging_group_id, agent_group_id, message_count, first_seen, last_seen)
                    VALUES (?, ?, ?, ?, ?, ?, ?, 1, ?, ?)
                    ON CONFLICT DO UPDATE SET message_count = message_count + 1, last_seen = excluded.last_seen,
                        sender_name = coalesce(excluded.sender_name, sender_name),
                        messaging_group_id = excluded.messaging_group_id, agent_group_id = excluded.agent_group_id
                    """,
                arguments: [
                    event.address.channel, event.address.platformID, sender?.description ?? "", reason,
                    event.senderName, chat, group, now, now,
                ]
            )
        }
    }

    /// The chat's row, made with policy `strict` when nobody has made it known: only for a wiring of a whole account or
    /// of a person, which leads chats to an agent that nobody named.
    func findOrCreateChat(_ event: InboundEvent, now: Timestamp) async throws -> MessagingGroup {
        try await write { db in
            if let chat = try MessagingGroup.find(event.address, db) { return chat }
            let chat = MessagingGroup(
                channelType: event.address.channel,
                platformID: event.address.platformID,
                isGroup: event.isGroup,
                createdAt: now
            )
            try chat.insert(db)
            return chat
        }
    }

    /// The platform calls a chat by another id from now on; what is wired to it and says in it stays.
    ///
    /// A chat that has come up under the new id meanwhile goes first, unless an agent hears it already.
    func moveChat(_ address: ChatAddress, to new: ChatAddress) async throws {
        try await write { db in
            guard var chat = try MessagingGroup.find(address, db) else { return }
            if let other = try MessagingGroup.find(new, db) {
                guard try Wiring.filter(sql: "messaging_group_id = ?", arguments: [other.id]).isEmpty(db) else {
                    return
                }
                try other.delete(db)
            }
            chat.platformID = new.platformID
            try chat.update(db)
        }
    }
}

extension MessagingGroup {
    /// The row of the chat at this address.
    static func find(_ address: ChatAddress, _ db: Database) throws -> MessagingGroup? {
        try fetchOne(
            db.cachedStatement(sql: "SELECT * FROM messaging_groups WHERE channel_type = ? AND platform_id = ?"),
            arguments: [address.channel, address.platformID]
        )
    }
}
