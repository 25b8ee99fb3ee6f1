package import Approvals
import CentralStore
import ChannelKit
package import Core
import GRDB
import LinuxIO
import Logging
import Synchronization

/// Asks for somebody's word on a plan and carries out, once, exactly what was shown.
///
/// It names no action: kinds are registered. A decision and its audit are one transaction, and what runs was claimed in it:
/// of a hundred answers one executes, and what a host was executing when it died is never run again.
package final class ApprovalService: Sendable {
    /// The purpose of its cards.
    static let purpose = "approval"
    /// Under which name cards are sent: they are the host's own words, no agent's.
    static let name = "NanoClaw"

    let central: CentralStore
    let desk: CardDesk
    let directory: ApproverDirectory
    let tasks: TaskScope
    let tell: ApprovalTelling
    let time: any TimeSource
    let logger: Logger
    private let actions = Mutex<[String: any ApprovalAction]>([:])
    /// What this host decides or carries out now, and how often.
    private let running = Mutex<[ApprovalID: Int]>([:])
    let alarm = Alarm()
    private let waiters = ApprovalWaiters()

    init(
        central: CentralStore,
        desk: CardDesk,
        directory: ApproverDirectory,
        tasks: TaskScope,
        time: any TimeSource,
        logger: Logger,
        tell: @escaping ApprovalTelling
    ) {
        self.central = central
        self.desk = desk
        self.directory = directory
        self.tasks = tasks
        self.time = time
        self.logger = logger
        self.tell = tell
        desk.register(self, for: Self.purpose)
    }

    /// Registers a kind of action; of two with one kind the later counts.
    package func register(_ action: any ApprovalAction) { actions.withLock { $0[action.kind] = action } }

    /// The action of a kind; throws `unknownAction`.
    func action(_ kind: String) throws -> any ApprovalAction {
        guard let action = actions.withLock({ $0[kind] }) else {
            throw ApprovalError(.unknownAction, "this host knows no action \"\(kind.prefix(60))\"")
        }
        return action
    }

    // MARK: - Asking

    /// Asks for somebody's word, or joins who asked for the same before; a standing grant is as good as a word.
    ///
    /// Throws ``ApprovalError`` in words for whoever asked when the plan is none, when nobody can be asked, or when the
    /// turn was told no too often. `note` is of the transaction that asks, which what it throws takes back.
    func request(
        _ request: ApprovalRequest,
        noting note: @escaping @Sendable (ApprovalID, Database) throws -> Void = { _, _ in }
    ) async throws -> ApprovalOutcome {
        let action = try action(request.action)
        let plan = try Plan(action: action.kind, agentGroup: request.agentGroup, payload: request.payload)
        try await action.check(plan)
        let level = action.level(plan)
        let scope = action.scope(plan)
        let scopeHash = try plan.scopeHash(scope, level: level)
        // One whose time is over would still hold the place of the same plan.
        try await expireOverdue()
        if let early = try await early(plan, scopeHash, level, request, note) { return early }
        let origin = request.origin?.channel
        guard let reached = try await directory.reach(level, group: plan.agentGroup, origin: origin) else {
            throw ApprovalError(
                .noApprover,
                "nobody who may approve this can be reached: an owner is made with `nanoclaw roles grant`"
            )
        }
        let asker = try await describe(request)
        let body = PlanText.body(plan, summary: action.summary(plan), asker: asker)
        let now = time.now
        let row = ApprovalRow(
            id: .random(),
            action: plan.action,
            agentGroupID: plan.agentGroup,
            plan: plan.text,
            planHash: plan.hash.description,
            scopeHash: scopeHash.description,
            level: level.rawValue,
            title: PlanText.title(action.title(plan)),
            body: body,
            choices: try JSONText.encode(action.choices(plan)),
            status: ApprovalStatus.pending.rawValue,
            expiresAt: ApprovalLifetime.end(after: request.lifetime, now: now),
            createdAt: now
        )
        let card = try card(of: row, choices: action.choices(plan))
        let (outcome, cardID) = try await central.write(changesRouting: false) {
            db -> (ApprovalOutcome, CardID?) in
            try Self.checkWanted(request)
            if let joined = try self.join(plan, request.asker, now, db) {
                try note(joined.id, db)
                return (joined, nil)
            }
            // What strangers wait for at an agent has a limit of its own, and holds up none of its requests.
            let waiting =
                try request.asker == nil
                ? ApprovalRow.unaskedCount(of: plan.action, plan.agentGroup, db)
                : ApprovalRow.askedCount(of: plan.agentGroup, db)
            guard waiting < PendingLimit.count else {
                throw ApprovalError(
                    .tooMany,
                    "\(PendingLimit.count) requests of this agent wait for somebody's word: wait for an answer first"
                )
            }
            try row.insert(db)
            try note(row.id, db)
            try self.add(request.asker, to: row.id, now, db)
            let id = try self.desk.insert(
                NewCard(
                    purpose: Self.purpose,
                    subject: row.id.rawValue,
                    address: reached.chat,
                    agentName: Self.name,
                    card: card
                ),
                db
            )
            try self.audit("asked", row.id, user: reached.user, detail: "\(plan.action) sha256:\(plan.hash)", db)
            return (.pending(row.id, isNew: true, expiresAt: row.expiresAt), id)
        }
        crashPoint("approval.asked")
        if let cardID { desk.send(cardID) }
        alarm.raise()
        return outcome
    }

    /// What needs no new card: a request that was seen before, a turn that was told no too often, a grant, the same plan that
    /// waits already.
    private func early(
        _ plan: Plan,
        _ scopeHash: PlanHash,
        _ level: ApproverLevel,
        _ request: ApprovalRequest,
        _ note: @escaping @Sendable (ApprovalID, Database) throws -> Void
    ) async throws -> ApprovalOutcome? {
        let now = time.now
        let id = ApprovalID.random()
        enter(id)
        let early: Early
        do {
            early = try await central.write(changesRouting: false) { db in
                try Self.checkWanted(request)
                // A row that is looked at again was asked about already, whatever has become of that.
                if let asked = try request.asker.flatMap({ try ApprovalRow.asked($0.session, $0.request, db) }) {
                    return .outcome(.pending(asked.id, isNew: false, expiresAt: asked.expiresAt))
                }
                if let joined = try self.join(plan, request.asker, now, db) {
                    try note(joined.id, db)
                    return .outcome(joined)
                }
                let grants = try GrantRow.standing(now, db)
                let standing = try grants.first { grant in
                    try grant.covers(plan, scopeHash, level, now) && Self.stillCounts(grant, plan, level, db)
                }
                guard let grant = standing else {
                    return try Self.block(plan, request.asker, now, db).map { .blocked($0) } ?? .nothing
                }
                try self.insertGranted(id, plan, scopeHash, level, grant, request.asker, now, db)
                try note(id, db)
                return .outcome(.granted(id, by: grant.id))
            }
        } catch {
            leave(id)
            throw error
        }
        if case .outcome(.granted) = early { execute(id) } else { leave(id) }
        switch early {
        case .nothing: return nil
        case .outcome(let outcome): return outcome
        case .blocked(let how):
            throw ApprovalError(
                .notPending,
                "\(plan.action) was denied too often (\(how)): do not ask again, go on without it"
            )
        }
    }

    /// In the transaction that would ask: a stop takes back what was asked before it.
    private static func checkWanted(_ request: ApprovalRequest) throws {
        guard request.isWanted() else {
            throw ApprovalError(.unwanted, "the conversation was stopped: nobody is asked")
        }
    }

    private enum Early {
        case nothing
        case outcome(ApprovalOutcome)
        case blocked(String)
    }

    /// How a turn was told no too often, nil for one that was not; as a sandbox names its turns itself, its session counts too.
    private static func block(
        _ plan: Plan,
        _ asker: ApprovalAsker?,
        _ now: Timestamp,
        _ db: Database
    ) throws -> String? {
        guard let asker else { return nil }
        let inHour = try ApprovalRow.denials(
            plan.action,
            session: asker.session,
            since: now - .seconds(3_600),
            db
        )
        let inTurn = try asker.turn.map {
            try ApprovalRow.denials(plan.action, session: asker.session, turn: $0, db)
        }
        return DenialLimit.reached(inTurn ?? 0, inHour: inHour)
    }

    /// True while whoever gave the grant could still give their word themselves.
    private static func stillCounts(
        _ grant: GrantRow,
        _ plan: Plan,
        _ level: ApproverLevel,
        _ db: Database
    ) throws -> Bool {
        if grant.isHomeOwner { return true }
        return ApproverDirectory.mayAnswer(try Access.of(grant.grantedBy, db), level, group: plan.agentGroup)
    }

    private func insertGranted(
        _ id: ApprovalID,
        _ plan: Plan,
        _ scopeHash: PlanHash,
        _ level: ApproverLevel,
        _ grant: GrantRow,
        _ asker: ApprovalAsker?,
        _ now: Timestamp,
        _ db: Database
    ) throws {
        var row = ApprovalRow(
            id: id,
            action: plan.action,
            agentGroupID: plan.agentGroup,
            plan: plan.text,
            planHash: plan.hash.description,
            scopeHash: scopeHash.description,
            level: level.rawValue,
            title: plan.action,
            body: "Plan sha256:\(plan.hash)",
            choices: "[]",
            status: ApprovalStatus.executing.rawValue,
            expiresAt: grant.expiresAt,
            createdAt: now
        )
        row.grantID = grant.id
        row.choice = "granted"
        row.decidedBy = grant.grantedBy
        row.decidedAt = now
        try row.insert(db)
        try add(asker, to: id, now, db)
        try GrantRow.used(grant.id, now: now, db)
        try audit("granted", id, grant: grant.id, user: grant.grantedBy, detail: "sha256:\(plan.hash)", db)
    }

    private func join(
        _ plan: Plan,
        _ asker: ApprovalAsker?,
        _ now: Timestamp,
        _ db: Database
    ) throws -> ApprovalOutcome? {
        guard let known = try ApprovalRow.pending(plan.hash.description, db), now < known.expiresAt else { return nil }
        try add(asker, to: known.id, now, db)
        try audit("joined", known.id, detail: "", db)
        return .pending(known.id, isNew: false, expiresAt: known.expiresAt)
    }

    private func add(_ asker: ApprovalAsker?, to id: ApprovalID, _ now: Timestamp, _ db: Database) throws {
        guard let asker else { return }
        try ApprovalAskerRow(
            approvalID: id,
            sessionID: asker.session,
            request: asker.request,
            turn: asker.turn,
            askedAt: now
        ).add(db)
    }

    private func card(of row: ApprovalRow, choices: [ApprovalChoice]) throws -> Card {
        Card(
            title: row.title,
            body: row.body,
            options: choices.map { choice in
                CardOption(
                    label: choice.label,
                    value: choice.value,
                    style: choice.effect == .deny ? .danger : choice.effect == .once ? .primary : .plain,
                    takesNote: choice.effect == .deny
                )
            },
            expiresAt: row.expiresAt
        )
    }

    /// Who asks, in words for the card.
    private func describe(_ request: ApprovalRequest) async throws -> String {
        let group = try await central.read { db in
            try request.agentGroup.flatMap { try AgentGroup.fetchOne(db, key: $0) }
        }
        var text = group.map { "agent \(PlanText.code($0.name)) (\($0.folder))" } ?? "the host"
        if let origin = request.origin { text += " in \(PlanText.code(origin.description))" }
        return text
    }

    // MARK: - Waiting

    /// Returns once this approval has ended, with how it ended.
    package func wait(for id: ApprovalID) async throws -> ApprovalResult {
        let ends = waiters.ends(of: id)
        if let result = try await result(of: id) { return result }
        for await _ in ends { if let result = try await result(of: id) { return result } }
        throw CancellationError()
    }

    /// How it ended, nil while it has not; throws `notFound`.
    package func result(of id: ApprovalID) async throws -> ApprovalResult? {
        let row = try await central.read { db in try ApprovalRow.fetchOne(db, key: id) }
        guard let row else { throw ApprovalError(.notFound, "no approval \(id)") }
        return ApprovalResult(row)
    }

    func ended(_ id: ApprovalID) { waiters.ended(id) }

    // MARK: - What is under way

    /// It is decided or carried out here; ``leave(_:)`` ends that.
    func enter(_ id: ApprovalID) { running.withLock { $0[id, default: 0] += 1 } }

    func leave(_ id: ApprovalID) {
        running.withLock { running in
            guard let count = running[id] else { return }
            running[id] = count > 1 ? count - 1 : nil
        }
    }

    func isRunning(_ id: ApprovalID) -> Bool { running.withLock { $0[id] != nil } }
}
