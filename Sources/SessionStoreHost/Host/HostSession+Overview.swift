package import Core
import SessionStore

extension HostSession {
    /// What the session has to do at this time.
    package func state(now: Timestamp) async throws -> SessionOverview {
        try await reading { database in
            func count(_ sql: String) throws -> Int { try database.first(sql) { Int($0.integer(0)) } ?? 0 }
            let due = try database.rows(
                """
                SELECT id FROM messages_in WHERE status = 'pending' AND trigger = 1
                    AND (process_after IS NULL OR process_after <= ?) ORDER BY seq LIMIT 1000
                """,
                now
            ) { MessageID(unchecked: $0.text(0)) }
            let nextDue = try database.first(
                "SELECT min(process_after) FROM messages_in WHERE status = 'pending' AND trigger = 1 AND process_after > ?",
                now
            ) { $0.optionalTime(0) }
            let nextAttempt = try database.first(
                "SELECT min(next_attempt) FROM deliveries WHERE state IN ('sending', 'retry')"
            ) { $0.optionalTime(0) }
            let failed = try database.rows(
                "SELECT id FROM messages_in WHERE status = 'failed' ORDER BY seq DESC LIMIT 100"
            ) { MessageID(unchecked: $0.text(0)) }
            return SessionOverview(
                open: try count("SELECT count(*) FROM messages_in WHERE status = 'pending'"),
                dueTriggers: due,
                nextDue: nextDue ?? nil,
                openDeliveries: try count("SELECT count(*) FROM deliveries WHERE state IN ('sending', 'retry')"),
                nextAttempt: nextAttempt ?? nil,
                failedRows: failed.reversed()
            )
        }
    }

    /// The triggering rows up to this number that this incarnation could see, that are due and have not ended; by seq.
    ///
    /// After its death and the last drain each of them has failed one try. Without a number those count that were stored
    /// before this object has stored any. With `deferred` also those that wait for a time.
    package func claimedRows(
        by incarnation: Incarnation,
        through seq: Int64?,
        deferred: Bool = false
    ) async throws -> [MessageID] {
        try await reading { database in
            try database.rows(
                """
                SELECT id FROM messages_in WHERE status = 'pending' AND trigger = 1 AND min_incarnation <= ? AND seq <= ?
                    AND (process_after IS NULL OR process_after <= ?) ORDER BY seq
                """,
                incarnation,
                seq ?? firstStored.map { $0 - 1 } ?? .max,
                deferred ? Timestamp(milliseconds: .max) : time.now
            ) { MessageID(unchecked: $0.text(0)) }
        }
    }

    /// What is stored of these rows; those that are gone are left out.
    package func inbound(_ ids: [MessageID]) async throws -> [MessageID: InboundReference] {
        try await reading { database in
            var found: [MessageID: InboundReference] = [:]
            for id in ids {
                found[id] = try database.first(
                    """
                    SELECT seq, channel_type, platform_id, thread_id, platform_message_id, source_session_id, trigger,
                        tries, last_error, kind
                    FROM messages_in WHERE id = ?
                    """,
                    id
                ) { row in
                    InboundReference(
                        seq: row.integer(0),
                        address: row.address(1),
                        platformMessageID: row.optionalText(4),
                        sourceSession: row.optionalText(5).map(SessionID.init(unchecked:)),
                        trigger: row.integer(6) == 1,
                        tries: Int(row.integer(7)),
                        lastError: row.optionalText(8),
                        isOfHost: row.text(9) == "system"
                    )
                }
            }
            return found
        }
    }

    /// How the row stands: its status and what was noted at its end; nil for one that is gone.
    package func ending(of id: MessageID) async throws -> (status: String, detail: String?)? {
        try await reading { database in
            try database.first("SELECT status, last_error FROM messages_in WHERE id = ?", id) { row in
                (row.text(0), row.optionalText(1))
            }
        }
    }

    /// Tasks that a runner has begun and not ended, as the last look at `outbound.db` had it.
    ///
    /// With the runner proven dead and the file drained they were cut off.
    package func begunTasks() async throws -> [MessageID] {
        try await reading { database in
            let claimed = Set(backlog.acks.filter { $0.state == .processing }.map(\.message))
            return try claimed.sorted().filter { id in
                try database.first(
                    "SELECT 1 FROM messages_in WHERE id = ? AND kind = 'task' AND status = 'pending'",
                    id
                ) { _ in true } ?? false
            }
        }
    }

    /// What is begun at most once and has not ended, begun or not: runs of tasks, and commands that somebody has allowed.
    package func pendingRuns() async throws -> [MessageID] {
        try await reading { database in
            try database.rows(
                """
                SELECT id FROM messages_in WHERE status = 'pending' AND trigger = 1 AND (kind = 'task' OR kind = 'system'
                    AND json_extract(content, '$.action') = ? AND json_extract(content, '$.status') = 'ok') ORDER BY seq
                """,
                AllowedCommand.action
            ) { MessageID(unchecked: $0.text(0)) }
        }
    }

    /// The person who wrote that row, as the router resolved them; nil when it is no message of a person.
    package func sender(of id: MessageID) async throws -> UserID? {
        try await reading { database in
            let content = try database.first("SELECT content FROM messages_in WHERE id = ? AND kind = 'chat'", id) {
                $0.bytes(0)
            }
            guard let content, case .chat(let chat) = try InboundContent(kind: .chat, json: content) else { return nil }
            return chat.senderID
        }
    }

    /// True when a row came from this chat, in whatever thread of it.
    package func knowsChat(_ chat: ChatAddress) async throws -> Bool {
        try await reading { database in
            try database.first(
                "SELECT 1 FROM messages_in WHERE channel_type = ? AND platform_id = ? LIMIT 1",
                chat.channel,
                chat.platformID
            ) { _ in true } ?? false
        }
    }

    // MARK: - Deliveries

    /// Deliveries in state `sending` or `retry`, by seq.
    package func openDeliveries() async throws -> [Delivery] {
        try await reading { database in
            try database.rows(Self.select("state IN ('sending', 'retry') ORDER BY seq"), read: Delivery.init(row:))
        }
    }

    /// Whether what became of this message is recorded, or that it is on its way.
    package func hasDelivery(of message: MessageID) async throws -> Bool {
        try await reading { database in
            try database.first("SELECT 1 FROM deliveries WHERE message_id = ?", message.rawValue) { _ in true } ?? false
        }
    }

    /// The record of the message with that number; nil when there is none.
    package func delivery(seq: Int64) async throws -> Delivery? {
        try await reading { database in
            try database.first(Self.select("seq = ? ORDER BY recorded_at DESC"), seq, read: Delivery.init(row:))
        }
    }

    /// The platform's name for the message with that number: one of the agent's own that was delivered, or one that
    /// came in; nil when there is none.
    package func platformMessage(
        seq: Int64
    ) async throws -> (address: ChatAddress, platformMessageID: String, isOwn: Bool)? {
        try await reading { database in
            let isOwn = seq % 2 != 0
            let table = isOwn ? "deliveries WHERE state = 'delivered' AND" : "messages_in WHERE"
            let found = try database.first(
                "SELECT channel_type, platform_id, thread_id, platform_message_id FROM \(table) seq = ?",
                seq
            ) { row -> (ChatAddress, String)? in
                guard let address = row.address(0), let id = row.optionalText(3) else { return nil }
                return (address, id)
            }
            guard let (address, id) = found ?? nil else { return nil }
            return (address, id, isOwn)
        }
    }

    /// The number of the message that the platform knows by this id in that chat, and whether it is the agent's own;
    /// nil when this conversation does not know it.
    package func message(
        platformID: String,
        in chat: ChatAddress
    ) async throws -> (seq: Int64, isOwn: Bool)? {
        try await reading { database in
            try database.first(
                """
                SELECT seq FROM messages_in
                WHERE platform_message_id = ?1 AND channel_type = ?2 AND platform_id = ?3
                UNION ALL
                SELECT seq FROM deliveries
                WHERE platform_message_id = ?1 AND channel_type = ?2 AND platform_id = ?3 AND state = 'delivered'
                LIMIT 1
                """,
                platformID,
                chat.channel,
                chat.platformID
            ) { row in
                let seq = row.integer(0)
                return (seq, seq % 2 != 0)
            }
        }
    }

    /// The last messages of the conversation, oldest first: rows of `messages_in`, and what was recorded of the
    /// agent's.
    package func history(limit: Int) async throws -> [SessionHistoryEntry] {
        try await reading { database in
            try database.rows(
                """
                SELECT id, seq, received_at, kind, content, channel_type, platform_id, thread_id, status, 0
                FROM messages_in
                UNION ALL
                SELECT message_id, seq, recorded_at, kind, content, channel_type, platform_id, thread_id, state, 1
                FROM deliveries
                ORDER BY 3 DESC, 2 DESC LIMIT ?
                """,
                limit
            ) { row in
                SessionHistoryEntry(
                    id: MessageID(unchecked: row.text(0)),
                    seq: row.integer(1),
                    isOutgoing: row.integer(9) == 1,
                    at: row.time(2),
                    kind: row.text(3),
                    content: row.text(4),
                    address: row.address(5),
                    state: row.text(8)
                )
            }.reversed()
        }
    }

    private static func select(_ condition: String) -> String {
        """
        SELECT message_id, seq, incarnation, turn, kind, channel_type, platform_id, thread_id, in_reply_to, content,
            state, attempts, next_attempt, parts_done, platform_message_id, error, recorded_at, updated_at
        FROM deliveries WHERE \(condition)
        """
    }
}

extension Delivery {
    fileprivate init(row: Row) throws {
        guard let kind = OutboundKind(rawValue: row.text(4)), let state = DeliveryState(rawValue: row.text(10)) else {
            throw StoreError(.damaged, "inbound.db: delivery \(row.text(0)) has the unknown kind \(row.text(4))")
        }
        self.init(
            message: MessageID(unchecked: row.text(0)),
            seq: row.integer(1),
            incarnation: row.integer(2),
            turn: TurnID(unchecked: row.text(3)),
            kind: kind,
            address: row.address(5),
            inReplyTo: row.optionalText(8).map(MessageID.init(unchecked:)),
            content: row.text(9),
            state: state,
            attempts: Int(row.integer(11)),
            nextAttempt: row.optionalTime(12),
            partsDone: Int(row.integer(13)),
            platformMessageID: row.optionalText(14),
            error: row.optionalText(15),
            recordedAt: row.time(16),
            updatedAt: row.time(17)
        )
    }
}
