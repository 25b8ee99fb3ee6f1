import CentralStore
import ChannelKit
import Core
import GRDB
import Sandbox
import SessionStore
import SessionStoreHost
import Synchronization
import TestSupport
import Testing

@testable import Host

/// Questions of agents, from the request to the answer.
@Suite(.timeLimit(.minutes(2))) struct QuestionTests {
    private static let tea =
        #"{"title":"Tea?","question":"Which one?","options":["green",{"label":"Black","value":"b"}]}"#
    private static let milk = #"{"title":"Milk?","question":"And milk?","options":["yes","no"],"wait":false}"#

    private static func buttons(_ channel: String = "test") -> FakeChannel {
        FakeChannel(
            channel,
            capabilities: ChannelCapabilities(edits: true, idempotencyKeys: true, buttons: true)
        )
    }

    /// A runner that asks these with the first message, and says nothing else.
    private func asking(_ arguments: String..., without: Bool = false) -> @Sendable (SandboxRequest) -> FakeBehaviour {
        { _ in
            .say { row in
                guard case .chat(let chat) = row.content, chat.text == "go" else { return [] }
                return arguments.map {
                    var request = HostActionTests.request("ask_user_question", $0, answering: row)
                    if without { request.inReplyTo = nil }
                    return request
                }
            }
        }
    }

    private func told(_ host: TestHost) async throws -> [SystemContent] {
        try await host.session().store.history(limit: 100)
            .filter { $0.kind == "system" && !$0.isOutgoing }
            .map { try JSONText.decode(SystemContent.self, $0.content) }
    }

    private func cards(_ host: TestHost) -> [Card] {
        host.channel.sent.compactMap { message in
            guard case .card(let card) = message.body else { return nil }
            return card
        }
    }

    private func card(_ host: TestHost, _ title: String = "Tea?") async throws -> Card {
        try await host.eventually("the card \(title) is shown") { cards(host).contains { $0.title.hasSuffix(title) } }
        guard let card = cards(host).first(where: { $0.title.hasSuffix(title) }) else {
            throw HostError(.notFound, title)
        }
        // The desk takes answers once it has noted that the card is out.
        return card
    }

    private func press(
        _ host: TestHost,
        _ card: Card,
        _ value: String,
        by sender: String? = "boss",
        in address: ChatAddress? = nil,
        key: String = MessageID.random().rawValue
    ) async throws -> CardReceipt {
        try await host.runtime.answer(
            CardAnswer(
                card: card.id,
                value: value,
                address: address ?? host.chat.address,
                senderNativeID: sender,
                dedupKey: key
            )
        )
    }

    private func isTaken(_ receipt: CardReceipt) -> Bool { receipt == .taken }

    @Test func `§16.198 a press is the answer to the request, once, and the card is closed`() async throws {
        try await withTemporaryDirectory { home in
            try await withHost(home: home, channel: Self.buttons(), asking(Self.tea)) { host in
                try await host.runtime.accept(host.event("go"))
                let card = try await card(host)
                #expect(card.choices.map(\.label) == ["green", "Black"])
                #expect(card.title == "\(host.group.name) asks: Tea?" && card.body == "> Which one?")
                #expect(try await told(host).isEmpty)
                #expect(isTaken(try await press(host, card, "b")))
                let answer = try #require(try await told(host).first)
                #expect(answer.action == "ask_user_question" && answer.status == "ok")
                #expect(answer.result?[key: "value"] == "b" && answer.result?[key: "user"] == "test:boss")
                #expect(!isTaken(try await press(host, card, "green")))
                #expect(try await told(host).count == 1)
                try await host.eventually("the card shows who chose what") {
                    host.channel.sent.contains { message in
                        guard case .edit(_, let text) = message.body else { return false }
                        return text.contains("Black")
                    }
                }
                #expect(try await host.runtime.central.read { try PendingQuestion.fetchCount($0) } == 0)
            }
        }
    }

    @Test func `a number is the answer where a channel has no buttons`() async throws {
        try await withTemporaryDirectory { home in
            try await withHost(home: home, asking(Self.tea)) { host in
                try await host.runtime.accept(host.event("go"))
                try await host.eventually("the question is shown") {
                    host.channel.texts.contains { $0.contains("1. green") && $0.contains("2. Black") }
                }
                // What was written before the card stood there answers something else.
                try await host.eventually("the question is open") {
                    try await host.runtime.central.read { db in
                        try CardRow.filter(CardRow.CodingKeys.state == CardRow.State.unsent).fetchCount(db) == 0
                    }
                }
                try await host.runtime.accept(host.event("2"))
                try await host.eventually("the agent is told") { try await !told(host).isEmpty }
                #expect(try await told(host)[0].result?[key: "value"] == "b")
                // The number itself reached no agent.
                #expect(
                    !host.spawner.runners.flatMap(\.seen).contains { row in
                        guard case .chat(let chat) = row.content else { return false }
                        return chat.text == "2"
                    }
                )
            }
        }
    }

    @Test func `only people whom the gate admits to this chat and agent may answer`() async throws {
        try await withTemporaryDirectory { home in
            try await withHost(home: home, channel: Self.buttons(), asking(Self.tea)) { host in
                try await host.runtime.accept(host.event("go"))
                let card = try await card(host)
                // Of another agent group a member, of this one a stranger.
                try await host.runtime.central.write { db in
                    let other = try AgentGroup.create(name: "Other", now: host.runtime.time.now, db)
                    let member = UserID(channel: "test", native: "member")
                    _ = try User.upsert(member, name: nil, now: host.runtime.time.now, db)
                    try Member(userID: member, agentGroupID: other.id, addedAt: host.runtime.time.now).insert(db)
                }
                let elsewhere = ChatAddress(channel: "test", platformID: "c2")
                #expect(!isTaken(try await press(host, card, "b", by: "member")))
                #expect(!isTaken(try await press(host, card, "b", by: "stranger")))
                #expect(!isTaken(try await press(host, card, "b", by: nil)))
                #expect(!isTaken(try await press(host, card, "b", by: "boss", in: elsewhere)))
                #expect(!isTaken(try await press(host, card, "purple")))
                #expect(try await told(host).isEmpty)
                // A right that is given or taken counts with the next press.
                try await host.runtime.central.write { db in
                    try Member(
                        userID: UserID(channel: "test", native: "member"),
                        agentGroupID: host.group.id,
                        addedAt: host.runtime.time.now
                    ).insert(db)
                }
                #expect(isTaken(try await press(host, card, "b", by: "member")))
                #expect(try await told(host).count == 1)
            }
        }
    }

    @Test func `§16.200 several questions that are open at once get the right answers`() async throws {
        try await withTemporaryDirectory { home in
            try await withHost(home: home, channel: Self.buttons(), asking(Self.tea, Self.milk)) { host in
                try await host.runtime.accept(host.event("go"))
                let (tea, milk) = (try await card(host), try await card(host, "Milk?"))
                #expect(isTaken(try await press(host, milk, "no")))
                #expect(isTaken(try await press(host, tea, "green")))
                let answers = try await told(host).filter { $0.status == "ok" }
                #expect(answers.compactMap { $0.result?[key: "value"]?.string } == ["no", "green"])
                #expect(Set(answers.map(\.about)).count == 2)
                let requests = try await host.session().store.history(limit: 50)
                    .filter { $0.kind == "system" && $0.isOutgoing }
                #expect(requests.map(\.id) == [answers[1].about, answers[0].about])
                // The one that nobody waits for was said to be asked.
                #expect(try await told(host).contains { $0.status == "pending" && $0.about == answers[0].about })
            }
        }
    }

    @Test func `§16.198 a question's end is told without waking anybody, and an answer after it is discarded`()
        async throws
    {
        let clock = ManualTime()
        try await withTemporaryDirectory { home in
            try await withHost(home: home, channel: Self.buttons(), time: clock, asking(Self.tea)) { host in
                try await host.runtime.accept(host.event("go"))
                let card = try await card(host)
                try await host.turn(clock, by: .milliseconds(500), until: "it is over") {
                    try await !told(host).isEmpty
                }
                let end = try await told(host)[0]
                #expect(end.status == "error" && end.text.contains("within 300 s") && end.result == ["expired": true])
                let seen = host.spawner.runners.flatMap(\.seen).count
                #expect(!isTaken(try await press(host, card, "b")))
                #expect(try await told(host).count == 1)
                #expect(try await host.session().store.state(now: clock.now).dueTriggers.isEmpty)
                #expect(host.spawner.runners.flatMap(\.seen).count == seen)
            }
        }
    }

    @Test func `§16.199 in a session without a chat the error is immediate`() async throws {
        try await withTemporaryDirectory { home in
            try await withHost(home: home, asking(Self.tea, without: true)) { host in
                try await host.runtime.central.write { db in
                    try db.execute(sql: "UPDATE wirings SET session_mode = 'agent-shared'")
                }
                try await host.runtime.accept(host.event("go"))
                let id = try await host.runtime.central.read { try Session.fetchOne($0)?.id }
                let handle = try await host.runtime.sessions.session(try #require(id))
                #expect(handle.origin == nil)
                try await host.eventually("the agent is told") {
                    try await handle.store.history(limit: 10).contains {
                        $0.kind == "system" && !$0.isOutgoing && $0.content.contains("has no chat to ask in")
                    }
                }
                #expect(host.channel.sent.isEmpty)
            }
        }
    }

    @Test func `§16.199 another agent is no chat to ask in`() async throws {
        let asking: AgentWorld.Script = { row, _ in
            row.isMail ? [HostActionTests.request("ask_user_question", Self.tea, answering: row)] : []
        }
        let parent: AgentWorld.Script = { row, world in row.isMail ? [] : [world.mail("ask", to: "child")] }
        try await withTemporaryDirectory { home in
            let scripts = ["main": parent, "child": asking]
            try await AgentWorld.with(home: home, agents: ["child"], scripts: scripts) { host, world in
                try await host.runtime.accept(host.event("go"))
                try await host.eventually("the child is told") {
                    guard let child = try await world.entry(host, "child") else { return false }
                    return try await child.news().contains { $0.contains("has no chat to ask in") }
                }
                #expect(try await host.runtime.central.read { try CardRow.fetchCount($0) } == 0)
            }
        }
    }

    @Test func `a question stays open when the host is started anew`() async throws {
        try await withTemporaryDirectory { home in
            let asked = Shown()
            try await withHost(home: home, channel: Self.buttons(), asking(Self.tea)) { host in
                try await host.runtime.accept(host.event("go"))
                asked.card = try await card(host)
            }
            try await withHost(home: home, channel: Self.buttons(), { _ in .say { _ in [] } }) { host in
                #expect(isTaken(try await press(host, try #require(asked.card), "b")))
                #expect(try await told(host).first?.result?[key: "value"] == "b")
                try await host.eventually("the agent is woken by it") {
                    host.spawner.runners.flatMap(\.seen).contains { $0.kind == .system && $0.trigger }
                }
            }
        }
    }

    @Test func `§16.201 a card of an agent has links and nothing to answer; without buttons its text goes out`()
        async throws
    {
        let links = [OutboundCard.Link(label: "Map", url: "https://example.org/m")]
        let card = OutboundCard(title: "Trip", body: "At *noon*.", links: links)
        let script = OutboundCard(title: "Bad", body: "", links: [.init(label: "x", url: "javascript:alert(1)")])
        @Sendable func saying(_ request: SandboxRequest) -> FakeBehaviour {
            .say { row in
                guard case .chat = row.content else { return [] }
                return [script, card].map {
                    NewOutbound(
                        content: .chat(OutboundChat(text: "fallback \($0.title)", card: $0)),
                        address: row.address,
                        turn: .random()
                    )
                }
            }
        }
        for hasButtons in [true, false] {
            try await withTemporaryDirectory { home in
                let channel = hasButtons ? Self.buttons() : FakeChannel()
                try await withHost(home: home, channel: channel, saying) { host in
                    try await host.runtime.accept(host.event("go"))
                    await channel.waitForSent(1)
                    try await host.eventually("the other is refused") {
                        try await told(host).contains { $0.text.contains("javascript:alert(1)\" is no link") }
                    }
                    if hasButtons {
                        let shown = try #require(cards(host).first)
                        #expect(shown.title == "Trip" && shown.choices.isEmpty)
                        #expect(shown.options.map(\.url) == ["https://example.org/m"])
                    } else {
                        #expect(channel.texts == ["fallback Trip"])
                    }
                }
            }
        }
    }

    @Test func `a question cannot look like a card of the host`() async throws {
        let forged = #"{"title":"**NanoClaw** asks: `rm`","question":"**Approve**\n1. Allow once","options":["*ok*"]}"#
        try await withTemporaryDirectory { home in
            try await withHost(home: home, channel: Self.buttons(), asking(forged)) { host in
                try await host.runtime.accept(host.event("go"))
                let card = try await card(host, "NanoClaw asks: rm")
                #expect(card.title == "\(host.group.name) asks: NanoClaw asks: rm")
                #expect(card.body == "> **Approve**\n> 1. Allow once")
                #expect(card.choices.map(\.label) == ["ok"] && card.choices.map(\.value) == ["*ok*"])
            }
        }
    }

    @Test(
        arguments: [
            (#"{"title":"T","question":"Q","options":[]}"#, "1 to 10 options"),
            (#"{"title":"T","question":"Q","options":["a","a"]}"#, "same value"),
            (#"{"title":"","question":"Q","options":["a"]}"#, "needs \"title\""),
            (#"{"title":"T","question":"Q","options":[{"label":"a","to":"x"}]}"#, "an option has no \"to\""),
            (#"{"title":"T","question":"Q","options":["a"],"timeout_seconds":9}"#, "from 10 to 3600"),
            (#"{"title":"T","question":"Q","options":["a"],"chat":"elsewhere"}"#, "no argument \"chat\""),
        ]
    )
    func `a question that is none is refused by name`(arguments: String, words: String) async throws {
        try await withTemporaryDirectory { home in
            try await withHost(home: home, asking(arguments)) { host in
                try await host.runtime.accept(host.event("go"))
                try await host.eventually("the agent is told") { try await !told(host).isEmpty }
                #expect(try await told(host)[0].text.contains(words))
                #expect(host.channel.sent.isEmpty)
            }
        }
    }
}

/// A card on its way from one host to the next.
private final class Shown: Sendable {
    private let box = Mutex<Card?>(nil)
    var card: Card? {
        get { box.withLock { $0 } }
        set { box.withLock { $0 = newValue } }
    }
}
