/// What the host knows of a message that one agent wants to send to another: from its own tables and rows, at one moment.
package struct AgentMailFacts: Sendable, Equatable {
    package var targetExists: Bool
    /// The target is the sender's own group, in another conversation.
    package var isOwnGroup: Bool
    /// A row of the sender's destinations leads there.
    package var isDestination: Bool
    package var path: ReturnPath.Choice
    /// How many messages of agents in a row led to the newest cause in the sender's session; 0 when that came from outside.
    package var causeHops: Int
    /// Messages between the two, both ways, in the last ``AgentMailLimits/window``.
    package var recent: Int

    package init(
        targetExists: Bool = true,
        isOwnGroup: Bool = false,
        isDestination: Bool = true,
        path: ReturnPath.Choice,
        causeHops: Int = 0,
        recent: Int = 0
    ) {
        self.targetExists = targetExists
        self.isOwnGroup = isOwnGroup
        self.isDestination = isDestination
        self.path = path
        self.causeHops = causeHops
        self.recent = recent
    }
}

/// Decides whether a message of one agent goes to another.
package enum AgentMailRule {
    package enum Verdict: Sendable, Equatable {
        /// Into that conversation; `hops` is what it counts from now on.
        case accept(ReturnPath.Choice, hops: Int)
        case refuse(AgentMailRefusal)
    }

    /// The verdict; what may not be at all is refused before what is only too much, and to whom a group leads that does not
    /// exist it is as foreign as any other.
    package static func decide(_ facts: AgentMailFacts, _ limits: AgentMailLimits) -> Verdict {
        guard facts.isOwnGroup || facts.isDestination else { return .refuse(.noDestination) }
        guard facts.targetExists else { return .refuse(.noAgent) }
        if case .refused(let refusal) = facts.path { return .refuse(refusal) }
        let hops = max(0, facts.causeHops) + 1
        guard hops <= limits.hops else { return .refuse(.tooManyHops) }
        guard facts.recent < limits.perWindow else { return .refuse(.tooOften) }
        return .accept(facts.path, hops: hops)
    }
}
