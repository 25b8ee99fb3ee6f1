package import Core

/// A kind of action that needs somebody's word: registered from outside, this module names none.
///
/// What the plan says runs once for everybody who asked for the same: an action that is done in one session has that
/// session in its payload.
package protocol ApprovalAction: Sendable {
    /// Its name in plans and in the audit: `[a-z0-9_]`, such as `create_agent`.
    var kind: String { get }

    /// Throws, in words for whoever asked, when the plan cannot be carried out: asked before a card is made and again
    /// before the plan runs.
    func check(_ plan: Plan) async throws

    /// One line above the card; ``PlanText/title(_:)`` takes out what would hide or act as Markdown.
    func title(_ plan: Plan) -> String

    /// What the plan means, in Markdown; ``PlanText/code(_:)`` for whatever an agent wrote. The card adds the whole
    /// payload by itself.
    func summary(_ plan: Plan) -> String

    /// The answers; by default allow once, always, deny.
    func choices(_ plan: Plan) -> [ApprovalChoice]

    /// What a standing grant is for: a later plan is covered when its scope is the same. By default the whole payload.
    func scope(_ plan: Plan) -> JSONValue

    /// Who may answer; by default an admin of the agent group.
    func level(_ plan: Plan) -> ApproverLevel

    /// Carries the plan out, once, and answers in words for whoever asked.
    func execute(_ approved: ApprovedPlan) async throws -> String

    /// What the tool of the one who asked first is given once the plan is carried out; by default nothing.
    func result(_ plan: Plan) -> JSONValue?
}

extension ApprovalAction {
    package func check(_ plan: Plan) async throws {}
    package func choices(_ plan: Plan) -> [ApprovalChoice] { ApprovalChoice.standard }
    package func scope(_ plan: Plan) -> JSONValue { plan.payload }
    package func level(_ plan: Plan) -> ApproverLevel { .groupAdmin }
    package func result(_ plan: Plan) -> JSONValue? { nil }
}

/// A plan whose time has come.
package struct ApprovedPlan: Sendable {
    package let id: ApprovalID
    /// Read back from the store and hashed again: what was shown.
    package let plan: Plan
    /// The value of the answer that was chosen.
    package let choice: String
    /// Who gave the word, for this or for a standing grant; nil when nobody is known as its giver.
    package let approver: UserID?
    /// Those who wait for it.
    package let askers: [ApprovalAsker]

    package init(id: ApprovalID, plan: Plan, choice: String, approver: UserID?, askers: [ApprovalAsker]) {
        self.id = id
        self.plan = plan
        self.choice = choice
        self.approver = approver
        self.askers = askers
    }
}

/// A session that waits for an answer.
package struct ApprovalAsker: Sendable, Hashable {
    package let session: SessionID
    /// The turn that asked; nil when no turn did.
    package let turn: TurnID?
    /// The `messages_out` row or request to answer.
    package let request: MessageID?

    package init(session: SessionID, turn: TurnID? = nil, request: MessageID? = nil) {
        self.session = session
        self.turn = turn
        self.request = request
    }
}

/// One answer that an approver may choose.
package struct ApprovalChoice: Sendable, Codable, Equatable {
    /// What the answer does.
    package enum Effect: String, Sendable, Codable {
        /// The plan is carried out.
        case once
        /// The plan is carried out, and a standing grant for its scope is written.
        case always
        /// Nothing is done.
        case deny
    }

    package let label: String
    package let value: String
    package let effect: Effect

    package init(label: String, value: String, effect: Effect) {
        self.label = label
        self.value = value
        self.effect = effect
    }

    /// Allow once, always, deny.
    package static let standard = [
        ApprovalChoice(label: "Allow once", value: "once", effect: .once),
        ApprovalChoice(label: "Allow always (30 days)", value: "always", effect: .always),
        ApprovalChoice(label: "Deny", value: "deny", effect: .deny),
    ]

    /// Allow once, deny: for what nobody should get a standing grant for.
    package static let onceOnly = standard.filter { $0.effect != .always }
}

/// Who may give their word, from the lowest.
package enum ApproverLevel: String, Sendable, Codable, CaseIterable {
    /// Admins of the agent group, global admins, owners.
    case groupAdmin = "group_admin"
    /// Global admins and owners.
    case globalAdmin = "global_admin"
    /// Owners.
    case owner
}
