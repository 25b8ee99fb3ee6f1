/// One thing that is kept of a person, and what becomes of it.
package struct PersonalItem: Codable, Sendable, Equatable {
    /// What it is, as people and scripts read it.
    package enum Kind: String, Codable, Sendable {
        /// Rows of the central database: handles, roles, memberships, links, direct chats.
        case profile
        /// Counts of messages that were not taken, and what waits for an answer.
        case records
        /// The history of this machine's own chats.
        case chatHistory
        /// What the person wrote, and in a conversation of theirs what they were answered.
        case messages
        /// Files that came with messages or went out with them.
        case files
        /// What the runner keeps of a conversation.
        case transcripts
        /// What an agent wrote down.
        case memory
        /// What happened to each message.
        case traces
        case logs, backups, audit
    }

    /// What becomes of it.
    package enum Fate: String, Codable, Sendable { case exported, erased, stays }

    package var what: Kind
    /// A path below the home, or a table of the central database.
    package var place: String
    /// Rows, files, or messages; nil where nobody counts.
    package var count: Int?
    package var fate: Fate
    /// Why it stays.
    package var reason: String?
    /// How a person ends what stays.
    package var remedy: String?

    package init(
        _ what: Kind,
        _ place: String,
        count: Int? = nil,
        _ fate: Fate,
        reason: String? = nil,
        remedy: String? = nil
    ) {
        self.what = what
        self.place = place
        self.count = count
        self.fate = fate
        self.reason = reason
        self.remedy = remedy
    }
}
