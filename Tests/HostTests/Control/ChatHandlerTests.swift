import CentralStore
import ChannelKit
import Channels
import ControlProtocol
import Core
import Glibc
import Synchronization
import Testing

@testable import Host

@Suite(.timeLimit(.minutes(1))) struct `Chats over the control socket` {
    private func outbound(_ id: String, _ text: String) -> OutboundMessage {
        OutboundMessage(
            idempotencyKey: id,
            address: ChatAddress(channel: "cli", platformID: CLIChannel.mainChat),
            body: .text(text, files: []),
            agentName: "Main",
            inReplyTo: MessageID(unchecked: "m_in"),
            turn: TurnID(unchecked: "t_1")
        )
    }

    @Test func `a message is accepted as the peer's and stands in the history`() async throws {
        try await ControlFixture.with { fixture in
            let answer = try await fixture.ask("chat send", ["text": "hello", "id": "c_1"])
            #expect(answer[key: "id"] == "c_1")
            let event = try #require(fixture.host.state.withLock { $0.accepted.first })
            #expect(event.senderNativeID == String(getuid()))
            #expect(event.content.text == "hello")
            #expect(event.address == ChatAddress(channel: "cli", platformID: "cli:local:main"))
            let history = try await fixture.ask("chat history").decoded(as: [ChatEntry].self)
            #expect(history.map(\.text) == ["hello"])
            let open = try await fixture.store.read { db in try CLIMessage.open(db) }
            #expect(open.isEmpty, "no later host takes it once more")
        }
    }

    @Test func `a message that the host cannot store is not in the history`() async throws {
        try await ControlFixture.with { fixture in
            fixture.host.state.withLock { $0.refusal = HostError(.unavailable, "the disk is full") }
            #expect(try await fixture.refusal("chat send", ["text": "hello"]) == "failed: the disk is full")
            #expect(try await fixture.ask("chat history") == [])
            fixture.host.state.withLock { $0.refusal = nil }
            _ = try await fixture.ask("chat send", ["text": "again"])
            #expect(try await fixture.ask("chat history").decoded(as: [ChatEntry].self).map(\.text) == ["again"])
        }
    }

    @Test func `every client that looks at a chat sees what comes, once and in order`() async throws {
        try await ControlFixture.with { fixture in
            let clients = [try fixture.client(), try fixture.client()]
            for client in clients {
                try await client.send(ControlRequest(id: "1", command: "chat attach"))
                #expect(try await client.frame() == .attached(position: 0, names: ["cli"]))
            }
            _ = try await fixture.cli.deliver(outbound("m_a", "first"))
            _ = try await fixture.cli.deliver(outbound("m_a", "first"))
            _ = try await fixture.cli.deliver(outbound("m_b", "second"))
            for client in clients {
                for text in ["first", "second"] {
                    guard case .entry(let entry)? = try await client.frame() else {
                        Issue.record("no entry")
                        return
                    }
                    #expect(entry.text == text)
                    #expect(entry.name == "Main")
                    #expect(entry.turn == TurnID(unchecked: "t_1"))
                }
            }
        }
    }

    @Test func `the end of a turn comes after everything that the turn said`() async throws {
        try await ControlFixture.with { fixture in
            let client = try fixture.client()
            try await client.send(ControlRequest(id: "1", command: "chat attach"))
            _ = try await client.frame()
            for number in 0..<50 {
                _ = try await fixture.cli.deliver(outbound("m_\(number)", "said"))
                fixture.host.hub.publish(
                    .turnEnded(
                        messages: [],
                        platformMessageIDs: ["c_\(number)"],
                        outcome: .completed,
                        detail: nil
                    ),
                    to: ChatAddress(channel: "cli", platformID: CLIChannel.mainChat)
                )
            }
            var said = 0
            var ended = 0
            while ended < 50 {
                switch try await client.frame() {
                case .entry: said += 1
                case .turnEnded(_, let ids, let outcome, _):
                    #expect(ids == ["c_\(ended)"])
                    #expect(outcome == "completed")
                    ended += 1
                    #expect(said >= ended)
                default: Issue.record("something else")
                }
            }
        }
    }

    @Test func `an interactive client is shown what came since the last one left`() async throws {
        try await ControlFixture.with { fixture in
            _ = try await fixture.cli.deliver(outbound("m_a", "seen"))
            _ = try await fixture.ask("chat seen", ["position": 1])
            _ = try await fixture.cli.deliver(outbound("m_b", "missed"))
            let client = try fixture.client()
            try await client.send(ControlRequest(id: "1", command: "chat attach", arguments: ["from": "unread"]))
            _ = try await client.frame()
            guard case .entry(let entry)? = try await client.frame() else {
                Issue.record("no entry")
                return
            }
            #expect(entry.text == "missed")
        }
    }

    @Test func `a client that leaves is forgotten`() async throws {
        try await ControlFixture.with { fixture in
            let client = try fixture.client()
            try await client.send(ControlRequest(id: "1", command: "chat attach"))
            _ = try await client.frame()
            #expect(fixture.cli.readerCount == 1)
            client.connection.shutDown()
            while fixture.cli.readerCount > 0 { await Task.yield() }
        }
    }

    @Test func `stop reaches the sessions of the chat`() async throws {
        try await ControlFixture.with { fixture in
            let session = SessionID(unchecked: "se_1")
            fixture.host.state.withLock { state in
                state.routes = [
                    RouteExplanation(
                        wiring: WiringID(unchecked: "wi_1"),
                        agentGroup: fixture.main.id,
                        agentName: "Main",
                        session: session,
                        outcome: "deliver",
                        reasons: []
                    )
                ]
            }
            let answer = try await fixture.ask("chat stop")
            #expect(answer[key: "stopped"] == 1)
            #expect(fixture.host.state.withLock { $0.stopped } == [session])
        }
    }

    @Test(arguments: ["", "../x", "a b", "cli:local:", "telegram:1"])
    func `a name that is no chat of this machine is refused`(name: String) async throws {
        try await ControlFixture.with { fixture in
            let refusal = try await fixture.refusal("chat send", ["chat": .string(name), "text": "x"])
            #expect(refusal.contains("is no chat of this machine"), "\(refusal)")
        }
    }
}
