package import ChannelKit
package import Core
package import People
package import Sandbox
package import SessionStoreHost

/// What the control socket asks of a running host.
package protocol HostControl: Sendable {
    /// Takes a message as from an adapter; returns once it is durable or dropped for good.
    func accept(_ event: InboundEvent) async throws

    /// True when this message answers an open card, so that no agent gets it. Writes nothing.
    func answersCard(_ event: InboundEvent) async throws -> Bool

    /// Whether an event that was accepted was a pairing code: true when the host answers it, false for a guess too many.
    func tookCode(_ event: InboundEvent) -> Bool?

    /// Which agents and sessions this message would reach, and why; one entry per wiring, most specific first.
    /// Writes nothing.
    func explain(_ event: InboundEvent) async throws -> [RouteExplanation]

    /// The same for a message of the owner in a chat; it mentions the agent where nothing else is said and the channel's
    /// own messages do.
    func explain(address: ChatAddress, text: String?, mention: Bool?) async throws -> [RouteExplanation]

    /// Ends what the session is doing: acknowledged within 2 s, its whole sandbox dead within 5 s, the rows it worked on
    /// are failed as stopped, and nothing of the turn is sent afterwards. False when nothing was running.
    func stop(session: SessionID, by user: UserID?) async throws -> Bool

    /// Forgets the conversation: ends the runner, empties both databases' rows and the runner's state; numbering goes on.
    func reset(session: SessionID) async throws

    /// Ends the runner and closes the session; the next message of its chat opens it again.
    func close(session: SessionID) async throws

    /// Ends what has been kept for its time and tells of each thing; a dry run tells the same and changes nothing.
    func retain(isDry: Bool, _ tell: @Sendable (RetentionItem) async throws -> Void) async throws

    /// The last `limit` messages of a session, oldest first.
    func history(session: SessionID, limit: Int) async throws -> [HistoryEntry]

    /// Configuration, destinations or instructions of this group changed: brings them to its running sessions.
    func groupChanged(_ group: AgentGroupID) async

    /// Ends the runners of this group's running sessions and answers how many; with a message each of these sessions
    /// gets a new runner, which alone sees it.
    func restart(group: AgentGroupID, message: String?) async throws -> Int

    /// Creates an agent group: record, configuration and files, all or nothing. `folder` defaults to a name made from
    /// `name`; `adoptFolder` takes over a folder that stands under `groups/` without a record.
    func createGroup(name: String, folder: String?, adoptFolder: Bool) async throws -> AgentGroupID

    /// Makes a one-time code that gives this; throws ``PeopleError`` when the maker may not.
    func pair(_ offer: PairingOffer, by maker: UserID, isHomeOwner: Bool) async throws -> Pairing.Made

    /// Hands out what is kept of a person, piece by piece.
    func exportPerson(_ user: UserID, _ emit: @escaping @Sendable (ExportFrame) async throws -> Void) async throws

    /// Links of these handles were made or undone by hand: what asked an owner about them is taken back.
    func linksChanged(_ users: [UserID]) async throws

    /// Somebody has wired the chat: what its card asked is answered, and the message that waits is handed over.
    func chatWired(_ chat: MessagingGroupID) async throws

    /// Takes back what anybody has asked about this agent group.
    func withdrawApprovals(about group: AgentGroupID) async throws

    /// Erases what is kept of a person and tells of each thing; a dry run tells the same and changes nothing.
    func erasePerson(
        _ user: UserID,
        isDry: Bool,
        _ tell: @Sendable (PersonalItem) async throws -> Void
    ) async throws

    func status() async -> HostStatus

    /// What the kernel said of the session's running sandbox; nil when it has none.
    func runnerReports(session: SessionID) async -> IsolationReport?

    /// What the turns of this chat's sessions show, until the caller ends the stream. Lossy when the reader is slow.
    func liveEvents(for address: ChatAddress) -> AsyncStream<ChatLiveEvent>
}

/// What a client that looks at a chat is shown.
package enum ChatLiveEvent: Sendable, Equatable {
    case event(LiveEvent)
    /// The turn that answered these messages is over and what it said is delivered.
    /// `platformMessageIDs` are the messages' ids as the adapter gave them.
    case turnEnded(messages: [MessageID], platformMessageIDs: [String], outcome: TurnOutcome, detail: String?)
}

/// How a turn ended.
package enum TurnOutcome: String, Sendable, Codable {
    case completed, failed, stopped
}

/// One message of a session's past.
package struct HistoryEntry: Codable, Sendable, Equatable {
    /// Who wrote it.
    package enum Direction: String, Codable, Sendable {
        case inbound = "in"
        case outbound = "out"
    }

    package var id: MessageID
    package var seq: Int64
    package var direction: Direction
    /// The row's kind: `chat`, `task`, `webhook`, `system`, `edit`, `reaction`.
    package var kind: String
    package var at: Timestamp
    package var address: ChatAddress?
    /// The name of who wrote an inbound chat message.
    package var sender: String?
    /// What people would read.
    package var text: String
    /// The row's status or delivery state.
    package var status: String
    package var error: String?
}

/// What one wiring would do with a message.
package struct RouteExplanation: Codable, Sendable, Equatable {
    package var wiring: WiringID
    package var agentGroup: AgentGroupID
    package var agentName: String
    /// The session the message would reach; nil when it would reach none or the session does not exist yet.
    package var session: SessionID?
    /// `deliver`, `accumulate` or `drop`.
    package var outcome: String
    /// Each test in order, in words: why it engages, who the sender is, which gate let it pass or stopped it.
    package var reasons: [String]
}
