/// Why a message of an agent does not go to another one.
package enum AgentMailRefusal: Sendable, Equatable, CaseIterable {
    /// There is no such agent, or no more.
    case noAgent
    /// The sender's group has no destination that leads there.
    case noDestination
    /// The message says that it answers one of somebody else.
    case answersAnother
    /// It would come back to the conversation that wrote it.
    case itself
    /// The conversation that it goes to was closed by a person.
    case closed
    /// The conversation that it goes to is set aside until a person decides.
    case quarantined
    case tooManyHops
    case tooOften

    /// The limit that it breaks; nil for every other reason.
    package var limit: AgentMailLimit? {
        switch self {
        case .tooManyHops: .hops
        case .tooOften: .rate
        default: nil
        }
    }

    /// What the agent is told, as the end of a sentence that says that its message was not delivered.
    package func words(_ limits: AgentMailLimits) -> String {
        switch self {
        case .noAgent: "there is no such agent any more"
        case .noDestination: "that agent is none of your destinations (any more)"
        case .answersAnother: "it answers a message of somebody else"
        case .itself: "it would come back to this very conversation"
        case .closed: "the conversation it goes to was closed by a person"
        case .quarantined: "the conversation it goes to is set aside until a person has looked at it"
        case .tooManyHops:
            "agents have answered each other \(limits.hops) times without a person or a task between them. Stop here and "
                + "tell a person what you have"
        case .tooOften:
            "more than \(limits.perWindow) messages in a minute between you and that agent. Do not try again at once: wait "
                + "for a person"
        }
    }
}

/// A bound on what agents write to each other.
package enum AgentMailLimit: String, Sendable, CaseIterable {
    case hops, rate
}
