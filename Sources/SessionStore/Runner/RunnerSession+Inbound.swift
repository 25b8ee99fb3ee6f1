package import Core

extension RunnerSession {
    // MARK: - What the host says

    /// The incarnation that the host has committed; a runner with a lower one ends.
    package func currentIncarnation() throws -> Incarnation {
        try readInbound { try integer("incarnation") }
    }

    /// What the runner needs to know of its agent group; read again at the start of every turn.
    package func configuration() throws -> AgentConfiguration {
        let text = try readInbound {
            try inbound.first("SELECT value FROM meta WHERE key = 'configuration'") { $0.text(0) }
        }
        if let last = lastConfiguration, last.text == text { return last.value }
        let value = try JSONText.decode(AgentConfiguration.self, text ?? "{}")
        lastConfiguration = text.map { ($0, value) }
        return value
    }

    /// The places that the agent may send to, by name.
    package func destinations() throws -> [SessionDestination] {
        try readInbound { try SessionDestination.all(in: inbound) }
    }

    /// The session's own chat; nil when it has none.
    package func routing() throws -> ChatAddress? {
        try readInbound {
            try inbound.first("SELECT channel_type, platform_id, thread_id FROM session_routing") { $0.address(0) }
                ?? nil
        }
    }

    /// A number that changes with every commit of the host: the cheap look for a bell that was missed.
    package func inboundVersion() throws -> Int64 {
        try readInbound { try inbound.first("PRAGMA data_version") { $0.integer(0) } ?? 0 }
    }

    func integer(_ key: String) throws -> Int64 {
        try inbound.first("SELECT value FROM meta WHERE key = ?", key) { Int64($0.text(0)) ?? 0 } ?? 0
    }

    // MARK: - What is due

    /// What a turn may take, oldest first: up to `limit` triggering rows, the nearest `limit` context rows before the
    /// last of them, and up to `limit` rows of kind `system`, which have room of their own.
    ///
    /// Empty unless a triggering row is due. Rows that are acknowledged, lie in the future or wait for a later
    /// incarnation do not count.
    package func due(limit: Int) throws -> DueBatch {
        let taken = Set(
            try outbound.rows(
                "SELECT message_id FROM processing_ack WHERE state <> 'processing' OR incarnation = ?",
                incarnation
            ) { $0.text(0) }
        )
        return try readInbound {
            var batch = DueBatch()
            var chosen = try pick(.users, limit: limit, except: taken, before: .max)
            chosen += try pick(.system, limit: limit, except: taken, before: .max)
            guard let last = chosen.map(\.seq).max() else { return batch }
            let context = try pick(.context, limit: .max, except: taken, before: last)
            batch.passedOver = context.dropLast(limit).map(\.id)
            chosen += context.suffix(limit)
            for found in chosen.sorted(by: { $0.seq < $1.seq }) {
                do {
                    if let row = try row(found.id) { batch.rows.append(row) }
                } catch let error as CoreError {
                    batch.unreadable.append(.init(id: found.id, reason: error.message))
                }
            }
            return batch
        }
    }

    /// The number of the last row that the host has written.
    package func lastInbound() throws -> Int64 { try readInbound { try integer("seq") } }

    /// The oldest answer to a request that stands above that number and has not ended; nil while there is none.
    package func answer(to request: MessageID, above seq: Int64) throws -> InboundRow? {
        try readInbound {
            let id = try inbound.first(
                """
                SELECT id FROM messages_in WHERE seq > ? AND kind = 'system' AND status = 'pending'
                    AND json_valid(content) AND json_extract(content, '$.about') = ? ORDER BY seq LIMIT 1
                """,
                seq,
                request
            ) { MessageID(unchecked: $0.text(0)) }
            return try id.flatMap(row)
        }
    }

    private enum Pick: String {
        case users = "trigger = 1 AND kind <> 'system'"
        case system = "trigger = 1 AND kind = 'system'"
        case context = "trigger = 0"
    }

    private func pick(
        _ pick: Pick,
        limit: Int,
        except taken: Set<String>,
        before seq: Int64
    ) throws -> [(id: MessageID, seq: Int64)] {
        // Rows that are taken are few: the host marks their end, and then they are no longer pending.
        let room = Int64(clamping: limit.addingReportingOverflow(taken.count).partialValue)
        let candidates = try inbound.rows(
            """
            SELECT id, seq FROM messages_in
            WHERE status = 'pending' AND \(pick.rawValue) AND seq < ? AND min_incarnation <= ?
                AND (process_after IS NULL OR process_after <= ?)
            ORDER BY seq LIMIT ?
            """,
            seq,
            incarnation,
            time.now,
            room < 0 ? Int64.max : room
        ) { (id: MessageID(unchecked: $0.text(0)), seq: $0.integer(1)) }
        return Array(candidates.lazy.filter { !taken.contains($0.id.rawValue) }.prefix(limit))
    }

    private func row(_ id: MessageID) throws -> InboundRow? {
        try inbound.first(
            """
            SELECT id, seq, kind, trigger, sent_at, received_at, channel_type, platform_id, thread_id,
                platform_message_id, tries, source_session_id, content
            FROM messages_in WHERE id = ?
            """,
            id
        ) { row in
            let kind = row.text(2)
            guard let known = InboundKind(rawValue: kind) else {
                throw CoreError(.invalidContent, "the kind \"\(kind)\" is not known to this version")
            }
            return InboundRow(
                id: MessageID(unchecked: row.text(0)),
                seq: row.integer(1),
                content: try InboundContent(kind: known, json: row.bytes(12)),
                trigger: row.integer(3) == 1,
                sentAt: row.time(4),
                receivedAt: row.time(5),
                address: row.address(6),
                platformMessageID: row.optionalText(9),
                tries: Int(row.integer(10)),
                sourceSession: row.optionalText(11).map(SessionID.init(unchecked:))
            )
        }
    }
}

extension SessionDestination {
    /// Every row of `destinations`, by name.
    package static func all(in database: Connection) throws -> [SessionDestination] {
        try database.rows(
            """
            SELECT name, display_name, channel_type, platform_id, agent_group_id FROM destinations ORDER BY name
            """
        ) { row in
            let target: Target =
                row.optionalText(4).map { .agent(AgentGroupID(unchecked: $0)) }
                ?? .chat(ChatAddress(channel: row.text(2), platformID: row.text(3)))
            return SessionDestination(name: row.text(0), displayName: row.optionalText(1), target: target)
        }
    }
}
