import CentralStore
import ChannelKit
import Core
import GRDB
import Sandbox
import SessionStore
import SessionStoreHost
import Synchronization
import TestSupport

@testable import Host

/// Agents beside the test host's own, which is `main`, and what the runners of each do.
final class AgentWorld: Sendable {
    /// What a runner writes for a message.
    typealias Script = @Sendable (InboundRow, AgentWorld) -> [NewOutbound]

    private struct State {
        var ids: [String: AgentGroupID] = [:]
        var scripts: [AgentGroupID: Script] = [:]
        var behaviours: [AgentGroupID: FakeBehaviour] = [:]
    }
    private let state = Mutex(State())

    /// The id of the agent with that name.
    subscript(name: String) -> AgentGroupID { state.withLock { $0.ids[name] ?? AgentGroupID(unchecked: "ag_none") } }

    func address(_ name: String) -> ChatAddress { ChatAddress(agent: self[name]) }

    /// The row that a message to an agent is.
    func mail(_ text: String, to name: String, answering row: InboundRow? = nil, files: [String] = []) -> NewOutbound {
        NewOutbound(
            content: .chat(OutboundChat(text: text, files: files)),
            address: address(name),
            inReplyTo: row?.id,
            turn: .random()
        )
    }

    func behaviour(of group: AgentGroupID) -> FakeBehaviour {
        if let behaviour = state.withLock({ $0.behaviours[group] }) { return behaviour }
        guard let script = state.withLock({ $0.scripts[group] }) else { return .echo }
        return .say { script($0, self) }
    }

    /// Runs the body beside a host whose agents do as the scripts say; an agent without one echoes.
    ///
    /// `main` knows all others by their names, and each of them knows it as `parent`.
    static func with(
        home: String,
        channel: FakeChannel = FakeChannel(),
        time: any TimeSource = SystemTime(),
        agents: [String],
        scripts: [String: Script] = [:],
        _ body: @escaping @Sendable (TestHost, AgentWorld) async throws -> Void
    ) async throws {
        let world = AgentWorld()
        try await withHost(home: home, channel: channel, time: time, { world.behaviour(of: $0.agentGroup) }) { host in
            world.state.withLock { $0.ids["main"] = host.group.id }
            for name in agents {
                let known = try await host.runtime.central.read { db in try AgentGroup.fetchAll(db) }
                if let group = known.first(where: { $0.name == name }) {
                    world.state.withLock { $0.ids[name] = group.id }
                    continue
                }
                let id = try await host.runtime.createGroup(name: name, folder: nil, adoptFolder: false)
                world.state.withLock { $0.ids[name] = id }
                try await world.connect(host, "main", name, as: name)
                try await world.connect(host, name, "main", as: "parent")
            }
            world.state.withLock { state in
                for (name, script) in scripts { if let id = state.ids[name] { state.scripts[id] = script } }
            }
            try await body(host, world)
        }
    }

    /// Another agent has come to be.
    func know(_ name: String, as id: AgentGroupID) { state.withLock { $0.ids[name] = id } }

    /// From now on the runners of this agent do so.
    func set(_ behaviour: FakeBehaviour?, for name: String) {
        let id = self[name]
        state.withLock { $0.behaviours[id] = behaviour }
    }

    func connect(_ host: TestHost, _ from: String, _ to: String, as name: String) async throws {
        let destination = Destination(
            agentGroupID: self[from],
            localName: name,
            target: .agent(self[to]),
            createdAt: host.runtime.time.now
        )
        try await host.runtime.central.write { try destination.add($0) }
        await host.runtime.groupChanged(self[from])
    }

    func disconnect(_ host: TestHost, _ from: String, _ name: String) async throws {
        let group = self[from]
        try await host.runtime.central.write { try Destination.remove(group, name, $0) }
        await host.runtime.groupChanged(group)
    }

    /// The agent's session for other agents.
    func entry(_ host: TestHost, _ name: String) async throws -> SessionHandle? {
        let key = SessionKey.entry(of: self[name])
        guard let id = try await host.runtime.sessions.existing(key) else { return nil }
        return try await host.runtime.sessions.session(id)
    }

    /// Every message that the host has accepted between agents, oldest first.
    func accepted(_ host: TestHost) async throws -> [AgentMessage] {
        try await host.runtime.central.read { db in
            try AgentMessage.order(AgentMessage.CodingKeys.acceptedAt, AgentMessage.CodingKeys.hops).fetchAll(db)
        }
    }
}

extension TestHost {
    /// Waits until no message is open and nothing is on its way in any session; their runners may live.
    func rest() async throws {
        try await eventually("nothing is left to do") {
            let ids = try await runtime.central.read { try SessionID.fetchAll($0, sql: "SELECT id FROM sessions") }
            for id in ids {
                let handle = try await runtime.sessions.session(id)
                let overview = try await handle.store.state(now: runtime.time.now)
                guard overview.dueTriggers.isEmpty, overview.openDeliveries == 0 else { return false }
                guard await runtime.deliveries.session(handle).isIdle else { return false }
            }
            return true
        }
    }
}

extension SessionHandle {
    /// What was said to the session's agent, and what it said, oldest first.
    func texts(outgoing: Bool) async throws -> [String] {
        try await store.history(limit: 1000).filter { $0.isOutgoing == outgoing && $0.kind == "chat" }.compactMap {
            outgoing
                ? try JSONText.decode(OutboundChat.self, $0.content).text
                : try JSONText.decode(ChatContent.self, $0.content).text
        }
    }

    /// What the host told the agent.
    func news() async throws -> [String] {
        try await store.history(limit: 1000).filter { !$0.isOutgoing && $0.kind == "system" }
            .map { try JSONText.decode(SystemContent.self, $0.content).text }
    }
}

extension InboundRow {
    var text: String {
        guard case .chat(let chat) = content else { return "" }
        return chat.text
    }

    /// It comes from another agent.
    var isMail: Bool { address?.channel == ChatAddress.agents }
}
