import Approvals
import CentralStore
import Core
import GRDB
import LinuxIO
import Logging

extension ApprovalService {
    /// Carries out, in the background, what was claimed for it.
    func execute(_ id: ApprovalID) {
        // A host that stops leaves it claimed: the next one records it as interrupted.
        guard tasks.add({ await self.carryOut(id) }) else { return leave(id) }
    }

    private func carryOut(_ id: ApprovalID) async {
        var isSuccess = false
        var words: String
        do {
            words = try await run(id)
            isSuccess = true
            crashPoint("approval.carried-out")
        } catch {
            words = "\(error)"
        }
        if Task.isCancelled, !isSuccess { return leave(id) }
        var pause: Duration = .seconds(1)
        while true {
            do {
                try await finish(id, isSuccess: isSuccess, words)
                break
            } catch {
                logger.error(
                    "The end of an approved action was not recorded",
                    metadata: ["approval": "\(id)", "error": "\(error)"]
                )
            }
            guard (try? await time.sleep(for: pause)) != nil else { return leave(id) }
            pause = min(pause * 2, .seconds(60))
        }
        crashPoint("approval.recorded")
        leave(id)
        await settleNow(id)
    }

    /// Reads the plan back, proves that it is the one that was shown, and runs it.
    private func run(_ id: ApprovalID) async throws -> String {
        let (row, askers) = try await central.read { db in
            (try ApprovalRow.fetchOne(db, key: id), try ApprovalAskerRow.of(id, db))
        }
        guard let row, row.status == ApprovalStatus.executing.rawValue else {
            throw ApprovalError(.notPending, "approval \(id) is not being carried out")
        }
        guard let hash = PlanHash(hex: row.planHash), row.body.contains("sha256:\(hash)") else {
            throw ApprovalError(.planChanged, "the stored plan is not the one that was shown: its hash differs")
        }
        let plan = try Plan(stored: row.plan, hash: hash)
        guard plan.action == row.action, plan.agentGroup == row.agentGroupID else {
            throw ApprovalError(.planChanged, "the stored plan is for another action or group than was shown")
        }
        let action = try action(plan.action)
        try await action.check(plan)
        return try await action.execute(
            ApprovedPlan(
                id: id,
                plan: plan,
                choice: row.choice ?? "",
                approver: row.decidedBy,
                askers: askers.map(ApprovalAsker.init)
            )
        )
    }

    private func finish(_ id: ApprovalID, isSuccess: Bool, _ words: String) async throws {
        let now = time.now
        try await central.write(changesRouting: false) { db in
            guard var row = try ApprovalRow.fetchOne(db, key: id) else { return }
            var state = ApprovalState(row)
            guard state.take(.finished(isSuccess: isSuccess), now: now) == .settle else { return }
            row.result = words
            try self.write(&row, state, now, db)
            try self.audit(state.status.rawValue, id, detail: words, db)
        }
    }

    // MARK: - Ends

    /// Tells everybody who waits and closes the card; false when some of it has to be done by a later pass.
    @discardableResult
    func settle(_ id: ApprovalID) async -> Bool {
        var isDone = true
        do {
            let (row, askers) = try await central.read { db in
                (try ApprovalRow.fetchOne(db, key: id), try ApprovalAskerRow.of(id, db))
            }
            guard let row, let result = ApprovalResult(row) else { return true }
            try await close(row)
            for (index, asker) in askers.enumerated() where !asker.isTold {
                var result = result
                // Of several who asked for the same, one does it.
                if index == 0, result.status == .executed { result.result = try given(row) }
                do {
                    try await tell(ApprovalAsker(asker), result)
                } catch {
                    logger.error(
                        "A session was not told how its request ended",
                        metadata: ["approval": "\(id)", "session": "\(asker.sessionID)", "error": "\(error)"]
                    )
                    isDone = false
                    continue
                }
                crashPoint("approval.posted")
                try await central.write(changesRouting: false) { db in try asker.markTold(db) }
            }
            ended(id)
        } catch {
            logger.error("An approval was not settled", metadata: ["approval": "\(id)", "error": "\(error)"])
            isDone = false
        }
        return isDone
    }

    /// What the tool that asked is given; nothing for a plan that is not the one that was carried out.
    private func given(_ row: ApprovalRow) throws -> JSONValue? {
        guard let hash = PlanHash(hex: row.planHash), let plan = try? Plan(stored: row.plan, hash: hash) else {
            return nil
        }
        return try action(row.action).result(plan)
    }

    /// Settles it; what could not be done is done by the loop.
    func settleNow(_ id: ApprovalID) async {
        if await !settle(id) { alarm.raise() }
    }

    /// Says on the card who decided what; what comes of it is said when it has.
    func closeCard(_ id: ApprovalID) async {
        do {
            guard let row = try await central.read({ db in try ApprovalRow.fetchOne(db, key: id) }) else { return }
            try await close(row)
        } catch {
            logger.error("A card was not closed", metadata: ["approval": "\(id)", "error": "\(error)"])
        }
    }

    private func close(_ row: ApprovalRow) async throws {
        try await desk.close(
            purpose: Self.purpose,
            subject: row.id.rawValue,
            outcome: try await outcome(row),
            isLapsed: row.status == ApprovalStatus.expired.rawValue
        )
    }

    /// What the card says in the end: who decided what, and what came of it.
    private func outcome(_ row: ApprovalRow) async throws -> String {
        let name = try await central.read { db in
            try row.decidedBy.map { try User.fetchOne(db, key: $0)?.displayName ?? $0.description }
        }
        let choices = (try? JSONText.decode([ApprovalChoice].self, row.choices)) ?? []
        let label = choices.first { $0.value == row.choice }?.label ?? row.choice ?? row.status
        var text = name.map { "\(label): decided by \(PlanText.code($0))." } ?? ""
        switch ApprovalStatus(rawValue: row.status) {
        case .executed: text += " Done."
        case .failed: text += " It failed: \(PlanText.code(row.result ?? ""))"
        case .expired: text = "Expired: nobody answered in time. Nothing was done."
        case .interrupted: text += " The host ended meanwhile: whether it was done is not known."
        case .cancelled: text = "Taken back. Nothing was done."
        default: break
        }
        if let note = row.note { text += " \(PlanText.code(note))" }
        return text.trimmingWhiteSpace
    }

    // MARK: - Time

    /// Takes over what an earlier host left, then lets approvals expire and tells what could not be told, until cancelled.
    func run() async {
        await recover()
        while !Task.isCancelled {
            var pause: Duration = .seconds(600)
            do {
                try await expireOverdue()
                if let next = try await central.read(ApprovalRow.nextEnd) {
                    // In steps: wall time may jump.
                    pause = min(.seconds(30), .milliseconds(max(1, next.milliseconds - time.now.milliseconds)))
                }
                if try await !settleLeft() { pause = min(pause, .seconds(30)) }
            } catch {
                logger.error("Approvals could not be looked at", metadata: ["error": "\(error)"])
                pause = .seconds(30)
            }
            await alarm.wait(for: pause, time: time)
        }
    }

    /// Tells the ends that nobody was told of; true when nothing is left.
    private func settleLeft() async throws -> Bool {
        var isDone = true
        for id in try await central.read(ApprovalRow.unsettled) where !isRunning(id) {
            if await !settle(id) { isDone = false }
        }
        return isDone
    }

    /// What was being carried out is recorded as interrupted; ends that nobody was told of are told.
    func recover() async {
        do {
            let now = time.now
            let left = try await central.write(changesRouting: false) { db in
                let rows = try ApprovalRow.all(ApprovalStatus.executing.rawValue, db)
                return try rows.filter { row in !self.isRunning(row.id) }.map { row in
                    var row = row
                    var state = ApprovalState(row)
                    _ = state.take(.recovered, now: now)
                    row.result = "the host ended while it was carried out: how far it came is not known"
                    try self.write(&row, state, now, db)
                    try self.audit("interrupted", row.id, detail: "", db)
                    return row.id
                }
            }
            for id in left { await settle(id) }
            try await desk.recover()
        } catch {
            logger.error("Approvals of an earlier host were not taken over", metadata: ["error": "\(error)"])
        }
    }

    /// Ends what nobody answered in time.
    func expireOverdue() async throws {
        let now = time.now
        let due = try await central.read { db in try ApprovalRow.overdue(now, db) }
        guard !due.isEmpty else { return }
        let ended = try await central.write(changesRouting: false) { db in
            try due.filter { id in
                guard var row = try ApprovalRow.fetchOne(db, key: id) else { return false }
                var state = ApprovalState(row)
                guard state.take(.tick, now: now) == .settle else { return false }
                try self.write(&row, state, now, db)
                try self.audit("expired", id, detail: "", db)
                return true
            }
        }
        for id in ended { await settle(id) }
    }
}

extension ApprovalAsker {
    init(_ row: ApprovalAskerRow) {
        self.init(session: row.sessionID, turn: row.turn, request: MessageID(rawValue: row.request))
    }
}

extension ApprovalResult {
    /// The end of an approval; nil while it has none.
    init?(_ row: ApprovalRow) {
        guard let status = ApprovalStatus(rawValue: row.status), status.isFinal else { return nil }
        let reason = row.note.map { " The reason given: \($0)" } ?? ""
        let text =
            switch status {
            case .executed: row.result ?? "done"
            case .failed where row.decidedBy == nil && row.grantID == nil: "\(row.action): \(row.result ?? "")."
            case .failed: "\(row.action) was approved and failed: \(row.result ?? "")"
            case .denied: "\(row.action) was denied.\(reason)"
            case .expired: "\(row.action): nobody answered in time; the request has expired and nothing was done."
            case .interrupted: "\(row.action) was approved; \(row.result ?? ""). It is not tried again by itself."
            default: "\(row.action) was taken back; nothing was done."
            }
        self.init(id: row.id, action: row.action, status: status, choice: row.choice, text: text)
    }
}
