import Approvals
import CentralStore
import ChannelKit
import Core
import GRDB
import SessionStore
import SessionStoreHost
import TestSupport
import Testing

@testable import Host

/// `create_agent` from the row of a session to the child's first answer.
@Suite(.timeLimit(.minutes(1))) struct CreateAgentTests {
    /// Asks for what a person writes as JSON, and passes all else on to the helper.
    static let script: AgentWorld.Script = { row, world in
        guard case .chat(let chat) = row.content, !row.isMail else { return [] }
        guard chat.text.hasPrefix("{") else { return [world.mail(chat.text, to: "Helper")] }
        let action = OutboundAction(action: "create_agent", arguments: chat.text)
        return [NewOutbound(content: .system(action), address: nil, inReplyTo: row.id, turn: .random())]
    }

    private func pending(_ host: TestHost) async throws -> [ApprovalRow] {
        try await host.runtime.central.read { db in try ApprovalRow.all(ApprovalStatus.pending.rawValue, db) }
    }

    private func groups(_ host: TestHost) async throws -> [String] {
        try await host.runtime.central.read { db in try AgentGroup.fetchAll(db).map(\.name) }
    }

    private let owner = ApprovalDecider.homeOwner(UserID(channel: "cli", native: "0"))

    @Test func `§16.202 an agent asks for a helper, a person allows it, and the helper answers`() async throws {
        try await withTemporaryDirectory { home in
            try await AgentWorld.with(home: home, agents: [], scripts: ["main": Self.script]) { host, world in
                try await host.runtime.accept(host.event(#"{"name":"Helper","instructions":"Help."}"#))
                try await host.eventually("a person is asked") { try await pending(host).count == 1 }
                #expect(try await groups(host) == ["Main"])
                let approval = try #require(try await pending(host).first)
                // All of it is shown.
                for words in ["Helper", "Help.", "groups/helper", "mounts"] { #expect(approval.body.contains(words)) }
                let receipt = try await host.runtime.approvals.decide(approval.id, "once", note: nil, by: owner)
                #expect(receipt == .taken)
                try await host.eventually("it is there") { try await groups(host) == ["Main", "Helper"] }
                let handle = try await host.session()
                try await host.eventually("the parent is told") {
                    try await handle.news().contains { $0.contains("is there: write to it as helper") }
                }
                let child = try await host.runtime.central.read { db in
                    try AgentGroup.filter(AgentGroup.CodingKeys.name == "Helper").fetchOne(db)
                }
                world.know("Helper", as: try #require(child).id)
                try await host.runtime.accept(host.event("what is new?"))
                try await host.eventually("the helper answers") {
                    try await handle.texts(outgoing: false).contains("echo: what is new?")
                }
                // What was allowed once is not allowed again.
                _ = try await host.runtime.approvals.decide(approval.id, "once", note: nil, by: owner)
                #expect(try await groups(host) == ["Main", "Helper"])
            }
        }
    }

    @Test func `§16.202 what is denied is not made, and what cannot be is refused before anybody is asked`()
        async throws
    {
        try await withTemporaryDirectory { home in
            try await AgentWorld.with(home: home, agents: ["child"], scripts: ["main": Self.script]) { host, world in
                for (arguments, words) in [
                    (#"{"name":"child","instructions":""}"#, "you have a destination child already"),
                    (#"{"name":"../up","instructions":"x","folder":"main"}"#, "no argument \"folder\""),
                    (#"{"instructions":"x"}"#, "needs \"name\""),
                ] {
                    try await host.runtime.accept(host.event(arguments))
                    let handle = try await host.session()
                    try await host.eventually("\(arguments) is refused with words") {
                        try await handle.news().contains { $0.contains(words) }
                    }
                    // The answer starts a turn of its own, of which the next message is not to be a part.
                    try await host.rest()
                }
                #expect(try await pending(host).isEmpty)
                try await host.runtime.accept(host.event(#"{"name":"Spy","instructions":"Look."}"#))
                try await host.eventually("a person is asked") { try await pending(host).count == 1 }
                let approval = try #require(try await pending(host).first)
                _ = try await host.runtime.approvals.decide(approval.id, "deny", note: "no", by: owner)
                let handle = try await host.session()
                try await host.eventually("the parent is told") {
                    try await handle.news().contains { $0.contains("create_agent was denied") }
                }
                #expect(try await groups(host) == ["Main", "child"])
            }
        }
    }
}
