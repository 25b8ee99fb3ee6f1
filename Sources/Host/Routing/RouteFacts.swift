package import CentralStore
package import Core

/// How a sender stands to an agent group; the access gate asks nothing else.
package enum Standing: String, Sendable, Hashable, CaseIterable {
    case owner
    case globalAdmin = "global admin"
    case groupAdmin = "admin of the group"
    case member
    case stranger

    /// Passes the access gate of any chat.
    package var isKnown: Bool { self != .stranger }
    /// How somebody with these rights stands to the group.
    package init(_ access: Access, in group: AgentGroupID) {
        self =
            if access.isOwner { .owner } else if access.isGlobalAdmin {
                .globalAdmin
            } else if access.adminOf.contains(
                group
            ) { .groupAdmin } else if access.memberOf.contains(group) { .member } else { .stranger }
    }

    /// May give commands that change the conversation for everybody.
    package var isAdmin: Bool { self == .owner || self == .globalAdmin || self == .groupAdmin }
}

/// One wiring that could take a message, with what the decision needs to know of it.
package struct RouteCandidate: Sendable, Equatable {
    package var wiring: Wiring
    package var group: AgentGroup
    package var standing: Standing
    /// The agent was mentioned before in the session that this message would reach.
    package var wasEngaged = false
}

/// All that decides where one message goes.
package struct RouteFacts: Sendable, Equatable {
    /// Nil when nobody has made this chat known.
    package var chat: MessagingGroup?
    package var sender: UserID?
    /// All handles of the human who sent it, the sender's among them.
    package var handles: Set<UserID>
    /// In no particular order; ``RouteDecider`` puts them into theirs.
    package var candidates: [RouteCandidate]

    package init(
        chat: MessagingGroup?,
        sender: UserID?,
        handles: Set<UserID>? = nil,
        candidates: [RouteCandidate]
    ) {
        self.chat = chat
        self.sender = sender
        self.handles = handles ?? Set([sender].compactMap(\.self))
        self.candidates = candidates
    }
}

/// What happens to a message at one wiring.
package enum RouteOutcome: Sendable, Equatable {
    /// Stored, and starts a turn.
    case deliver
    /// Stored as context for the next turn.
    case accumulate
    /// `/stop`: ends what the session is doing.
    case stop
    /// `/link` of a known person in a direct chat: a code for another handle of theirs.
    case link
    /// A command that this sender may not give: refused with one visible answer.
    case denied(command: String)
    /// Goes nowhere; counted under the reason when there is one.
    case drop(DropReason?)

    var name: String {
        switch self {
        case .deliver: "deliver"
        case .accumulate: "accumulate"
        case .stop: "stop"
        case .link: "link"
        case .denied: "denied"
        case .drop: "drop"
        }
    }
}

/// One wiring's decision and the way to it.
package struct RouteDecision: Sendable, Equatable {
    package var candidate: RouteCandidate
    package var outcome: RouteOutcome
    /// True when the message itself engaged by a mention: what `mention-sticky` remembers.
    package var remembersEngagement: Bool
    /// The message was for the agent, whatever the gates said.
    package var isEngaged = false
    /// Each test in order, in words.
    package var reasons: [String]
}

/// The decisions of all wirings, and what to count when none took the message.
package struct RoutePlan: Sendable, Equatable {
    package var decisions: [RouteDecision]
    /// A reason of the chat, not of one wiring.
    package var drop: DropReason?

    /// Whether an agent, or the host for one, does something with the message of somebody who passed the gates.
    var takesMessage: Bool {
        decisions.contains { decision in
            if case .drop = decision.outcome { return false }
            return true
        }
    }
}
