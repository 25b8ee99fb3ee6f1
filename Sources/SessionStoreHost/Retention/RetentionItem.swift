package import Core

/// Something whose time is over: what a run of retention ends, or would end.
package struct RetentionItem: Codable, Sendable, Hashable {
    /// What it is, as people and scripts read it.
    package enum Kind: String, Codable, Sendable {
        /// Rows of `messages_in`, of `deliveries`, and of `seen`.
        case messages, deliveries, repeats
        /// A message's folder of files.
        case inbox, outbox
        /// What stands under `state/`, or one transcript in it.
        case transcripts
        /// An `outbound/` that was set aside.
        case aside
        /// The session itself: it is closed.
        case session
        /// A file of kept output, counts of dropped messages, rows of the CLI's history, approvals, and cards.
        case runnerOutput, droppedCounts, chatHistory, approvals, cards
        /// A session that could not be looked at: nothing of it was ended, or would be.
        case failure
    }

    package var what: Kind
    /// Nil for what belongs to no session.
    package var session: SessionID?
    /// The file or folder; of a failure the reason; nil for rows.
    package var name: String?
    /// Rows; 0 for a failure, 1 for anything else.
    package var count: Int

    package init(_ what: Kind, session: SessionID? = nil, name: String? = nil, count: Int = 1) {
        self.what = what
        self.session = session
        self.name = name
        self.count = count
    }

    /// A session that could not be looked at, and why.
    package init(failure: any Error, of session: SessionID) {
        self.init(.failure, session: session, name: "\(failure)", count: 0)
    }
}

/// How long the things of a session are kept; nil keeps them for good.
package struct SessionPeriods: Sendable, Equatable {
    package var messages, files, failedFiles, transcripts: Duration?

    package init(messages: Duration?, files: Duration?, failedFiles: Duration?, transcripts: Duration?) {
        self.messages = messages
        self.files = files
        self.failedFiles = failedFiles
        self.transcripts = transcripts
    }
}

/// What the host knows of a session that retention looks at.
package struct RetentionSubject: Sendable {
    package var session: SessionID
    /// Nothing of it can be open or on its way: it bears no mark.
    package var isQuiet: Bool
    /// When it was closed; nil unless it is closed, quiet, and kept from being opened meanwhile.
    package var closedAt: Timestamp?

    package init(session: SessionID, isQuiet: Bool, closedAt: Timestamp?) {
        self.session = session
        self.isQuiet = isQuiet
        self.closedAt = closedAt
    }
}

/// What retention did in one session.
package struct RetentionOutcome: Sendable {
    package var items: [RetentionItem]
    /// When the next thing of it will be over; nil when nothing is kept by time.
    package var nextDue: Timestamp?
    /// What could not be removed, and why.
    package var failures: [String]
}
