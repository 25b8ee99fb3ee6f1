package import AgentRequests
package import CentralStore
package import Core
package import GRDB
import SessionStoreHost

/// Something that an agent can ask the host for, by a `system` row.
///
/// A row is a claim of a sandbox: whether it is done is decided here, from the host's own tables. What is changed in the
/// central database goes through ``HostActionRequest/performOnce(in:changesRouting:_:)``, because a row is looked at
/// again when the host ended before it recorded the answer.
package protocol HostAction: Sendable {
    /// `[a-z_]`, unique among the actions.
    var name: String { get }

    /// Whether an answer that no tool takes starts a turn of its own; true unless an action says otherwise.
    var startsTurn: Bool { get }

    /// Does it, and answers or says that the answer comes later.
    ///
    /// Throws ``HostActionRefusal`` for what is not to be; other errors are told as they are, except that those of a
    /// store that does not answer keep the request for another try.
    func perform(_ request: HostActionRequest) async throws -> HostActionOutcome
}

extension HostAction {
    package var startsTurn: Bool { true }
}

/// What a request comes to.
package enum HostActionOutcome: Sendable, Equatable {
    /// It is done: words for the agent, and the same for the tool that asked.
    case done(String, JSONValue? = nil)
    /// The answer comes later, by an ``ActionAnswer`` with the request's id. With words the tool that asked is told at
    /// once what is waited for; without it goes on waiting as long as it may.
    case later(String?)
}

/// One request on its way through a handler.
package struct HostActionRequest: Sendable {
    /// The row's id, chosen by the sandbox: names the request within its session only.
    package let id: MessageID
    /// The session whose runner asks.
    package let session: SessionHandle
    /// The row of the session's `inbound.db` that the runner says it is about; it exists, if at all, by the host's hand.
    package let inReplyTo: MessageID?
    /// The turn that asks, as its runner calls it.
    package let turn: TurnID
    /// To be taken one by one and finished before anything is changed.
    package var arguments: ActionArguments
    private let stops: Int

    package init(
        id: MessageID,
        session: SessionHandle,
        inReplyTo: MessageID?,
        turn: TurnID,
        arguments: ActionArguments
    ) {
        self.id = id
        self.session = session
        self.inReplyTo = inReplyTo
        self.turn = turn
        self.arguments = arguments
        stops = session.stops
    }

    /// False once its conversation was stopped: then nobody is asked about it.
    ///
    /// To be looked at in the transaction that asks, since a stop takes back what was asked before it.
    package var isWanted: Bool { session.stops == stops }

    package var agentGroup: AgentGroupID { session.agentGroup }

    /// The person whose message it answers, as the router resolved them; nil when it answers none of a person.
    ///
    /// A runner that was taken over can name any message of its session, so this is never more than one of the people
    /// who wrote in it.
    package func asker() async throws -> UserID? {
        guard let inReplyTo else { return nil }
        return try await session.store.sender(of: inReplyTo)
    }

    /// Where the agent's words about it go: the chat of the message it answers, else the session's own.
    package func address() async throws -> ChatAddress? {
        guard let inReplyTo else { return session.origin }
        return try await session.store.inbound([inReplyTo])[inReplyTo]?.address ?? session.origin
    }

    /// Changes the central database for this request: once, however often the request is looked at.
    package func performOnce<Result: Codable & Sendable>(
        in central: CentralStore,
        changesRouting: Bool = true,
        _ body: @Sendable (Database) throws -> Result
    ) async throws -> Result {
        try await central.performOnce(id, of: session.id, changesRouting: changesRouting, body)
    }

    /// The answer to it that ``HostActionOutcome/later(_:)`` has promised.
    package func answer(_ content: SystemContent, address: ChatAddress?, trigger: Bool = true) -> ActionAnswer {
        ActionAnswer(session: session.id, request: id, content: content, address: address, trigger: trigger)
    }
}
