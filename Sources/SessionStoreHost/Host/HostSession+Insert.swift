import Core
import LinuxIO
import SessionStore
import Synchronization

extension HostSession {
    /// Stores messages for the agent in one transaction; durable when it returns.
    ///
    /// An event that is there already is left as it is. Files are in place before the rows are; what is too large is
    /// left out with a note.
    /// - Throws: ``StoreError``; then nothing is stored.
    package func insert(_ rows: [NewInbound]) async throws -> [InsertOutcome] {
        guard rows.allSatisfy(\.attachments.isEmpty) else { return try await insertWithFiles(rows) }
        let plans = try rows.map(bare)
        return try await sharing {
            try self.store(plans, in: $0)
        } committed: {
            self.noteStored($0)
        }
    }

    private func insertWithFiles(_ rows: [NewInbound]) async throws -> [InsertOutcome] {
        await enter()
        defer { leave() }
        let plans = try await plan(rows)
        do {
            let outcomes = try await heldTransaction { try store(plans, in: $0) }
            noteStored(outcomes)
            discard(zip(plans, outcomes).filter { $0.id != $1.id }.map(\.0))
            return outcomes
        } catch {
            discardUnlessStored(plans)
            throw error
        }
    }

    private func store(_ plans: [InsertPlan], in database: Connection) throws -> [InsertOutcome] {
        let outcomes = try plans.map { try store($0, in: database) }
        crashPoint("message.committing")
        return outcomes
    }

    private func noteStored(_ outcomes: [InsertOutcome]) {
        crashPoint("message.committed")
        raiseStored(by: outcomes)
    }

    /// Notes the numbers of what is durable.
    func raiseStored(by outcomes: [InsertOutcome]) {
        for case .inserted(_, let seq) in outcomes {
            firstStored = firstStored ?? seq
            lastStored.max(seq, ordering: .releasing)
        }
    }

    /// A row whose files are staged.
    struct InsertPlan {
        let row: NewInbound
        let id: MessageID
        /// The content column, with the places of the files.
        let json: String
        let hash: [UInt8]
        let hasFiles: Bool
    }

    func plan(_ rows: [NewInbound]) async throws -> [InsertPlan] {
        var plans: [InsertPlan] = []
        do {
            for row in rows { plans.append(try await plan(row)) }
            return plans
        } catch {
            discard(plans)
            throw error
        }
    }

    /// The plan of a row that stages no files.
    func bare(_ row: NewInbound) throws -> InsertPlan {
        let json = try row.content.json()
        let hash = try ContentHash.of(row, json: json)
        return InsertPlan(row: row, id: .random(), json: try checked(json), hash: hash, hasFiles: false)
    }

    private func plan(_ row: NewInbound) async throws -> InsertPlan {
        guard !row.attachments.isEmpty else { return try bare(row) }
        let bare = try row.content.json()
        let hash = try ContentHash.of(row, json: bare)
        let known = try await patiently { () throws -> MessageID? in try self.known(row.sourceID, hash, in: try open())
        }
        guard known == nil else { return try self.bare(row) }
        guard case .chat(var chat) = row.content else {
            throw StoreError(.invalid, "a message of kind \(row.content.kind.rawValue) takes no files")
        }
        let id = MessageID.random()
        let inbox = Inbox(folder: folder, owner: owner, limits: attachmentLimits, now: time.now)
        let stored = try inbox.stage(row.attachments, for: id)
        chat.attachments += stored
        let plan = InsertPlan(
            row: row,
            id: id,
            json: try InboundContent.chat(chat).json(),
            hash: hash,
            hasFiles: stored.contains { $0.path != nil }
        )
        do {
            _ = try checked(plan.json)
        } catch {
            discard([plan])
            throw error
        }
        return plan
    }

    private func checked(_ json: String) throws -> String {
        guard json.utf8.count <= SessionLimits.rowContent else {
            throw StoreError(
                .tooLarge,
                "a message of \(json.utf8.count) bytes is over the \(SessionLimits.rowContent) allowed"
            )
        }
        return json
    }

    func discard(_ plans: [InsertPlan]) {
        for plan in plans where plan.hasFiles {
            // A folder that stays behind has no row; pruning removes it.
            try? Directory(path: folder.inbound).directory("inbox").remove(plan.id.rawValue)
        }
    }

    /// Removes the files of what a transaction was to store and did not.
    ///
    /// A commit that is said to have failed may have come to be: then the row keeps its files, and so does one that cannot
    /// be looked for.
    func discardUnlessStored(_ plans: [InsertPlan]) {
        let lost = plans.filter { plan in
            guard plan.hasFiles else { return false }
            do {
                return try known(plan.row.sourceID, plan.hash, in: open()) != plan.id
            } catch {
                return false
            }
        }
        discard(lost)
    }

    private func known(_ sourceID: String, _ hash: [UInt8], in database: Connection) throws -> MessageID? {
        try database.first(
            "SELECT message_id FROM seen WHERE source_id = ? AND content_hash = ?",
            sourceID,
            hash
        ) { MessageID(unchecked: $0.text(0)) }
    }

    /// Writes one planned row; within a transaction.
    func store(_ plan: InsertPlan, in database: Connection) throws -> InsertOutcome {
        let row = plan.row
        if let id = try known(row.sourceID, plan.hash, in: database) { return .repeated(id: id) }
        let seq = Sequence.next(.host, above: max(try meta("seq", in: database), try floor(in: database)))
        try setMeta("seq", seq, in: database)
        try database.run(
            """
            INSERT INTO messages_in (id, seq, kind, trigger, min_incarnation, sent_at, received_at, process_after,
                channel_type, platform_id, thread_id, platform_message_id, source_session_id, content)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            plan.id,
            seq,
            row.content.kind.rawValue,
            row.trigger,
            row.minIncarnation,
            row.sentAt,
            row.receivedAt,
            row.processAfter,
            row.address?.channel,
            row.address?.platformID,
            row.address?.thread,
            row.platformMessageID,
            row.sourceSession,
            plan.json
        )
        try database.run(
            "INSERT INTO seen (source_id, content_hash, message_id, seen_at) VALUES (?, ?, ?, ?)",
            row.sourceID,
            plan.hash,
            plan.id,
            time.now
        )
        return .inserted(id: plan.id, seq: seq)
    }

    // MARK: - Meta

    func meta(_ key: String, in database: Connection) throws -> Int64 {
        try database.first("SELECT value FROM meta WHERE key = ?", key) { Int64($0.text(0)) ?? 0 } ?? 0
    }

    func setMeta(_ key: String, _ value: Int64, in database: Connection) throws {
        try database.run("UPDATE meta SET value = ? WHERE key = ?", String(value), key)
    }

    /// The highest number known of the runner's side.
    func floor(in database: Connection) throws -> Int64 {
        let recorded = try database.first("SELECT max(seq) FROM deliveries") { $0.integer(0) } ?? 0
        return max(try meta("recorded_through", in: database), recorded, backlog.highestSeq)
    }
}
