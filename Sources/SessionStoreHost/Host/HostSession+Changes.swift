import Core
import LinuxIO
import SessionStore

extension HostSession {
    /// Makes the changes in one transaction, in their order; durable when it returns.
    ///
    /// With `patience` they wait for another write of the session, whose commit they then share.
    /// - Throws: ``StoreError``; then none of them is made.
    package func apply(_ changes: [HostChange], patience: Patience? = nil) async throws {
        if changes.contains(where: \.hasFiles) { return try await applyWithFiles(changes) }
        let plans = try changes.compactMap { change -> InsertPlan? in
            if case .insert(let row) = change { try bare(row) } else { nil }
        }
        _ = try await sharing(isRecord: true, patience: patience) {
            try self.make(changes, plans, in: $0)
        } committed: {
            self.noteMade(changes, $0)
        }
    }

    private func applyWithFiles(_ changes: [HostChange]) async throws {
        await enter()
        defer { leave() }
        let rows = changes.compactMap { change -> NewInbound? in
            if case .insert(let row) = change { row } else { nil }
        }
        let plans = try await plan(rows)
        let effects: Effects
        do {
            effects = try await heldTransaction { database in
                let effects = try make(changes, plans, in: database)
                try raiseRecordedThrough(in: database)
                return effects
            }
        } catch {
            discardUnlessStored(plans)
            throw error
        }
        noteMade(changes, effects)
        discard(effects.repeated)
    }

    private func make(_ changes: [HostChange], _ plans: [InsertPlan], in database: Connection) throws -> Effects {
        var effects = Effects(plans: plans[...])
        for change in changes { try make(change, &effects, in: database) }
        crashPoint("changes.committing")
        return effects
    }

    private func noteMade(_ changes: [HostChange], _ effects: Effects) {
        crashPoint("changes.committed")
        raiseStored(by: effects.stored)
        backlog.drop(changes)
    }

    /// What the changes of one transaction leave to be done once it is durable.
    private struct Effects {
        var plans: ArraySlice<InsertPlan>
        /// Rows that turned out to be there already.
        var repeated: [InsertPlan] = []
        var stored: [InsertOutcome] = []

        init(plans: ArraySlice<InsertPlan>) { self.plans = plans }
    }

    private func make(_ change: HostChange, _ effects: inout Effects, in database: Connection) throws {
        switch change {
        case .acked(let acks):
            for ack in acks where ack.state != .processing {
                try database.run(
                    "UPDATE messages_in SET status = ?, last_error = ?, ended_at = ? WHERE id = ? AND status = 'pending'",
                    ack.state.rawValue,
                    ack.detail,
                    time.now,
                    ack.message
                )
            }
        case .delivery(let delivery): try record(delivery, in: database)
        case .retryRows(let ids, let error): try retry(ids, error, in: database)
        case .failRows(let ids, let error): for id in ids { try fail(id, error, in: database) }
        case .insert:
            guard let plan = effects.plans.popFirst() else { return }
            let outcome = try store(plan, in: database)
            if case .repeated = outcome { effects.repeated.append(plan) }
            effects.stored.append(outcome)
        }
    }

    private func retry(_ ids: [MessageID], _ error: String, in database: Connection) throws {
        for id in ids {
            let tries = try database.first(
                "SELECT tries FROM messages_in WHERE id = ? AND status = 'pending'",
                id
            ) { Int($0.integer(0)) }
            guard let tries else { continue }
            if tries >= SessionLimits.tries {
                try fail(id, error, in: database)
            } else {
                try database.run(
                    "UPDATE messages_in SET tries = tries + 1, process_after = ?, last_error = ? WHERE id = ?",
                    time.now + .seconds(5 << tries),
                    error,
                    id
                )
            }
        }
    }

    private func fail(_ id: MessageID, _ error: String, in database: Connection) throws {
        try database.run(
            "UPDATE messages_in SET status = 'failed', last_error = ?, ended_at = ? WHERE id = ? AND status = 'pending'",
            error,
            time.now,
            id
        )
    }

    private func record(_ delivery: Delivery, in database: Connection) throws {
        try database.run(
            """
            INSERT INTO deliveries (message_id, seq, incarnation, turn, kind, channel_type, platform_id, thread_id,
                in_reply_to, content, state, attempts, next_attempt, parts_done, platform_message_id, error,
                recorded_at, updated_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (message_id) DO UPDATE SET
                state = excluded.state, attempts = excluded.attempts, next_attempt = excluded.next_attempt,
                parts_done = excluded.parts_done, platform_message_id = excluded.platform_message_id,
                error = excluded.error, updated_at = excluded.updated_at
            WHERE deliveries.state <> 'delivered'
            """,
            delivery.message,
            delivery.seq,
            delivery.incarnation,
            delivery.turn,
            delivery.kind.rawValue,
            delivery.address?.channel,
            delivery.address?.platformID,
            delivery.address?.thread,
            delivery.inReplyTo,
            delivery.content,
            delivery.state.rawValue,
            delivery.attempts,
            delivery.nextAttempt,
            delivery.partsDone,
            delivery.platformMessageID,
            delivery.error,
            delivery.recordedAt,
            delivery.updatedAt
        )
    }

    /// Raises the floor to the highest recorded number below which nothing waits to be recorded: rows may be
    /// recorded out of their order, and a row at or below the floor is never looked at again.
    func raiseRecordedThrough(in database: Connection) throws {
        // Before the first look it is not known what waits.
        guard backlog.isKnown else { return }
        let present = try meta("recorded_through", in: database)
        let waiting = try backlog.rows.filter { row in
            try database.first("SELECT 1 FROM deliveries WHERE message_id = ?", row.id) { _ in true } == nil
        }
        let end = waiting.map(\.seq).min() ?? .max
        let reached =
            try database.first(
                "SELECT max(seq) FROM deliveries WHERE seq < ?",
                end
            ) { $0.integer(0) } ?? 0
        if reached > present { try setMeta("recorded_through", reached, in: database) }
    }
}

extension HostChange {
    /// True for what stages files.
    fileprivate var hasFiles: Bool {
        switch self {
        case .insert(let row): !row.attachments.isEmpty
        case .acked, .delivery, .retryRows, .failRows: false
        }
    }
}
