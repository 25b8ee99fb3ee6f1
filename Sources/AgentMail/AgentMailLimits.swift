/// How far and how often agents may write to each other.
package struct AgentMailLimits: Sendable, Equatable {
    /// The most messages that follow from one another without anything from outside between them; at least 1.
    package var hops: Int
    /// The most messages between two agents, both ways together, in one ``window``; at least 1.
    package var perWindow: Int

    /// What ``perWindow`` counts in.
    package static let window: Duration = .seconds(60)
    /// Of one pair and one limit people are told once in this time.
    package static let noticePause: Duration = .seconds(3600)

    package init(hops: Int = 8, perWindow: Int = 30) {
        self.hops = hops
        self.perWindow = perWindow
    }
}
