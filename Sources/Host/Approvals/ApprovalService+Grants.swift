package import Approvals
package import CentralStore
package import Core
import GRDB

extension ApprovalService {
    /// Writes the standing grant that an answer gave.
    func grant(
        _ row: ApprovalRow,
        _ decider: ApprovalDecider,
        until end: Timestamp,
        _ now: Timestamp,
        _ db: Database
    ) throws -> GrantRow {
        guard let hash = PlanHash(hex: row.planHash) else {
            throw ApprovalError(.planChanged, "the approval holds no hash")
        }
        let plan = try Plan(stored: row.plan, hash: hash)
        let scope = try action(plan.action).scope(plan)
        guard
            try plan.scopeHash(scope, level: ApproverLevel(rawValue: row.level) ?? .owner).description == row.scopeHash
        else {
            throw ApprovalError(.planChanged, "the scope of this action is not what it was when it was asked for")
        }
        let grant = GrantRow(
            kind: .grant,
            action: plan.action,
            agentGroupID: plan.agentGroup,
            scope: try CanonicalJSON.text(scope),
            scopeHash: row.scopeHash,
            approvalID: row.id,
            grantedBy: decider.user,
            isHomeOwner: decider.isHomeOwner,
            createdAt: now,
            expiresAt: end
        )
        try grant.insert(db)
        try audit("grant", row.id, grant: grant.id, user: decider.user, detail: "until \(end)", db)
        return grant
    }

    /// Lets everything that an admin of the group could allow pass without asking; nil means every group.
    ///
    /// Throws `invalidTerm` beyond 8 hours, and `forbidden` for somebody whose roles do not reach that far.
    package func bypass(
        _ group: AgentGroupID?,
        for term: Duration,
        by decider: ApprovalDecider
    ) async throws -> GrantRow {
        let now = time.now
        let end = try GrantTerm.bypassEnd(after: term, now: now)
        return try await central.write(changesRouting: false) { db in
            try self.check(decider, group, db)
            let grant = GrantRow(
                kind: .bypass,
                agentGroupID: group,
                grantedBy: decider.user,
                isHomeOwner: decider.isHomeOwner,
                createdAt: now,
                expiresAt: end
            )
            try grant.insert(db)
            try self.audit("bypass", grant: grant.id, group: group, user: decider.user, detail: "until \(end)", db)
            return grant
        }
    }

    /// Ends a grant or a bypass now; throws `notFound`, or `forbidden`.
    package func revoke(_ id: GrantID, by decider: ApprovalDecider) async throws {
        let now = time.now
        try await central.write(changesRouting: false) { db in
            guard var grant = try GrantRow.fetchOne(db, key: id) else {
                throw ApprovalError(.notFound, "no grant \(id)")
            }
            try self.check(decider, grant.agentGroupID, db)
            guard grant.revokedAt == nil else { return }
            grant.revokedAt = now
            grant.revokedBy = decider.user
            try grant.update(db)
            try self.audit(
                "revoked",
                grant: id,
                group: grant.agentGroupID,
                user: decider.user,
                detail: id.rawValue,
                db
            )
        }
    }

    private func check(_ decider: ApprovalDecider, _ group: AgentGroupID?, _ db: Database) throws {
        if case .homeOwner = decider { return }
        let access = try Access.of(decider.user, db)
        guard ApproverDirectory.mayAnswer(access, .groupAdmin, group: group) else {
            throw ApprovalError(.forbidden, "\(decider.user) is no admin of what this grant is for")
        }
    }

    // MARK: - Audit

    /// Writes what happened, in the transaction in which it happens.
    func audit(
        _ event: String,
        _ approval: ApprovalID? = nil,
        grant: GrantID? = nil,
        group: AgentGroupID? = nil,
        user: UserID? = nil,
        detail: String,
        _ db: Database
    ) throws {
        let group = try group ?? approval.flatMap { try ApprovalRow.fetchOne(db, key: $0)?.agentGroupID }
        try AuditEntry(
            at: time.now,
            event: event,
            approval: approval,
            grant: grant,
            group: group,
            by: user,
            detail: detail
        ).append(db)
    }
}

extension GrantRow {
    /// True when it stands in for somebody's word on this plan now.
    func covers(_ plan: Plan, _ scopeHash: PlanHash, _ level: ApproverLevel, _ now: Timestamp) -> Bool {
        let scope: Grant.Scope
        switch kind {
        case .bypass: scope = .all(agentGroupID)
        case .grant:
            guard let hash = self.scopeHash.flatMap({ PlanHash(hex: $0) }) else { return false }
            scope = .exact(hash)
        }
        return Grant(scope: scope, expiresAt: expiresAt, revokedAt: revokedAt)
            .covers(plan, scopeHash: scopeHash, level: level, now: now)
    }
}
