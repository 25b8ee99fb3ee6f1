import AgentRequests
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

/// An action that the tests make up: it keeps what it was asked, and does as it is told.
final class MadeUpAction: HostAction {
    let name: String
    private let requests = Mutex<[HostActionRequest]>([])
    private let body: @Sendable (HostActionRequest) async throws -> HostActionOutcome

    init(_ name: String, _ body: @escaping @Sendable (HostActionRequest) async throws -> HostActionOutcome) {
        self.name = name
        self.body = body
    }

    var seen: [HostActionRequest] { requests.withLock { $0 } }

    func perform(_ request: HostActionRequest) async throws -> HostActionOutcome {
        requests.withLock { $0.append(request) }
        return try await body(request)
    }
}

@Suite(.timeLimit(.minutes(2))) struct HostActionTests {
    /// A runner that asks for this with the first message of a person, and echoes nothing else.
    private func asking(_ action: String, _ arguments: String) -> @Sendable (SandboxRequest) throws -> FakeBehaviour {
        { _ in
            .say { row in
                guard case .chat = row.content else { return [] }
                return [Self.request(action, arguments, answering: row)]
            }
        }
    }

    static func request(_ action: String, _ arguments: String, answering row: InboundRow) -> NewOutbound {
        NewOutbound(
            content: .system(OutboundAction(action: action, arguments: arguments)),
            address: nil,
            inReplyTo: row.id,
            turn: .random()
        )
    }

    /// What the host has told the agent, oldest first.
    private func told(_ host: TestHost) async throws -> [SystemContent] {
        try await host.session().store.history(limit: 100)
            .filter { $0.kind == "system" && !$0.isOutgoing }
            .map { try JSONText.decode(SystemContent.self, $0.content) }
    }

    private func records(_ host: TestHost) async throws -> [SessionHistoryEntry] {
        try await host.session().store.history(limit: 100).filter { $0.kind == "system" && $0.isOutgoing }
    }

    private func waitForAnswer(_ host: TestHost) async throws -> SystemContent {
        try await host.eventually("the agent is answered") { try await !told(host).isEmpty }
        return try await told(host)[0]
    }

    @Test func `an agent's request is carried out and answered, and the handler knows who asked`() async throws {
        let greet = MadeUpAction("greet") { request in
            var arguments = request.arguments
            let name = try arguments.required("name")
            try arguments.finish()
            return .done("Greeted \(name).", ["name": .string(name)])
        }
        try await withTemporaryDirectory { home in
            try await withHost(home: home, actions: { _ in [greet] }, asking("greet", #"{"name":"Ada"}"#)) { host in
                try await host.runtime.accept(host.event("go"))
                let answer = try await waitForAnswer(host)
                let request = try #require(greet.seen.first)
                #expect(answer.action == "greet" && answer.status == "ok" && answer.text == "Greeted Ada.")
                #expect(answer.about == request.id && answer.result == ["name": "Ada"])
                #expect(try await request.asker() == UserID(channel: "test", native: "boss"))
                #expect(try await request.address() == host.chat.address)
                #expect(request.agentGroup == host.group.id)
                #expect(try await records(host).map(\.state) == ["delivered"])
                // Nobody waits for it: the agent's next turn shows it.
                try await host.eventually("its runner is shown the answer") {
                    host.spawner.runners.flatMap(\.seen).contains { $0.content == .system(answer) }
                }
                #expect(greet.seen.count == 1)
            }
        }
    }

    @Test(
        arguments: [
            ("greet", "no JSON", "no JSON"), ("greet", "[1]", "no object but array"),
            ("greet", #"{"name":"Ada","as":"owner"}"#, "no argument \"as\"; there are: name"),
            ("greet", #"{"name":7}"#, "\"name\" is a text"), ("greet", "{}", "needs \"name\""),
            ("greet", String(repeating: "[", count: 40) + String(repeating: "]", count: 40), "nested over 32 deep"),
            ("become_owner", "{}", "knows no action \"become_owner\""),
        ]
    )
    func `T04 what is asked wrongly is refused by name and nothing is done`(
        action: String,
        arguments: String,
        words: String
    ) async throws {
        let done = Atomic<Int>(0)
        let greet = MadeUpAction("greet") { request in
            var arguments = request.arguments
            _ = try arguments.required("name")
            try arguments.finish()
            done.add(1, ordering: .relaxed)
            return .done("Greeted.")
        }
        try await withTemporaryDirectory { home in
            try await withHost(home: home, actions: { _ in [greet] }, asking(action, arguments)) { host in
                try await host.runtime.accept(host.event("go"))
                let answer = try await waitForAnswer(host)
                #expect(answer.status == "error")
                #expect(answer.text.contains(words), "\(answer.text)")
                try await host.eventually("it is recorded") { try await records(host).map(\.state) == ["failed"] }
                #expect(done.load(ordering: .relaxed) == 0)
            }
        }
    }

    @Test func `a request that was carried out when the host ended is answered by the next one and not repeated`()
        async throws
    {
        let clock = ManualTime()
        let runs = Mutex(0)
        let hasRun = Mutex(false)
        @Sendable func count(_ host: HostRuntime) -> MadeUpAction {
            MadeUpAction("count") { request in
                let isFirst = hasRun.withLock { $0 == false }
                let number = try await request.performOnce(in: host.central, changesRouting: false) { db in
                    try db.execute(sql: "UPDATE agent_groups SET name = name || '!'")
                    return runs.withLock { runs in
                        runs += 1
                        return runs
                    }
                }
                hasRun.withLock { $0 = true }
                // The first host ends between the change and its record.
                if isFirst { try await Task.sleep(for: .seconds(3600)) }
                return .done("run \(number)")
            }
        }
        try await withTemporaryDirectory { home in
            try await withHost(home: home, time: clock, actions: { [count($0)] }, asking("count", "{}")) { host in
                try await host.runtime.accept(host.event("go"))
                try await host.eventually("it has run") { hasRun.withLock { $0 } }
                #expect(try await told(host).isEmpty)
            }
            try await withHost(home: home, time: clock, actions: { [count($0)] }, { _ in .hang }) { host in
                await host.runtime.supervisor.attend(try await host.session())
                try await host.turn(clock, until: "the agent is answered") { try await !told(host).isEmpty }
                #expect(try await told(host).map(\.text) == ["run 1"])
                #expect(runs.withLock { $0 } == 1)
                let name = try await host.runtime.central.read { try AgentGroup.fetchOne($0)?.name }
                #expect(name?.hasSuffix("!") == true && name?.hasSuffix("!!") == false)
            }
        }
    }

    @Test func `an answer that comes later reaches the session also when the host ended in between`() async throws {
        let ask = MadeUpAction("ask") { _ in .later("It waits for an admin.") }
        try await withTemporaryDirectory { home in
            try await withHost(home: home, actions: { _ in [ask] }, asking("ask", "{}")) { host in
                try await host.runtime.accept(host.event("go"))
                let pending = try await waitForAnswer(host)
                #expect(pending.status == "pending" && pending.text == "It waits for an admin.")
                let request = try #require(ask.seen.first)
                // Decided, and the host ends before it is brought.
                let answer = request.answer(
                    SystemContent(action: "ask", status: "ok", text: "granted"),
                    address: host.chat.address
                )
                try await host.runtime.central.write(changesRouting: false) { db in
                    try answer.post(at: host.runtime.time.now, db)
                }
            }
            let telling = FakeBehaviour.say { row in
                guard case .system = row.content else { return [] }
                return [
                    NewOutbound(
                        content: .chat(OutboundChat(text: "it is granted")),
                        address: row.address,
                        inReplyTo: row.id,
                        turn: .random()
                    )
                ]
            }
            try await withHost(home: home, { _ in telling }) { host in
                try await host.eventually("the answer is there") { try await told(host).count == 2 }
                #expect(try await told(host).last?.text == "granted")
                try await host.eventually("it has left the central database") {
                    try await host.runtime.central.read { try ActionAnswer.waiting($0) }.isEmpty
                }
                try await host.eventually("the agent was woken by it") {
                    host.spawner.runners.flatMap(\.seen).contains { row in
                        guard case .system(let content) = row.content else { return false }
                        return content.text == "granted" && row.trigger
                    }
                }
                // Whoever waits for the agent waits for this too.
                await host.channel.waitForSent(1)
                #expect(host.channel.sent.first?.inReplyTo != nil && host.channel.sent.first?.answers == .nothing)
            }
        }
    }

    @Test func `an action that takes long holds up no message, and one that never ends is given up`() async throws {
        let clock = ManualTime()
        let slow = MadeUpAction("slow") { _ in
            try await Task.sleep(for: .seconds(3600))
            return .done("never")
        }
        try await withTemporaryDirectory { home in
            try await withHost(
                home: home,
                time: clock,
                actions: { _ in [slow] },
                { _ in
                    .say { row in
                        guard case .chat = row.content else { return [] }
                        return [
                            Self.request("slow", "{}", answering: row),
                            NewOutbound(
                                content: .chat(OutboundChat(text: "meanwhile")),
                                address: row.address,
                                turn: .random()
                            ),
                        ]
                    }
                }
            ) { host in
                try await host.runtime.accept(host.event("go"))
                await host.channel.waitForSent(1)
                #expect(host.channel.texts == ["meanwhile"])
                #expect(try await told(host).isEmpty)
                try await host.turn(clock, by: .milliseconds(500), until: "it is given up") {
                    try await !told(host).isEmpty
                }
                #expect(try await told(host)[0].text.contains("did not finish this within 60 s"))
            }
        }
    }

    @Test func `an answer too large for a row is told to be so, and what follows goes on`() async throws {
        let large = MadeUpAction("large") { _ in .done(String(repeating: "x", count: 300_000)) }
        try await withTemporaryDirectory { home in
            try await withHost(home: home, actions: { _ in [large] }, asking("large", "{}")) { host in
                try await host.runtime.accept(host.event("go"))
                #expect(try await waitForAnswer(host).text.contains("too long"))
                // The answer starts a turn of its own, of which the next message is not to be a part.
                try await host.rest()
                try await host.runtime.accept(host.event("again"))
                try await host.eventually("the next one is answered") { try await told(host).count == 2 }
            }
        }
    }

    @Test func `300 requests a minute are taken, further ones wait`() {
        var budget = RequestBudget()
        for _ in 0..<300 { #expect(budget.take(at: .seconds(10)) == nil) }
        #expect(budget.take(at: .seconds(30)) == .seconds(40))
        #expect(budget.take(at: .seconds(70)) == nil)
    }
}
