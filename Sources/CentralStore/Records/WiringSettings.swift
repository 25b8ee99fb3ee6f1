import GRDB

/// The `side` column of `wirings`; the most specific comes first.
package enum WiringSide: String, Codable, Sendable, CaseIterable, DatabaseValueConvertible {
    case chat, account, person
}

/// What makes an agent answer; a wiring may have several.
package enum EngageMode: String, Codable, Sendable, CaseIterable, DatabaseValueConvertible {
    /// The text matches the wiring's regular expression.
    case pattern
    /// The agent is mentioned.
    case mention
    /// The agent was mentioned in this thread or chat before.
    case mentionSticky = "mention-sticky"
    /// The message answers one of the agent's own.
    case reply
}

/// Which chats a wiring is for.
package enum ChatKinds: String, Codable, Sendable, CaseIterable, DatabaseValueConvertible {
    case all, dm, group
}

/// Whose messages a wiring takes, among those that pass the access gate.
package enum SenderScope: String, Codable, Sendable, CaseIterable, DatabaseValueConvertible {
    case all
    /// People with a role or membership.
    case known
}

/// What happens to a message that does not engage the agent.
package enum IgnoredMessagePolicy: String, Codable, Sendable, CaseIterable, DatabaseValueConvertible {
    case drop
    /// Stored as context for the next turn.
    case accumulate
}

/// How conversations are divided into sessions.
package enum SessionMode: String, Codable, Sendable, CaseIterable, DatabaseValueConvertible {
    /// One a chat.
    case shared
    /// One a thread.
    case perThread = "per-thread"
    /// One for all chats of the agent.
    case agentShared = "agent-shared"
}
