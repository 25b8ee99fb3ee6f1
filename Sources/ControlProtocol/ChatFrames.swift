package import Core

/// What `chat attach` streams.
package enum ChatFrame: Codable, Sendable, Equatable {
    /// The first frame: entries after this position follow. `names` are what agents call this chat as a destination.
    case attached(position: Int64, names: [String])
    /// The chat's history has grown.
    case entry(ChatEntry)
    /// A running turn shows something; frames of a slow reader get lost.
    case live(LiveEvent)
    /// The turn that answered these messages is over; every entry that it made was sent before.
    case turnEnded(messages: [MessageID], platformMessageIDs: [String], outcome: String, detail: String?)
}

/// One line of a chat's history.
package struct ChatEntry: Codable, Sendable, Equatable {
    package var position: Int64
    /// `in` or `out`.
    package var direction: String
    package var id: String
    /// Who wrote it; nil for what an agent sent.
    package var user: String?
    package var name: String?
    package var inReplyTo: MessageID?
    package var at: Timestamp
    /// `message`, `edit` or `reaction`.
    package var kind: String
    package var text: String
    /// The message that an edit or a reaction is about.
    package var about: String?
    package var files: [File]
    package var turn: TurnID?

    package init(
        position: Int64,
        direction: String,
        id: String,
        user: String? = nil,
        name: String? = nil,
        inReplyTo: MessageID? = nil,
        at: Timestamp,
        kind: String = "message",
        text: String,
        about: String? = nil,
        files: [File] = [],
        turn: TurnID? = nil
    ) {
        self.position = position
        self.direction = direction
        self.id = id
        self.user = user
        self.name = name
        self.inReplyTo = inReplyTo
        self.at = at
        self.kind = kind
        self.text = text
        self.about = about
        self.files = files
        self.turn = turn
    }

    /// A file on this machine.
    package struct File: Codable, Sendable, Equatable {
        package var name: String
        package var size: Int
        package var path: String

        package init(name: String, size: Int, path: String) {
            self.name = name
            self.size = size
            self.path = path
        }
    }
}

/// What `chat send` answers.
package struct ChatSent: Codable, Sendable, Equatable {
    /// The message's id in the chat.
    package var id: String
    /// What each wiring does with it.
    package var routes: [Route]
    /// It was the answer to a card, or a pairing code: the host answers it and no agent gets it.
    ///
    /// Nil from a host that knows neither.
    package var answersCard: Bool?

    package init(id: String, routes: [Route], answersCard: Bool = false) {
        self.id = id
        self.routes = routes
        self.answersCard = answersCard
    }

    /// How many agents answer it with a turn.
    package var answering: Int { routes.count { $0.outcome == "deliver" } }

    /// How many commands in it are answered by the host itself, with a message that belongs to no turn.
    package var notices: Int {
        routes.count { ["denied", "link", "stop"].contains($0.outcome) }
    }

    /// One wiring's decision.
    package struct Route: Codable, Sendable, Equatable {
        package var agent: String
        /// `deliver`, `accumulate`, `stop`, `link`, `denied` or `drop`.
        package var outcome: String
        package var reasons: [String]
        /// The session that it reaches; nil for none, and for one that is still to be made.
        package var session: SessionID?

        package init(agent: String, outcome: String, reasons: [String], session: SessionID? = nil) {
            self.session = session
            self.agent = agent
            self.outcome = outcome
            self.reasons = reasons
        }
    }
}
