package import CentralStore
package import Core

/// One line of a chat's history as clients see it.
package struct CLIEntry: Codable, Sendable, Equatable {
    /// Rises through all chats of the channel.
    package var position: Int64
    package var direction: CLIDirection
    package var messageID: String
    package var userID: UserID?
    /// Who wrote it: a person's name, or the agent's.
    package var name: String?
    package var inReplyTo: MessageID?
    package var at: Timestamp
    package var body: Body

    /// What was said or done; the JSON of `cli_messages.content`.
    package struct Body: Codable, Sendable, Equatable {
        package var kind: Kind
        /// The text of a message or an edit, the emoji of a reaction.
        package var text: String
        /// The message that an edit or a reaction is about.
        package var about: String?
        package var files: [File]?
        /// The turn that wrote it.
        package var turn: TurnID?
        /// True for what a person wrote until the host has taken it.
        package var isOpen: Bool?

        package init(
            kind: Kind = .message,
            text: String,
            about: String? = nil,
            files: [File]? = nil,
            turn: TurnID? = nil,
            isOpen: Bool? = nil
        ) {
            self.kind = kind
            self.text = text
            self.about = about
            self.files = files
            self.turn = turn
            self.isOpen = isOpen
        }
    }

    /// What an entry does.
    package enum Kind: String, Codable, Sendable {
        case message, edit, reaction
    }

    /// A file that came with a message, kept below `data/cli/`.
    package struct File: Codable, Sendable, Equatable {
        package var name: String
        package var size: Int
        /// Absolute.
        package var path: String

        package init(name: String, size: Int, path: String) {
            self.name = name
            self.size = size
            self.path = path
        }
    }
}

extension CLIEntry {
    init(_ row: CLIMessage) throws {
        position = row.position ?? 0
        direction = row.direction
        messageID = row.messageID
        userID = row.userID
        name = row.agentName
        inReplyTo = row.inReplyTo
        at = row.createdAt
        body = try JSONText.decode(Body.self, row.content)
    }
}
