import Approvals
import CentralStore
import ChannelKit
import Core
import GRDB
import LinuxIO
import Logging

extension ApprovalService: CardOwner {
    func mayAnswer(_ card: OpenCard, _ user: UserID) async throws -> Bool {
        guard let id = ApprovalID(rawValue: card.subject) else { return false }
        return try await central.read { db in
            guard let row = try ApprovalRow.fetchOne(db, key: id) else { return false }
            return try Self.mayAnswer(.user(user), row, db)
        }
    }

    func answer(_ card: OpenCard, _ choice: CardChoice) async throws -> CardReceipt {
        guard let id = ApprovalID(rawValue: card.subject) else { return .refused("There is no such approval.") }
        return try await decide(id, choice.value, note: choice.note, by: .user(choice.user)) { try choice.record($0) }
    }

    /// Asks the next who may decide; with nobody left it has failed.
    func wasRefused(_ card: OpenCard) async {
        guard let id = ApprovalID(rawValue: card.subject) else { return }
        do {
            let (row, tried) = try await central.read { db in
                let tried = try CardRow.filter(
                    CardRow.CodingKeys.purpose == Self.purpose && CardRow.CodingKeys.subject == card.subject
                ).fetchAll(db)
                return (try ApprovalRow.fetchOne(db, key: id), Set(tried.map(\.address.chat)))
            }
            guard let row, row.status == ApprovalStatus.pending.rawValue else { return }
            let level = ApproverLevel(rawValue: row.level) ?? .owner
            let next = try await directory.reach(level, group: row.agentGroupID, origin: nil, besides: tried)
            guard let next else { return try await end(id, .unreachable, "unreachable") }
            var again = card.card
            again.id = .random()
            let new = NewCard(
                purpose: Self.purpose,
                subject: card.subject,
                address: next.chat,
                agentName: Self.name,
                card: again
            )
            let sent = try await central.write(changesRouting: false) { db in
                try self.audit("asked", id, user: next.user, detail: "sha256:\(row.planHash)", db)
                return try self.desk.insert(new, db)
            }
            desk.send(sent)
        } catch {
            logger.error("Nobody else was asked", metadata: ["approval": "\(id)", "error": "\(error)"])
        }
    }

    static func mayAnswer(_ decider: ApprovalDecider, _ row: ApprovalRow, _ db: Database) throws -> Bool {
        if case .homeOwner = decider { return true }
        let level = ApproverLevel(rawValue: row.level) ?? .owner
        return ApproverDirectory.mayAnswer(try Access.of(decider.user, db), level, group: row.agentGroupID)
    }

    /// True for whoever decides over its agent group, whether or not this one needs a higher word.
    static func maySee(_ decider: ApprovalDecider, _ row: ApprovalRow, _ db: Database) throws -> Bool {
        if case .homeOwner = decider { return true }
        return ApproverDirectory.mayAnswer(try Access.of(decider.user, db), .groupAdmin, group: row.agentGroupID)
    }

    /// What one answer came to.
    private enum Verdict {
        case execute(GrantID?)
        case settle
        /// It had expired.
        case late
        case refuse(String)
    }

    /// Takes an answer: who gives it is checked, and the new state, its audit and what the caller adds are one commit,
    /// before the card or anything else changes.
    func decide(
        _ id: ApprovalID,
        _ value: String,
        note: String?,
        by decider: ApprovalDecider,
        term: Duration = GrantTerm.standard,
        _ also: @Sendable (Database) throws -> Void = { _ in }
    ) async throws -> CardReceipt {
        let now = time.now
        let grantEnd = try GrantTerm.end(after: term, now: now)
        enter(id)
        let verdict: Verdict
        do {
            verdict = try await central.write(changesRouting: false) { db in
                let verdict = try self.decide(id, value, note, decider, grantEnd, now, db)
                switch verdict {
                case .execute, .settle: try also(db)
                case .late, .refuse: break
                }
                return verdict
            }
        } catch {
            leave(id)
            throw error
        }
        switch verdict {
        case .execute:
            crashPoint("approval.decided")
            await closeCard(id)
            execute(id)
            return .taken
        case .settle:
            leave(id)
            await settleNow(id)
            return .taken
        case .late:
            leave(id)
            await settleNow(id)
            return .refused("It is too late: the request has expired.")
        case .refuse(let why):
            leave(id)
            return .refused(why)
        }
    }

    private func decide(
        _ id: ApprovalID,
        _ value: String,
        _ note: String?,
        _ decider: ApprovalDecider,
        _ grantEnd: Timestamp,
        _ now: Timestamp,
        _ db: Database
    ) throws -> Verdict {
        guard var row = try ApprovalRow.fetchOne(db, key: id) else { return .refuse("There is no such approval.") }
        guard try Self.mayAnswer(decider, row, db) else {
            try audit("refused", id, user: decider.user, detail: value, db)
            logger.warning(
                "An answer to an approval was refused: this person may not give it",
                metadata: ["approval": "\(id)", "user": "\(decider.user)"]
            )
            return .refuse("You may not answer this.")
        }
        let choices = try JSONText.decode([ApprovalChoice].self, row.choices)
        guard let choice = choices.first(where: { $0.value == value }) else {
            return .refuse("There is no answer \"\(value.prefix(40))\" to this.")
        }
        var state = ApprovalState(row)
        let action = state.take(.answered(choice.effect), now: now)
        switch action {
        case .none: return .refuse("It is \(row.status) already.")
        case .refuse(let status): return .refuse("It is \(status.rawValue) already.")
        case .settle where state.status == .expired:
            try write(&row, state, now, db)
            try audit("expired", id, detail: "", db)
            return .late
        case .settle, .execute:
            row.choice = choice.value
            row.decidedBy = decider.user
            row.decidedAt = now
            row.note = note
            if choice.effect == .always {
                row.grantID = try grant(row, decider, until: grantEnd, now, db).id
            }
            try write(&row, state, now, db)
            let event = action == .execute ? "approved" : "denied"
            try audit(event, id, grant: row.grantID, user: decider.user, detail: choice.value, db)
            return action == .execute ? .execute(row.grantID) : .settle
        }
    }

    /// Takes back what this session has asked for and nobody has decided; false when there was nothing.
    func withdraw(of session: SessionID) async throws -> Bool {
        let now = time.now
        let (waited, ids) = try await central.write(changesRouting: false) { db in
            let (undecided, ids) = try ApprovalAskerRow.withdraw(of: session, db)
            for id in ids {
                guard var row = try ApprovalRow.fetchOne(db, key: id) else { continue }
                var state = ApprovalState(row)
                guard state.take(.cancelled, now: now) == .settle else { continue }
                try self.write(&row, state, now, db)
                try self.audit("cancelled", id, detail: "its conversation waits no more", db)
            }
            return (!undecided.isEmpty, ids)
        }
        for id in ids { await settleNow(id) }
        return waited
    }

    /// Takes back what waits and is so: what it is about is going.
    func withdraw(where isOver: @Sendable (ApprovalRow) -> Bool) async throws {
        let ids = try await central.read { db in
            try ApprovalRow.all(ApprovalStatus.pending.rawValue, db).filter(isOver).map(\.id)
        }
        for id in ids { try await end(id, .cancelled, "cancelled") }
    }

    /// Ends what waits without anybody's word.
    private func end(_ id: ApprovalID, _ event: ApprovalState.Event, _ name: String) async throws {
        let now = time.now
        let hasEnded = try await central.write(changesRouting: false) { db in
            guard var row = try ApprovalRow.fetchOne(db, key: id) else { return false }
            var state = ApprovalState(row)
            guard state.take(event, now: now) == .settle else { return false }
            if event == .unreachable { row.result = "nobody who may approve it could be reached" }
            try self.write(&row, state, now, db)
            try self.audit(name, id, detail: "", db)
            return true
        }
        if hasEnded { await settleNow(id) }
    }

    func write(_ row: inout ApprovalRow, _ state: ApprovalState, _ now: Timestamp, _ db: Database) throws {
        row.status = state.status.rawValue
        if state.status.isFinal { row.endedAt = now }
        try row.update(db)
    }
}

extension ApprovalState {
    init(_ row: ApprovalRow) {
        self.init(status: ApprovalStatus(rawValue: row.status) ?? .cancelled, expiresAt: row.expiresAt)
    }
}
