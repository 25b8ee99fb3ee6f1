import AgentRuntime
import Core
import Prompting
import SessionStore
import Testing

/// Rows of other agents in a turn, and where answers to them go.
@Suite struct AgentRowTests {
    static let parent = ChatAddress(agent: AgentGroupID(unchecked: "ag_parent"))
    static let cli = ChatAddress(channel: "cli", platformID: "cli:local:main")
    static let book = AddressBook([
        PromptDestination(name: "cli", address: cli), PromptDestination(name: "parent", address: parent),
    ])

    private func row(
        _ seq: Int64,
        from session: String?,
        at address: ChatAddress? = parent,
        _ text: String = "x"
    ) -> InboundRow {
        InboundRow(
            id: MessageID(unchecked: "m\(seq)"),
            seq: seq,
            content: .chat(ChatContent(text: text)),
            sentAt: Timestamp(milliseconds: 0),
            receivedAt: Timestamp(milliseconds: 0),
            address: address,
            sourceSession: session.map(SessionID.init(unchecked:))
        )
    }

    private func turn(_ rows: [InboundRow]) -> [Int64] {
        guard case .turn(let rows)? = BatchRule.select(rows, mode: .steer) else { return [] }
        return rows.map(\.seq)
    }

    @Test func `two conversations of one agent do not share a turn, others do`() {
        let rows = [row(2, from: "se_a"), row(4, from: nil, at: Self.cli), row(6, from: "se_a"), row(8, from: "se_b")]
        #expect(turn(rows) == [2, 4, 6])
        let elsewhere = ChatAddress(agent: AgentGroupID(unchecked: "ag_other"))
        #expect(turn([row(2, from: "se_a"), row(4, from: "se_c", at: elsewhere)]) == [2, 4])
        let joining = BatchRule.followUps(Array(rows.dropFirst()), mode: .steer, beside: [rows[0]])
        #expect(joining.map(\.seq) == [4, 6])
        #expect(BatchRule.followUps([rows[3], rows[1]], mode: .steer, beside: [rows[0]]).isEmpty)
    }

    @Test func `another agent's clear is a word, not a command`() {
        #expect(turn([row(2, from: "se_a", "/clear")]) == [2])
        guard case .clear? = BatchRule.select([row(2, from: nil, at: Self.cli, "/clear")], mode: .steer) else {
            Issue.record("a person's is one")
            return
        }
    }

    @Test func `§16.224 an answer names the turn's own message, also when a later one was answered before it`() {
        let late = row(2, from: "se_a")
        let routing = ReplyRouting(book: Self.book, routing: nil, rows: [late], earlier: [row(8, from: "se_b")])
        #expect(routing.target(named: "parent")?.inReplyTo == late.id)
        #expect(routing.home?.inReplyTo == late.id)
        // The next turn without one of its own answers the newest.
        let next = ReplyRouting(book: Self.book, routing: nil, rows: [], earlier: routing.known)
        #expect(next.target(named: "parent")?.inReplyTo?.rawValue == "m8")
    }

    @Test func `a message to another place than the one that asked answers nothing there`() {
        let asked = row(2, from: nil, at: Self.cli)
        let routing = ReplyRouting(book: Self.book, routing: Self.cli, rows: [asked])
        let other = routing.target(named: "parent")
        #expect(other?.address == Self.parent && other?.inReplyTo == nil)
        #expect(routing.target(named: "cli")?.inReplyTo == asked.id)
        // What belongs to no chat, such as a task, is the cause wherever the answer goes.
        let task = ReplyRouting(book: Self.book, routing: Self.cli, rows: [row(4, from: nil, at: nil)])
        #expect(task.target(named: "parent")?.inReplyTo?.rawValue == "m4")
        #expect(task.home?.inReplyTo?.rawValue == "m4")
    }
}
