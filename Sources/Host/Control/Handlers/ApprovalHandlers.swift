import Approvals
import CentralStore
import ChannelKit
import ControlProtocol
import Core
import GRDB

/// `approvals …`: what waits for somebody's word, and the words given once for many times.
struct ApprovalHandlers: Sendable {
    let context: ControlContext
    let approvals: ApprovalService

    func handlers() -> [String: ControlHandler] {
        [
            "approvals list": { try await self.list(&$0) },
            "approvals show": { try await self.show(&$0) },
            "approvals approve": { try await self.approve(&$0) },
            "approvals deny": { try await self.deny(&$0) },
            "approvals grants list": { try await self.listGrants(&$0) },
            "approvals grants revoke": { try await self.revoke(&$0) },
            "approvals grants bypass": { try await self.bypass(&$0) },
        ]
    }

    private static let columns = """
        approvals.id, action, coalesce(folder, '*') AS agent_group, title, status, level, choice, decided_by, grant_id,
        note, result, plan_hash, approvals.created_at, expires_at, decided_at, ended_at
        """

    private static let rows = RowQuery(
        select: "SELECT \(columns) FROM approvals LEFT JOIN agent_groups ON agent_groups.id = agent_group_id",
        filters: [
            "id": "approvals.id", "action": "action", "agent_group": "coalesce(folder, '*')", "status": "status",
            "decided_by": "decided_by",
        ],
        order: "approvals.created_at DESC, approvals.id"
    )

    private static let grants = RowQuery(
        select: """
            SELECT approval_grants.id, kind, action, coalesce(folder, '*') AS agent_group, scope, scope_hash,
                approval_id, granted_by, approval_grants.created_at, expires_at, revoked_at, revoked_by, uses,
                last_used_at
            FROM approval_grants LEFT JOIN agent_groups ON agent_groups.id = agent_group_id
            """,
        filters: [
            "id": "approval_grants.id", "kind": "kind", "action": "action", "agent_group": "coalesce(folder, '*')",
            "granted_by": "granted_by",
        ],
        order: "approval_grants.created_at DESC, approval_grants.id"
    )

    /// Who asks: the home's owner by the socket, anybody else by the roles that they have now.
    private static func decider(_ call: ControlCall) -> ApprovalDecider {
        call.authority == .homeOwner ? .homeOwner(call.caller) : .user(call.caller)
    }

    /// What narrows a list to what this caller decides over.
    private func visible(
        _ call: ControlCall
    ) async throws -> [(
        sql: String, value: (any DatabaseValueConvertible & Sendable)?
    )] {
        guard call.authority != .homeOwner else { return [] }
        let caller = call.caller
        let access = try await context.store.read { db in try Access.of(caller, db) }
        if access.isOwner || access.isGlobalAdmin { return [] }
        return [
            (
                "agent_group_id IN (SELECT value FROM json_each(?))",
                try JSONText.encode(access.adminOf.map(\.rawValue).sorted())
            )
        ]
    }

    // MARK: - Approvals

    /// `all`: those that have ended too.
    private func list(_ call: inout ControlCall) async throws -> JSONValue {
        var also = try await visible(call)
        if try !call.arguments.flag("all") { also.append(("status IN ('pending', 'executing')", nil)) }
        return try await Self.rows.run(&call, context.store, also: also)
    }

    private func show(_ call: inout ControlCall) async throws -> JSONValue {
        let row = try await named(&call)
        try call.arguments.finish()
        return try await record(row.id)
    }

    /// `id`, `answer` (an answer's value; `once` without, or the only one that allows), `days` of a standing grant.
    private func approve(_ call: inout ControlCall) async throws -> JSONValue {
        let row = try await named(&call)
        let answer = try call.arguments.optional("answer")
        let days = try call.arguments.integer("days", 1...365)
        try call.arguments.finish()
        let choices = try JSONText.decode([ApprovalChoice].self, row.choices)
        let allowing = choices.filter { $0.effect != .deny }
        let only = allowing.count == 1 ? allowing.first : nil
        guard let choice = allowing.first(where: { $0.value == answer ?? "once" }) ?? (answer == nil ? only : nil)
        else {
            guard row.status == ApprovalStatus.pending.rawValue else {
                throw ControlError(.conflict, "\(row.id): it is \(row.status) already")
            }
            let known = allowing.map { "`--answer \($0.value)` (\($0.label))" }.joined(separator: ", ")
            throw ControlError(.invalidArguments, "\(row.id) asks which: \(known)")
        }
        guard days == nil || choice.effect == .always else {
            throw ControlError(.invalidArguments, "\"days\" are those of a standing grant: say \"always\"")
        }
        let term = days.map { Duration.seconds($0 * 24 * 3600) } ?? GrantTerm.standard
        return try await decide(row.id, choice.value, nil, term, call)
    }

    /// `id`, `reason` that reaches the agent.
    private func deny(_ call: inout ControlCall) async throws -> JSONValue {
        let row = try await named(&call)
        let reason = try call.arguments.optional("reason")
        try call.arguments.finish()
        guard reason.map({ $0.utf8.count <= CardReply.longestNote }) ?? true else {
            throw ControlError(.invalidArguments, "\"reason\" has at most \(CardReply.longestNote) bytes")
        }
        let choices = try JSONText.decode([ApprovalChoice].self, row.choices)
        guard let choice = choices.first(where: { $0.effect == .deny }) else {
            throw ControlError(.invalidArguments, "approval \(row.id) has no answer that denies it")
        }
        return try await decide(row.id, choice.value, reason, GrantTerm.standard, call)
    }

    private func decide(
        _ id: ApprovalID,
        _ value: String,
        _ note: String?,
        _ term: Duration,
        _ call: ControlCall
    ) async throws -> JSONValue {
        let decider = Self.decider(call)
        switch try await approvals.decide(id, value, note: note, by: decider, term: term) {
        case .refused(let why): throw ControlError(.conflict, "\(id): \(why)")
        case .taken: return try await record(id)
        }
    }

    private func named(_ call: inout ControlCall) async throws -> ApprovalRow {
        let text = try call.arguments.required("id")
        let decider = Self.decider(call)
        return try await context.store.read { db in
            let row = try Lookup.approval(text, db)
            // Who may not decide it does not learn that it exists.
            guard try ApprovalService.maySee(decider, row, db) else {
                throw StoreError(.notFound, "no approval \"\(text.prefix(80))\"")
            }
            return row
        }
    }

    /// The approval with its plan and what happened to it.
    private func record(_ id: ApprovalID) async throws -> JSONValue {
        try await context.store.read { db in
            let rows = try RowQuery.fetch(
                db,
                """
                SELECT \(Self.columns), plan, body FROM approvals
                LEFT JOIN agent_groups ON agent_groups.id = agent_group_id WHERE approvals.id = ?
                """,
                [id]
            )
            guard case .object(var fields)? = rows.first else { throw StoreError(.notFound, "no approval \(id)") }
            if let plan = fields["plan"]?.string { fields["plan"] = try JSONValue(parsing: plan) }
            fields["history"] = .array(
                try RowQuery.fetch(
                    db,
                    """
                    SELECT at, event, user_id, grant_id, detail FROM audit WHERE approval_id = ?
                    ORDER BY position
                    """,
                    [id]
                )
            )
            return .object(fields)
        }
    }

    // MARK: - Grants

    /// `all`: those that have ended too.
    private func listGrants(_ call: inout ControlCall) async throws -> JSONValue {
        var also = try await visible(call)
        if try !call.arguments.flag("all") {
            also.append(("revoked_at IS NULL AND expires_at > ?", context.time.now))
        }
        return try await Self.grants.run(&call, context.store, also: also)
    }

    private func revoke(_ call: inout ControlCall) async throws -> JSONValue {
        let text = try call.arguments.required("id")
        try call.arguments.finish()
        let grant = try await context.store.read { db in try Lookup.grant(text, db) }
        try await approvals.revoke(grant.id, by: Self.decider(call))
        return ["revoked": .string(grant.id.rawValue)]
    }

    /// `minutes` (at most 480), `group`; without a group it is for all.
    private func bypass(_ call: inout ControlCall) async throws -> JSONValue {
        let minutes = try call.arguments.integer("minutes", 1...480)
        let name = try call.arguments.optional("group")
        try call.arguments.finish()
        guard let minutes else { throw ControlError(.invalidArguments, "approvals grants bypass needs \"minutes\"") }
        let group = try await context.store.read { db in try name.map { try Lookup.agentGroup($0, db).id } }
        return try JSONValue(
            encoding: try await approvals.bypass(group, for: .seconds(minutes * 60), by: Self.decider(call))
        )
    }
}
