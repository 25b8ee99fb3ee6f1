package import Core
import GRDB

/// `approvals`: one plan and what became of it, in the words of the module `Approvals`.
package struct ApprovalRow: CentralRecord {
    package static let databaseTableName = "approvals"

    package var id: ApprovalID
    package var action: String
    package var agentGroupID: AgentGroupID?
    /// Canonical JSON.
    package var plan: String
    /// SHA-256 of `plan` as 64 hexadecimal digits.
    package var planHash: String
    package var scopeHash: String
    /// Who may answer: `group_admin`, `global_admin`, `owner`.
    package var level: String
    package var title: String
    /// What the card showed.
    package var body: String
    /// JSON.
    package var choices: String
    package var status: String
    /// The value that was chosen.
    package var choice: String?
    package var decidedBy: UserID?
    /// The grant that stood in for somebody's word.
    package var grantID: GrantID?
    /// What whoever answered added.
    package var note: String?
    /// What carrying it out came to, in words.
    package var result: String?
    package var expiresAt: Timestamp
    package var createdAt: Timestamp
    package var decidedAt: Timestamp?
    package var endedAt: Timestamp?

    package init(
        id: ApprovalID,
        action: String,
        agentGroupID: AgentGroupID?,
        plan: String,
        planHash: String,
        scopeHash: String,
        level: String,
        title: String,
        body: String,
        choices: String,
        status: String,
        expiresAt: Timestamp,
        createdAt: Timestamp
    ) {
        self.id = id
        self.action = action
        self.agentGroupID = agentGroupID
        self.plan = plan
        self.planHash = planHash
        self.scopeHash = scopeHash
        self.level = level
        self.title = title
        self.body = body
        self.choices = choices
        self.status = status
        self.expiresAt = expiresAt
        self.createdAt = createdAt
    }

    package enum CodingKeys: String, CodingKey, ColumnExpression {
        case id, action
        case agentGroupID = "agent_group_id"
        case plan
        case planHash = "plan_hash"
        case scopeHash = "scope_hash"
        case level, title, body, choices, status, choice
        case decidedBy = "decided_by"
        case grantID = "grant_id"
        case note, result
        case expiresAt = "expires_at"
        case createdAt = "created_at"
        case decidedAt = "decided_at"
        case endedAt = "ended_at"
    }
}

/// `approval_askers`: a session that waits for an approval.
package struct ApprovalAskerRow: CentralRecord {
    package static let databaseTableName = "approval_askers"

    package var approvalID: ApprovalID
    package var sessionID: SessionID
    /// The `messages_out` row or request to answer; empty for none.
    package var request: String
    package var turn: TurnID?
    /// It knows the end.
    package var isTold: Bool
    package var askedAt: Timestamp

    package init(
        approvalID: ApprovalID,
        sessionID: SessionID,
        request: MessageID?,
        turn: TurnID?,
        askedAt: Timestamp
    ) {
        self.approvalID = approvalID
        self.sessionID = sessionID
        self.request = request?.rawValue ?? ""
        self.turn = turn
        isTold = false
        self.askedAt = askedAt
    }

    package enum CodingKeys: String, CodingKey, ColumnExpression {
        case approvalID = "approval_id"
        case sessionID = "session_id"
        case request, turn
        case isTold = "is_told"
        case askedAt = "asked_at"
    }
}

/// `approval_grants`: a word given once for many times.
package struct GrantRow: CentralRecord {
    package static let databaseTableName = "approval_grants"

    /// What it covers.
    package enum Kind: String, Codable, Sendable, CaseIterable, DatabaseValueConvertible {
        /// One action with one scope.
        case grant
        /// Everything that an admin of the group could allow.
        case bypass
    }

    package var id: GrantID
    package var kind: Kind
    /// Of a grant.
    package var action: String?
    /// Nil for a bypass of every group, and for a grant of what belongs to no group.
    package var agentGroupID: AgentGroupID?
    /// Of a grant: canonical JSON, for people.
    package var scope: String?
    package var scopeHash: String?
    /// The approval in which it was given.
    package var approvalID: ApprovalID?
    package var grantedBy: UserID
    /// The home's owner gave it at the control socket: it needs no role.
    package var isHomeOwner: Bool
    package var createdAt: Timestamp
    package var expiresAt: Timestamp
    package var revokedAt: Timestamp?
    package var revokedBy: UserID?
    package var uses: Int
    package var lastUsedAt: Timestamp?

    package init(
        kind: Kind,
        action: String? = nil,
        agentGroupID: AgentGroupID?,
        scope: String? = nil,
        scopeHash: String? = nil,
        approvalID: ApprovalID? = nil,
        grantedBy: UserID,
        isHomeOwner: Bool,
        createdAt: Timestamp,
        expiresAt: Timestamp
    ) {
        id = .random()
        self.kind = kind
        self.action = action
        self.agentGroupID = agentGroupID
        self.scope = scope
        self.scopeHash = scopeHash
        self.approvalID = approvalID
        self.grantedBy = grantedBy
        self.isHomeOwner = isHomeOwner
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        uses = 0
    }

    package enum CodingKeys: String, CodingKey, ColumnExpression {
        case id, kind, action
        case agentGroupID = "agent_group_id"
        case scope
        case scopeHash = "scope_hash"
        case approvalID = "approval_id"
        case grantedBy = "granted_by"
        case isHomeOwner = "is_home_owner"
        case createdAt = "created_at"
        case expiresAt = "expires_at"
        case revokedAt = "revoked_at"
        case revokedBy = "revoked_by"
        case uses
        case lastUsedAt = "last_used_at"
    }
}
