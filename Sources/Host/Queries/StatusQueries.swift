import CentralStore
import Core
import GRDB

extension CentralStore {
    /// Fills in what the central database knows.
    func readStatus(into status: inout HostStatus) async throws {
        let (providers, groups, counts, refused, quarantined, approvals, tasks) = try await read { db in
            let providers = try Provider.order(Provider.CodingKeys.name).fetchAll(db)
            let groups = try AgentGroup.order(AgentGroup.CodingKeys.createdAt).fetchAll(db)
                .map { group in
                    HostStatus.GroupStatus(
                        id: group.id,
                        name: group.name,
                        folder: group.folder,
                        provider: try AgentGroupConfig.fetchOne(db, key: group.id)?.provider ?? "offline"
                    )
                }
            var counts = HostStatus.SessionCounts()
            counts.total = try Int.fetchOne(db, sql: "SELECT count(*) FROM sessions WHERE status <> 'closed'") ?? 0
            counts.dirty = try DirtySession.fetchCount(db)
            let quarantined = try Row.fetchAll(
                db,
                sql: "SELECT id, status_reason FROM sessions WHERE status = 'quarantined'"
            ).map { row in "session \(row["id"] as String): quarantined: \(row["status_reason"] as String? ?? "")" }
            counts.quarantined = quarantined.count
            let refused = try DroppedMessage.filter(
                DroppedMessage.CodingKeys.reason == DropReason.unknownSenderRequestApproval
            ).order(DroppedMessage.CodingKeys.lastSeen.desc).limit(100).fetchAll(db)
            let approvals = try ApprovalRow.all("pending", db).prefix(100)
            return (providers, groups, counts, refused, quarantined, Array(approvals), try Self.tasks(db))
        }
        status.providers = providers.map {
            HostStatus.ProviderStatus(name: $0.name, kind: $0.kind.rawValue, model: $0.model, baseURL: $0.baseURL)
        }
        status.groups = groups
        status.sessions = counts
        status.problems += quarantined
        status.tasks = tasks
        status.approvals = approvals.map {
            HostStatus.PendingApproval(
                id: $0.id,
                action: $0.action,
                title: $0.title,
                agentGroup: $0.agentGroupID,
                createdAt: $0.createdAt,
                expiresAt: $0.expiresAt
            )
        }
        status.refused = refused.map {
            HostStatus.RefusedSender(
                address: ChatAddress(channel: $0.channelType, platformID: $0.platformID),
                sender: $0.senderID,
                name: $0.senderName,
                count: $0.messageCount,
                lastSeen: $0.lastSeen
            )
        }
    }

    private static func tasks(_ db: Database) throws -> HostStatus.TaskCounts {
        let row = try Row.fetchOne(
            db,
            sql: """
                SELECT count(*) FILTER (WHERE state = 'active') AS active, count(*) FILTER (WHERE state = 'paused') AS paused,
                    count(*) FILTER (WHERE state = 'active' AND failures > 0) AS failing,
                    min(next_due) FILTER (WHERE state = 'active') AS next
                FROM tasks
                """
        )
        return HostStatus.TaskCounts(
            active: row?["active"] ?? 0,
            paused: row?["paused"] ?? 0,
            failing: row?["failing"] ?? 0,
            nextDue: row?["next"]
        )
    }
}
