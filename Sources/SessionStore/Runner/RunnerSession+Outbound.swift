package import Core
import LinuxIO

extension RunnerSession {
    // MARK: - Claims and rows

    /// Takes rows for a turn; durable when it returns, and no tool runs before that.
    ///
    /// Rows and acks that the host is done with are cleared away in the same commit.
    package func claim(_ ids: [MessageID], turn: TurnID) throws {
        try outbound.write {
            try forget(try recordedByHost())
            for id in ids {
                try acknowledge(TurnEnd.Outcome(id, .processing), turn: turn)
                try outbound.run("INSERT OR IGNORE INTO claims (message_id, turn) VALUES (?, ?)", id, turn)
            }
            crashPoint("claim.committing")
        }
        crashPoint("claim.committed")
    }

    /// True for a row that an incarnation, this or an earlier one, has taken and not ended.
    package func isClaimed(_ id: MessageID) throws -> Bool {
        try outbound.first("SELECT 1 FROM claims WHERE message_id = ?", id) { _ in true } ?? false
    }

    /// Writes one row in the middle of a turn, in a commit of its own; one whose id is there already stays as it is.
    /// - Throws: `.tooLarge`, `.queueFull`, `.fileFull` or `.diskFull`; nothing is written then.
    package func insert(_ row: NewOutbound) throws -> (MessageID, seq: Int64) {
        let added = try outbound.write {
            if let id = row.id,
                let seq = try outbound.first("SELECT seq FROM messages_out WHERE id = ?", id, read: { $0.integer(0) })
            {
                return (id, seq)
            }
            let recorded = try recordedByHost()
            try forget(recorded)
            let added = try add(row, above: recorded.floor)
            crashPoint("row.committing")
            return added
        }
        crashPoint("row.committed")
        return added
    }

    /// Ends a turn: its last rows, the acks of all it consumed and the continuation, all in one transaction.
    ///
    /// A turn that ran no tool needs no claim before. Answers the rows' numbers in their order; none when the turn has
    /// ended already, as a commit that failed for the device (`.inputOutput`) may have come to be all the same.
    /// - Throws: `.tooLarge`, `.queueFull`, `.fileFull` or `.diskFull`; nothing is written then.
    @discardableResult
    package func commit(_ end: TurnEnd) throws -> [Int64] {
        try outbound.write {
            if try hasEnded(end) { return [] }
            let recorded = try recordedByHost()
            try forget(recorded)
            let numbers = try end.rows.map { try add($0, above: recorded.floor).seq }
            for outcome in end.acks {
                try acknowledge(outcome, turn: end.turn)
                if outcome.state != .processing {
                    try outbound.run("DELETE FROM claims WHERE message_id = ?", outcome.message)
                }
            }
            if let (provider, value) = end.continuation { try store(value, for: provider) }
            crashPoint("turn.committing")
            return numbers
        }
    }

    /// Rows that earlier tries of these messages have sent already, by number: the next try is told of them.
    package func rowsAlreadySent(for messages: [MessageID]) throws -> [SentRow] {
        var turns: Set<String> = []
        for message in messages {
            turns.formUnion(
                try outbound.rows("SELECT turn FROM claims WHERE message_id = ?", message) { $0.text(0) }
            )
        }
        var found: [Int64: SentRow] = [:]
        for turn in turns {
            for database in [outbound, inbound] {
                let table = database === outbound ? "messages_out" : "deliveries"
                let id = database === outbound ? "id" : "message_id"
                let sql = """
                    SELECT \(id), seq, kind, content, channel_type, platform_id, thread_id FROM \(table) WHERE turn = ?
                    """
                for row in try database.rows(sql, turn, read: SentRow.init(row:)).compactMap(\.self) {
                    found[row.seq] = row
                }
            }
        }
        return found.values.sorted { $0.seq < $1.seq }
    }

    /// The message with that number in this session, of either side; nil when there is none to name.
    package func messageReference(seq: Int64) throws -> MessageReference? {
        if seq % 2 == 0 {
            return try readInbound {
                try inbound.first(
                    "SELECT id, channel_type, platform_id, thread_id FROM messages_in WHERE seq = ?",
                    seq
                ) { MessageReference(id: .init(unchecked: $0.text(0)), seq: seq, isOwn: false, address: $0.address(1)) }
            }
        }
        let waiting = try outbound.first(
            "SELECT id, channel_type, platform_id, thread_id FROM messages_out WHERE seq = ? AND kind = 'chat'",
            seq
        ) { MessageReference(id: .init(unchecked: $0.text(0)), seq: seq, isOwn: true, address: $0.address(1)) }
        if let waiting { return waiting }
        return try readInbound {
            try inbound.first(
                """
                SELECT message_id, channel_type, platform_id, thread_id FROM deliveries
                WHERE seq = ? AND kind = 'chat' AND state <> 'failed'
                """,
                seq
            ) { MessageReference(id: .init(unchecked: $0.text(0)), seq: seq, isOwn: true, address: $0.address(1)) }
        }
    }

    // MARK: - State

    /// What the provider asked to be given back when the conversation goes on; nil at its start.
    package func continuation(provider: String) throws -> String? {
        try outbound.first("SELECT value FROM session_state WHERE key = ?", Self.key(provider)) { $0.text(0) }
    }

    /// Tells the host what the runner is doing, with the tools in flight and their declared timeouts.
    package func setState(phase: RunnerPhase, tools: [ToolInFlight] = []) throws {
        let text = try JSONText.encode(tools)
        try outbound.write {
            try outbound.run(
                "UPDATE runner_state SET incarnation = ?, phase = ?, tools = ?, updated_at = ?",
                incarnation,
                phase.rawValue,
                text,
                time.now
            )
        }
    }

    /// Clears away rows that the host has recorded and acks that it has taken over.
    package func prune() throws {
        try outbound.write { try forget(try recordedByHost()) }
    }

    // MARK: - Files

    /// Puts a file into `outbox/<message>/`, durable when it returns, for a row that is inserted afterwards with this
    /// id.
    ///
    /// Answers the name it got: another one when the name is taken.
    /// - Throws: `.invalid` for a name that is no single path component, `.tooLarge` past a limit in bytes.
    package func stageOutboxFile(
        message: MessageID,
        name: String,
        bytes: [UInt8],
        fileLimit: Int = SessionLimits.attachment,
        messageLimit: Int = SessionLimits.messageAttachments
    ) throws -> String {
        try outbox.stage(message, name, bytes, fileLimit: fileLimit, messageLimit: messageLimit)
    }

    /// Sets the time of `.heartbeat` to now; people look at it, nothing decides by it.
    package func touchHeartbeat() throws { try outbox.touchHeartbeat() }

    // MARK: - Within a transaction

    /// Whether this very end is there: the first of its acks, by its turn.
    private func hasEnded(_ end: TurnEnd) throws -> Bool {
        guard let ack = end.acks.first, ack.state != .processing else { return false }
        let sql = "SELECT 1 FROM processing_ack WHERE message_id = ? AND turn = ? AND state <> 'processing'"
        return try outbound.first(sql, ack.message, end.turn) { _ in true } ?? false
    }

    private static func key(_ provider: String) -> String { "continuation:\(provider.lowercased())" }

    private func store(_ value: String?, for provider: String) throws {
        guard let value else {
            try outbound.run("DELETE FROM session_state WHERE key = ?", Self.key(provider))
            return
        }
        guard value.utf8.count <= SessionLimits.rowContent else {
            throw StoreError(.tooLarge, "the continuation of \(provider) has \(value.utf8.count) bytes")
        }
        try outbound.run(
            "INSERT OR REPLACE INTO session_state (key, value, updated_at) VALUES (?, ?, ?)",
            Self.key(provider),
            value,
            time.now
        )
    }

    private func acknowledge(_ outcome: TurnEnd.Outcome, turn: TurnID) throws {
        try outbound.run(
            """
            INSERT OR REPLACE INTO processing_ack (message_id, incarnation, state, turn, detail, changed_at)
            VALUES (?, ?, ?, ?, ?, ?)
            """,
            outcome.message,
            incarnation,
            outcome.state.rawValue,
            turn,
            outcome.detail.map { String(decoding: $0.utf8.prefix(SessionLimits.ackDetail), as: UTF8.self) },
            time.now
        )
    }

    private func add(_ row: NewOutbound, above floor: Int64) throws -> (MessageID, seq: Int64) {
        let content = try row.content.json()
        guard content.utf8.count <= SessionLimits.rowContent else {
            throw StoreError(
                .tooLarge,
                "a message of \(content.utf8.count) bytes is over the \(SessionLimits.rowContent) that one may have: "
                    + "send the rest as a file"
            )
        }
        let waiting = try outbound.first("SELECT count(*) FROM messages_out") { $0.integer(0) } ?? 0
        guard waiting < SessionLimits.undeliveredRows else {
            throw StoreError(.queueFull, "\(waiting) messages wait to be delivered: no more until some are")
        }
        let own = try outbound.first("SELECT value FROM meta WHERE key = 'seq'") { Int64($0.text(0)) ?? 0 } ?? 0
        let seq = Sequence.next(.runner, above: max(own, floor))
        try outbound.run("UPDATE meta SET value = ? WHERE key = 'seq'", String(seq))
        let id = row.id ?? .random()
        try outbound.run(
            """
            INSERT INTO messages_out (id, seq, in_reply_to, turn, kind, channel_type, platform_id, thread_id, content,
                deliver_after, created_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            id,
            seq,
            row.inReplyTo,
            row.turn,
            row.content.kind.rawValue,
            row.address?.channel,
            row.address?.platformID,
            row.address?.thread,
            content,
            row.deliverAfter,
            time.now
        )
        return (id, seq)
    }

    // MARK: - What the host has taken over

    private struct Recorded {
        /// Every row up to here is recorded.
        var through: Int64
        /// The highest number that the host has given or seen.
        var floor: Int64
        /// Rows here that are recorded, and messages whose acks the host has seen.
        var rows: [String]
        var ended: [String]
    }

    private func recordedByHost() throws -> Recorded {
        let rows = try outbound.rows("SELECT id FROM messages_out ORDER BY seq") { $0.text(0) }
        let acks = try outbound.rows("SELECT message_id FROM processing_ack") { $0.text(0) }
        return try readInbound {
            let through = try integer("recorded_through")
            let recorded = try rows.filter { id in
                try inbound.first("SELECT 1 FROM deliveries WHERE message_id = ?", id) { _ in true } ?? false
            }
            let ended = try acks.filter { id in
                let status = try inbound.first("SELECT status FROM messages_in WHERE id = ?", id) { $0.text(0) }
                return status == nil || status == "completed" || status == "failed"
            }
            return Recorded(
                through: through,
                floor: max(through, try integer("seq")),
                rows: recorded,
                ended: ended
            )
        }
    }

    private func forget(_ recorded: Recorded) throws {
        try outbound.run("DELETE FROM messages_out WHERE seq <= ?", recorded.through)
        for id in recorded.rows { try outbound.run("DELETE FROM messages_out WHERE id = ?", id) }
        for id in recorded.ended {
            try outbound.run("DELETE FROM processing_ack WHERE message_id = ?", id)
            try outbound.run("DELETE FROM claims WHERE message_id = ?", id)
        }
    }
}

extension SentRow {
    /// Reads id, seq, kind, content and address; nil for a row that this version cannot read.
    fileprivate init?(row: Row) throws {
        guard let kind = OutboundKind(rawValue: row.text(2)),
            let content = try? OutboundContent(kind: kind, json: row.bytes(3))
        else { return nil }
        self.init(
            id: MessageID(unchecked: row.text(0)),
            seq: row.integer(1),
            content: content,
            address: row.address(4)
        )
    }
}
