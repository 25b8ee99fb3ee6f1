import Approvals
import CentralStore
import ChannelKit
import Core
import GRDB
import Sandbox
import SessionStore
import SessionStoreHost
import TestSupport
import Testing

@testable import Host

/// `nanoclaw` called inside a sandbox, as its rows reach the host.
@Suite(.timeLimit(.minutes(2))) struct CommandActionTests {
    /// A runner that calls what each message says.
    private static func calling(_ request: SandboxRequest) -> FakeBehaviour {
        .say { row in
            guard case .chat(let chat) = row.content else { return [] }
            let words = chat.text.split(separator: " ").map(String.init)
            let arguments: JSONValue = ["words": .array(words.map(JSONValue.string))]
            return [HostActionTests.request("cli", (try? arguments.text()) ?? "", answering: row)]
        }
    }

    private func told(_ host: TestHost) async throws -> [SystemContent] {
        try await host.session().store.history(limit: 200)
            .filter { $0.kind == "system" && !$0.isOutgoing }
            .map { try JSONText.decode(SystemContent.self, $0.content) }
    }

    private func call(_ host: TestHost, _ text: String) async throws -> SystemContent {
        let before = (try? await told(host).count) ?? 0
        try await host.runtime.accept(host.event(text))
        try await host.eventually("\(text) is answered") { try await told(host).count > before }
        return try #require(try await told(host).last)
    }

    @Test func `T50 §16.260 reads are answered about the own group, and nobody is woken by the answer`() async throws {
        try await withTemporaryDirectory { home in
            try await withHost(home: home, channel: FakeChannel(dm: "boss-dm"), Self.calling) { host in
                let other = try await host.runtime.central.write { db in
                    try AgentGroup.create(name: "Other", now: host.runtime.time.now, db)
                }
                let sessions = try await call(host, "sessions list")
                let own = try await host.session().id.rawValue
                #expect(sessions.status == "ok" && sessions.text.contains(own))
                #expect(try await call(host, "groups get").text.contains(host.group.id.rawValue))
                #expect(try await call(host, "groups get \(other.folder)").text.contains("error (forbidden)"))
                #expect(try await call(host, "groups list").text.contains("scope global"))
                #expect(try await call(host, "roles grant test:evil --role owner").text.contains("unknown-command"))
                #expect(try await call(host, "help").text.contains("nanoclaw destinations list"))
                let unknown = try await call(host, "sessions get se_none")
                #expect(unknown.status == "error" && unknown.text.contains("error (not-found)"))
                #expect(!host.spawner.runners.flatMap(\.seen).contains { $0.kind == .system && $0.trigger })
                #expect(try await host.session().store.state(now: host.runtime.time.now).dueTriggers.isEmpty)
            }
        }
    }

    @Test func `§16.260 the scope decides, at the moment of the call`() async throws {
        try await withTemporaryDirectory { home in
            try await withHost(home: home, Self.calling) { host in
                @Sendable func set(_ scope: CLIScope) async throws {
                    try await host.runtime.central.write { db in
                        _ = try AgentGroupConfig.update(host.group.id, now: host.runtime.time.now, db) {
                            $0.config.cliScope = scope
                        }
                    }
                }
                #expect(try await call(host, "users list").text.contains("error (forbidden)"))
                try await set(.global)
                #expect(try await call(host, "users list").text.contains("test:boss"))
                try await set(.disabled)
                for text in ["users list", "help", "sessions list"] {
                    #expect(try await call(host, text).text.contains("switched off"))
                }
            }
        }
    }

    @Test func `§16.261 a change waits for somebody's word, and is carried out as it was shown`() async throws {
        let channel = FakeChannel(
            capabilities: ChannelCapabilities(edits: true, idempotencyKeys: true, buttons: true),
            dm: "boss-dm"
        )
        try await withTemporaryDirectory { home in
            try await withHost(home: home, channel: channel, Self.calling) { host in
                let pending = try await call(host, "members add test:friend")
                #expect(pending.status == "pending" && pending.text.contains("approval-pending"))
                func members() async throws -> [String] {
                    try await host.runtime.central.read { try Member.fetchAll($0).map(\.userID.description) }
                }
                #expect(try await members().isEmpty)
                try await host.eventually("the card is shown") { !cards(channel).isEmpty }
                let (card, address) = cards(channel)[0]
                #expect(card.body.contains("members add") && card.body.contains("test:friend"))
                let once = try #require(card.choices.first { $0.value == "once" })
                let receipt = try await host.runtime.answer(
                    CardAnswer(
                        card: card.id,
                        value: once.value,
                        address: address,
                        senderNativeID: "boss",
                        dedupKey: "press"
                    )
                )
                #expect(receipt == .taken)
                try await host.eventually("it is done and told") {
                    try await told(host).contains { $0.action == "cli_command" && $0.about == pending.about }
                }
                #expect(try await members() == ["test:friend"])
            }
        }
    }

    private func cards(_ channel: FakeChannel) -> [(Card, ChatAddress)] {
        channel.sent.compactMap { message in
            guard case .card(let card) = message.body else { return nil }
            return (card, message.address)
        }
    }
}
