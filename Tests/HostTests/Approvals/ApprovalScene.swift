import AgentRequests
import Approvals
import CentralStore
import ChannelKit
import ControlProtocol
import Core
import GRDB
import Sandbox
import SessionStore
import SessionStoreHost
import Synchronization
import TestSupport
import Testing

@testable import Host

/// An action that no module names: it paints a shed, as often as it is told to.
final class PaintShed: ApprovalAction {
    let kind = "paint_shed"

    private struct State {
        var done: [ApprovedPlan] = []
        var begun = 0
    }

    private let state = Mutex(State())
    private let who: ApproverLevel
    /// What carrying out does before it counts.
    private let work: @Sendable () async throws -> Void

    init(level: ApproverLevel = .groupAdmin, work: @escaping @Sendable () async throws -> Void = {}) {
        who = level
        self.work = work
    }

    /// The plans that were carried out.
    var done: [ApprovedPlan] { state.withLock { $0.done } }
    /// How often it began.
    var begun: Int { state.withLock { $0.begun } }

    func title(_ plan: Plan) -> String { "Paint the shed" }
    func summary(_ plan: Plan) -> String { "The agent wants to paint the shed \(PlanText.code(colour(plan)))." }
    func level(_ plan: Plan) -> ApproverLevel { who }
    func scope(_ plan: Plan) -> JSONValue { ["colour": .string(colour(plan))] }

    func check(_ plan: Plan) async throws {
        if colour(plan) == "black" { throw HostError(.invalid, "black is no colour for a shed") }
    }

    func execute(_ approved: ApprovedPlan) async throws -> String {
        state.withLock { $0.begun += 1 }
        try await work()
        state.withLock { $0.done.append(approved) }
        return "the shed is \(colour(approved.plan))"
    }

    private func colour(_ plan: Plan) -> String { plan.payload[key: "colour"]?.string ?? "" }
}

/// A request of a sandbox to paint the shed red, about which somebody is asked.
final class PaintAction: HostAction {
    private struct State {
        var approvals: ApprovalService?
        var seen: HostActionRequest?
    }

    let name = "paint"
    private let shed: PaintShed
    private let state = Mutex(State())
    private let before: @Sendable () async -> Void

    init(_ shed: PaintShed, before: @escaping @Sendable () async -> Void = {}) {
        self.shed = shed
        self.before = before
    }

    /// A runner that asks so with each message of a person.
    static let runner: @Sendable (SandboxRequest) throws -> FakeBehaviour = { _ in
        .say { row in
            guard case .chat = row.content else { return [] }
            return [HostActionTests.request("paint", "{}", answering: row)]
        }
    }

    /// The last request.
    var seen: HostActionRequest? { state.withLock { $0.seen } }

    /// From now on this host's approvals are asked.
    func use(_ host: TestHost) {
        host.runtime.approvals.register(shed)
        state.withLock { $0.approvals = host.runtime.approvals }
    }

    func perform(_ request: HostActionRequest) async throws -> HostActionOutcome {
        state.withLock { $0.seen = request }
        await before()
        guard let approvals = state.withLock({ $0.approvals }) else { throw HostActionRefusal("too early") }
        return try await request.ask(approvals, about: shed.kind, ["colour": "red"], saying: "somebody is asked")
    }
}

/// Waits for ever, and ends when its task does.
func hang() async throws { try await Task.sleep(for: .seconds(3_600)) }

extension TestHost {
    /// Where the owner is asked.
    static let dm = "boss-dm"

    /// A channel whose people are reached in one direct chat.
    static func channel(buttons: Bool = false) -> FakeChannel {
        FakeChannel(
            capabilities: ChannelCapabilities(
                edits: true,
                reactions: true,
                idempotencyKeys: true,
                files: true,
                buttons: buttons
            ),
            dm: dm
        )
    }

    /// Asks for a colour from the wired chat.
    func ask(
        _ colour: String = "red",
        turn: TurnID? = nil,
        request: String? = nil,
        in session: SessionID? = nil,
        lifetime: Duration? = nil
    ) async throws -> ApprovalOutcome {
        try await runtime.approvals.request(
            ApprovalRequest(
                action: "paint_shed",
                agentGroup: group.id,
                payload: ["colour": .string(colour), "coats": 2],
                asker: session.map {
                    ApprovalAsker(session: $0, turn: turn, request: request.map { MessageID(unchecked: $0) })
                },
                origin: chat.address,
                lifetime: lifetime
            )
        )
    }

    /// The one session of the wired chat, made by a message.
    func madeSession() async throws -> SessionHandle {
        try await runtime.accept(event("hello"))
        return try await session()
    }

    /// What was sent to the owner's direct chat, in order; an edit begins with a pen.
    var asked: [String] {
        channel.sent.filter { $0.address.platformID == Self.dm }.map { message in
            switch message.body {
            case .text(let text, _): text
            case .card(let card): CardText.numbered(card)
            case .edit(_, let text): "✎ \(text)"
            case .reaction(_, let emoji): emoji
            }
        }
    }

    /// Returns once this many messages were sent to the owner's direct chat and every card can be answered.
    func waitForAsked(_ count: Int) async throws {
        try await eventually("\(count) messages for the owner, not \(asked)") {
            guard asked.count >= count else { return false }
            return try await runtime.central.read { db in
                try CardRow.filter(CardRow.CodingKeys.state == CardRow.State.unsent).fetchCount(db) == 0
            }
        }
    }

    func row(_ id: ApprovalID) async throws -> ApprovalRow? {
        try await runtime.central.read { db in try ApprovalRow.fetchOne(db, key: id) }
    }

    /// Returns once the approval is over, with how.
    @discardableResult
    func end(of id: ApprovalID) async throws -> ApprovalResult {
        try await eventually("the approval is over") { try await runtime.approvals.result(of: id) != nil }
        return try await runtime.approvals.wait(for: id)
    }

    /// What the audit says of it.
    func audit(_ id: ApprovalID) async throws -> [String] {
        try await runtime.central.read { db in
            try String.fetchAll(
                db,
                sql: "SELECT event FROM audit WHERE approval_id = ? ORDER BY position",
                arguments: [id]
            )
        }
    }

    /// The system rows that the session was told.
    func told(_ session: SessionHandle) async throws -> [String] {
        try await session.store.history(limit: 1_000).filter { $0.kind == "system" && !$0.isOutgoing }.map(\.content)
    }

    /// The open card about this approval.
    func card(_ id: ApprovalID) async throws -> CardRow? {
        try await runtime.central.read { db in
            try CardRow.filter(CardRow.CodingKeys.subject == id.rawValue).fetchOne(db)
        }
    }

    /// A press of a button of this approval's card.
    func press(
        _ id: ApprovalID,
        _ value: String = "once",
        by user: String = "boss",
        key: String = MessageID.random().rawValue,
        isBot: Bool = false,
        in chat: String = dm
    ) async throws -> CardReceipt {
        guard let card = try await card(id)?.id else { throw HostError(.notFound, "no card") }
        return try await runtime.answer(
            CardAnswer(
                card: card,
                value: value,
                address: ChatAddress(channel: channel.channel, platformID: chat),
                senderNativeID: user,
                isBot: isBot,
                dedupKey: key
            )
        )
    }

    /// What the control socket answers, without the socket.
    var commands: ControlCommands { ControlCommands(context) }

    var context: ControlContext {
        ControlContext(
            home: runtime.options.home,
            store: runtime.central,
            host: runtime,
            cli: runtime.cli,
            registry: runtime.registry,
            traces: runtime.traces,
            approvals: runtime.approvals
        )
    }

    /// One request to the control socket, as the home's owner.
    func control(_ command: String, _ arguments: [String: JSONValue] = [:]) async throws -> JSONValue {
        let client = RawClient(try ControlAddress.connect(home: runtime.options.home))
        try await client.send(ControlRequest(id: "1", command: command, arguments: arguments))
        switch try await client.next()?.body {
        case .result(let value): return value
        case .failure(let error): throw error
        default: throw ControlError(.failed, "no answer to \(command)")
        }
    }
}

/// Opens a home's central database between two hosts.
func betweenHosts(_ home: String, _ body: @Sendable (Database) throws -> Void) async throws {
    let lock = try HomeLock.acquire(home: home)
    defer { lock.release() }
    let store = try CentralStore(lock: lock)
    try await store.write(body)
    try store.close()
}
