package import Core

/// Something that somebody's word is needed for.
package struct ApprovalRequest: Sendable {
    /// The registered kind.
    package var action: String
    package var agentGroup: AgentGroupID?
    /// The action's arguments, all of them.
    package var payload: JSONValue
    /// Who waits; nil when no session does.
    package var asker: ApprovalAsker?
    /// The chat that the request came from: approvers of its channel are asked first.
    package var origin: ChatAddress?
    /// How long the card stays open; nil for 24 hours.
    package var lifetime: Duration?
    /// False once nobody waits for it any more; looked at in the transaction that would ask.
    package var isWanted: @Sendable () -> Bool

    package init(
        action: String,
        agentGroup: AgentGroupID?,
        payload: JSONValue,
        asker: ApprovalAsker? = nil,
        origin: ChatAddress? = nil,
        lifetime: Duration? = nil,
        isWanted: @escaping @Sendable () -> Bool = { true }
    ) {
        self.action = action
        self.agentGroup = agentGroup
        self.payload = payload
        self.asker = asker
        self.origin = origin
        self.lifetime = lifetime
        self.isWanted = isWanted
    }
}

/// What became of a request so far; the end reaches the asker as an ``ApprovalResult``.
package enum ApprovalOutcome: Sendable, Equatable {
    /// Somebody is asked; `isNew` is false when the same was asked before and nobody has answered yet.
    case pending(ApprovalID, isNew: Bool, expiresAt: Timestamp)
    /// A standing grant covers it: it is carried out now.
    case granted(ApprovalID, by: GrantID)

    package var id: ApprovalID {
        switch self {
        case .pending(let id, _, _), .granted(let id, _): id
        }
    }
}

/// How an approval ended, for whoever asked.
package struct ApprovalResult: Sendable, Equatable {
    package let id: ApprovalID
    package let action: String
    /// Final.
    package let status: ApprovalStatus
    /// The value of the answer; nil when nobody answered.
    package let choice: String?
    /// What happened, in words for the agent, with the approver's own where there are some.
    package let text: String
    /// What the action gives the tool that asked, see ``ApprovalAction/result(_:)``.
    package var result: JSONValue?

    package init(id: ApprovalID, action: String, status: ApprovalStatus, choice: String?, text: String) {
        self.id = id
        self.action = action
        self.status = status
        self.choice = choice
        self.text = text
    }

    /// `ok` for what was carried out, else `error`.
    package var outcome: String { status == .executed ? "ok" : "error" }
}

/// Tells a session how its request ended; returns once that is durable, and the same result twice is one.
package typealias ApprovalTelling = @Sendable (ApprovalAsker, ApprovalResult) async throws -> Void

/// Who answers, as the way by which the answer came proves it.
package enum ApprovalDecider: Sendable, Equatable {
    /// A person, with the roles that they have now.
    case user(UserID)
    /// The user of the machine that owns the home: as an owner.
    case homeOwner(UserID)

    package var user: UserID {
        switch self {
        case .user(let user), .homeOwner(let user): user
        }
    }

    package var isHomeOwner: Bool {
        if case .homeOwner = self { return true }
        return false
    }
}
