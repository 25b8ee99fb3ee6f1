import CentralStore
import Core
import GRDB
import Glibc
import LinuxIO
import People
import SessionStore
import SessionStoreHost

extension PersonalData {
    /// Where the central database names a person, by a column that holds their id.
    struct Source: Sendable {
        var table: String
        var column: String
        var kind: PersonalItem.Kind
    }

    /// Every table with rows about one person, those last that others refer to.
    static let records = [
        Source(table: "cli_messages", column: "user_id", kind: .chatHistory),
        Source(table: "cli_readers", column: "user_id", kind: .chatHistory),
        Source(table: "dropped_messages", column: "sender_id", kind: .records),
        Source(table: "pending_sender_approvals", column: "sender_id", kind: .records),
        Source(table: "card_answers", column: "user_id", kind: .records),
        Source(table: "pairing_tries", column: "sender_id", kind: .records),
        Source(table: "pairing_codes", column: "made_by", kind: .records),
        Source(table: "pending_identity_links", column: "user_id", kind: .records),
        Source(table: "pending_names", column: "user_id", kind: .records),
        Source(table: "user_dms", column: "user_id", kind: .profile),
        Source(table: "wirings", column: "user_id", kind: .profile),
        Source(table: "user_roles", column: "user_id", kind: .profile),
        Source(table: "agent_group_members", column: "user_id", kind: .profile),
        Source(table: "identity_handles", column: "user_id", kind: .profile),
        Source(table: "users", column: "id", kind: .profile),
    ]

    /// Where a person's id stays: in who gave their word for what, which nobody shortens, and in what belongs to an agent.
    static let kept = [
        Source(table: "approvals", column: "decided_by", kind: .audit),
        Source(table: "approval_grants", column: "granted_by", kind: .audit),
        Source(table: "approval_grants", column: "revoked_by", kind: .audit),
        Source(table: "audit", column: "user_id", kind: .audit),
        Source(table: "audit", column: "subject", kind: .audit),
        // A task belongs to its agent, whoever asked for it.
        Source(table: "tasks", column: "created_by", kind: .records),
    ]

    /// What strangers wrote: on the cards that asked about them, and where it waits for the answer; `?` is their id.
    ///
    /// `isTold` leaves out what stands on a card whose end its channel has not taken.
    static func asked(isTold: Bool) -> [(table: String, condition: String)] {
        let open = "SELECT subject FROM cards WHERE purpose = 'approval' AND state <> 'closed'"
        let plan =
            "action IN ('\(AdmitSender.kind)', '\(RegisterChannel.kind)') AND plan ->> '$.payload.sender' = ?"
            + (isTold ? " AND id NOT IN (\(open))" : "")
        let card = "purpose = 'approval' AND subject IN (SELECT id FROM approvals WHERE \(plan))"
        // A card of this machine's chats and what is said of its end are messages of their history, named after the card.
        let message = "substr(message_id, 1, instr(message_id || '-', '-') - 1) IN (SELECT id FROM cards WHERE \(card))"
        return [
            ("cli_messages", message), ("cards", card), ("approvals", plan),
            ("pending_channel_approvals", "event ->> '$.address.channel' || ':' || (event ->> '$.senderNativeID') = ?"),
        ]
    }

    /// The cards about whether one of these people is let in that are not at their end.
    func openCards(about people: [UserID]) async throws -> [CardID] {
        let asked = Self.asked(isTold: false)
        return try await central.read { db in
            try people.flatMap { person in
                try asked.filter { $0.table == "cards" }.flatMap { source in
                    try CardID.fetchAll(
                        db,
                        sql: "SELECT id FROM cards WHERE state <> 'closed' AND \(source.condition)",
                        arguments: [person]
                    )
                }
            }
        }
    }

    /// Deleted by ``User.remove``, which names each right in the audit.
    private static let rights: Set = ["user_roles", "agent_group_members", "identity_handles"]

    typealias Tell = @Sendable (PersonalItem) async throws -> Void

    /// Erases what is kept of the person and tells of each thing; a dry run tells the same and changes nothing.
    ///
    /// `withdraw` takes back what is asked about whether they may be let in, and waits a little until that is said on the
    /// cards; `forget` deletes a conversation with its files.
    /// Throws ``StoreError`` `conflict`, before anything is changed, when no owner would be left. What was begun may be run
    /// again: the person's own row goes last.
    func erase(
        _ user: UserID,
        isDry: Bool,
        withdraw: @Sendable ([UserID]) async throws -> Void,
        forget: @Sendable (SessionID) async throws -> Void,
        open: @Sendable (SessionID) async throws -> HostSession,
        _ tell: Tell
    ) async throws {
        let subject = try await subject(user)
        try await refuseLastOwner(subject)
        if !isDry { try await withdraw(subject.handles) }
        let (parts, unreadable) = try await parts(of: subject)
        let memory = try await memory(subject, parts)
        for part in parts {
            switch part.share {
            case .own: try await eraseOwn(part, isDry: isDry, forget, tell)
            case .shared:
                var count = (messages: part.messages, folders: 0)
                if !isDry { count = try await open(part.session).erase(of: subject.ids) }
                try await tell(PersonalItem(.messages, part.place, count: count.messages, .erased))
                let left = part.messages - count.messages
                if left > 0 {
                    try await tell(
                        PersonalItem(
                            .messages,
                            part.place,
                            count: left,
                            .stays,
                            reason: "they are still to be answered",
                            remedy: "run this again when they are"
                        )
                    )
                }
            case .foreign: continue
            }
        }
        let own = parts.filter { $0.share == .own }
        try await eraseTraces(subject, own, isDry: isDry, tell)
        try await eraseRecords(subject, own, isDry: isDry, tell)
        for (path, _) in memory {
            try await tell(
                PersonalItem(
                    .memory,
                    path,
                    count: 1,
                    .stays,
                    reason: "the agent wrote it, and the host changes nothing where agents write",
                    remedy: "ask the agent to forget it, or `rm \(home)/\(path)`"
                )
            )
        }
        for item in try await unreadable + audit(subject) + remains(parts) { try await tell(item) }
    }

    private func refuseLastOwner(_ subject: Subject) async throws {
        let others = try await central.read { db in
            let owners = try UserRole.filter(UserRole.CodingKeys.role == Role.owner).fetchAll(db).map(\.userID)
            return !owners.contains(where: subject.handles.contains) || !owners.allSatisfy(subject.handles.contains)
        }
        guard others else {
            throw StoreError(.conflict, "\(subject.handles[0]) is the last owner: grant owner to somebody else first")
        }
    }

    private func eraseOwn(
        _ part: Part,
        isDry: Bool,
        _ forget: @Sendable (SessionID) async throws -> Void,
        _ tell: Tell
    ) async throws {
        let files = SessionPerson(folder: SessionFolder(path: "\(home)/\(part.place)"))
        let found = try await executors.run { try files.files(of: nil) }
        if !isDry { try await forget(part.session) }
        try await tell(PersonalItem(.messages, part.place, count: part.messages, .erased))
        let transcripts = found.count { $0.path.hasPrefix("state/") }
        if found.count > transcripts {
            try await tell(PersonalItem(.files, part.place, count: found.count - transcripts, .erased))
        }
        if transcripts > 0 { try await tell(PersonalItem(.transcripts, part.place, count: transcripts, .erased)) }
    }

    private func eraseTraces(_ subject: Subject, _ own: [Part], isDry: Bool, _ tell: Tell) async throws {
        let sessions = own.map(\.session)
        let count = try await traces.erase(sessions: sessions, senders: subject.ids, isDry: isDry)
        if count > 0 { try await tell(PersonalItem(.traces, "data/traces.db", count: count, .erased)) }
    }

    private func eraseRecords(_ subject: Subject, _ own: [Part], isDry: Bool, _ tell: Tell) async throws {
        let chats = own.compactMap(\.chat)
        let files = try await central.read { db in
            try chats.filter { $0.channelType == "cli" }.flatMap { chat in
                try String.fetchAll(
                    db,
                    sql: "SELECT message_id FROM cli_messages WHERE platform_id = ? AND direction = 'out'",
                    arguments: [chat.platformID]
                )
            }
        }
        // Before their names go: what an end of the host cuts off here is found again by the next erasure.
        try await eraseCLIFiles(files, isDry: isDry, tell)
        let now = central.time.now
        @Sendable func end(_ db: Database) throws -> [PersonalItem] {
            // What is deleted is overwritten, not only let go of.
            if !isDry { try db.execute(sql: "PRAGMA secure_delete = ON") }
            defer { if !isDry { try? db.execute(sql: "PRAGMA secure_delete = OFF") } }
            var items: [PersonalItem] = []
            for source in Self.records {
                var count = 0
                for handle in subject.handles {
                    let condition = "FROM \(source.table) WHERE \(source.column) = ?"
                    count += try Int.fetchOne(db, sql: "SELECT count(*) \(condition)", arguments: [handle]) ?? 0
                    guard !isDry else { continue }
                    if source.table == "users" {
                        if try User.exists(db, key: handle) { try User.remove(handle, by: nil, now: now, db) }
                    } else if !Self.rights.contains(source.table) {
                        try db.execute(sql: "DELETE \(condition)", arguments: [handle])
                    }
                }
                if count > 0 {
                    items.append(PersonalItem(source.kind, "nanoclaw.db \(source.table)", count: count, .erased))
                }
            }
            for source in Self.asked(isTold: !isDry) {
                var count = 0
                for handle in subject.handles {
                    let condition = "FROM \(source.table) WHERE \(source.condition)"
                    count += try Int.fetchOne(db, sql: "SELECT count(*) \(condition)", arguments: [handle]) ?? 0
                    if !isDry { try db.execute(sql: "DELETE \(condition)", arguments: [handle]) }
                }
                if count > 0 {
                    items.append(PersonalItem(.records, "nanoclaw.db \(source.table)", count: count, .erased))
                }
            }
            if !isDry {
                try db.execute(
                    sql: "DELETE FROM identities WHERE id NOT IN (SELECT identity_id FROM identity_handles)"
                )
            }
            for chat in chats {
                // What the person wrote there went with their records.
                let answers = "FROM cli_messages WHERE platform_id = ? AND direction = 'out'"
                if chat.channelType == "cli" {
                    // The chat is this machine's, whoever writes in it next.
                    let count =
                        try Int.fetchOne(db, sql: "SELECT count(*) \(answers)", arguments: [chat.platformID]) ?? 0
                    if !isDry { try db.execute(sql: "DELETE \(answers)", arguments: [chat.platformID]) }
                    if count > 0 {
                        items.append(PersonalItem(.chatHistory, "nanoclaw.db cli_messages", count: count, .erased))
                    }
                } else {
                    // What the agent was to do in that chat goes with it.
                    let tasks = ScheduledTask.filter(ScheduledTask.CodingKeys.messagingGroupID == chat.id)
                    let count = try tasks.fetchCount(db)
                    if count > 0 {
                        items.append(PersonalItem(.records, "nanoclaw.db tasks", count: count, .erased))
                    }
                    if !isDry, try MessagingGroup.exists(db, key: chat.id) {
                        _ = try MessagingGroup.remove(chat.id, db)
                    }
                    items.append(PersonalItem(.profile, "nanoclaw.db messaging_groups", count: 1, .erased))
                }
            }
            return items
        }
        let items = isDry ? try await central.read(end) : try await central.write { db in try end(db) }
        for item in items { try await tell(item) }
        guard !isDry else { return }
        let open = try await openCards(about: subject.handles).count
        if open > 0 {
            try await tell(
                PersonalItem(
                    .records,
                    "nanoclaw.db cards",
                    count: open,
                    .stays,
                    reason: "their channel has not taken yet that they are over",
                    remedy: "run this again when it has"
                )
            )
        }
        guard try await !central.checkpoint() else { return }
        try await tell(
            PersonalItem(
                .records,
                "data/nanoclaw.db-wal",
                count: 1,
                .stays,
                reason: "a reader keeps the log beside the database from being emptied",
                remedy: "run this again later, or start the host anew"
            )
        )
    }

    /// The copies of files that agents sent to the person's own chats of this machine, a folder for each message.
    private func eraseCLIFiles(_ messages: [String], isDry: Bool, _ tell: Tell) async throws {
        let count = try await executors.run { [home] in
            let data = try Directory(path: "\(home)/data")
            guard try data.status("cli") != nil else { return 0 }
            let folder = try data.directory("cli")
            let found = try messages.filter { try PathSegment.isIdentifier($0) && folder.status($0) != nil }
            if !isDry { for name in found { try folder.remove(name) } }
            return found.count
        }
        if count > 0 { try await tell(PersonalItem(.files, "data/cli", count: count, .erased)) }
    }
}

extension ApprovalRow {
    /// True for the question whether one of these people is let in.
    func isAbout(_ people: [UserID]) -> Bool {
        guard action == AdmitSender.kind || action == RegisterChannel.kind,
            let sender = payload?[key: "sender"]?.string
        else { return false }
        return people.contains { $0.description == sender }
    }
}
