package import Core

/// A named place that the agent may send to; a row of `destinations` in `inbound.db`.
package struct SessionDestination: Codable, Sendable, Hashable {
    /// The local name that the agent writes: `[a-z0-9-]+`, unique in the session.
    package var name: String
    /// The name shown beside it; nil when there is none.
    package var displayName: String?
    package var target: Target

    package init(name: String, displayName: String? = nil, target: Target) {
        self.name = name
        self.displayName = displayName
        self.target = target
    }

    /// Where the name leads.
    package enum Target: Codable, Sendable, Hashable {
        /// A chat on a channel; its thread is not stored.
        case chat(ChatAddress)
        /// Another agent group.
        case agent(AgentGroupID)
    }
}
