import CentralStore
import ChannelKit
import Core
import GRDB
import LinuxIO
import SessionStore
import SessionStoreHost
import TestSupport
import Testing

@testable import Host

/// What is made when an agent is to have another one.
@Suite(.timeLimit(.minutes(1))) struct AgentCreationTests {
    private func refusal(_ body: () async throws -> some Sendable) async -> String {
        do {
            return "made \(try await body())"
        } catch {
            return "\(error)"
        }
    }

    @Test func `§16.202 the child gets a folder, a parent, and no more than the parent has`() async throws {
        try await withTemporaryDirectory { home in
            try await AgentWorld.with(home: home, agents: []) { host, world in
                try await host.runtime.central.write { db in
                    _ = try AgentGroupConfig.update(host.group.id, now: host.runtime.time.now, db) { row in
                        row.config.deniedTools = ["shell"]
                        row.config.limits = [.modelCallsPerTurn: 3]
                        row.config.mounts = ["notes"]
                        row.config.mcpServers = ["x": MCPServer(command: "x")]
                        row.config.cliScope = .global
                    }
                }
                let creation = host.runtime.agentCreation
                let plan = try await creation.plan(name: "Sub Agent", instructions: "Be brief.", for: host.group.id)
                #expect(plan.destination == "sub-agent" && plan.folder == "sub-agent")
                let child = try await creation.create(plan)
                #expect(child.parentID == host.group.id)
                let (config, destinations) = try await host.runtime.central.read { db in
                    (try AgentGroupConfig.of(child.id, db), try Destination.fetchAll(db))
                }
                #expect(config.config.deniedTools == ["shell"] && config.config.limits == [.modelCallsPerTurn: 3])
                #expect(config.config.mounts.isEmpty && config.config.mcpServers.isEmpty)
                #expect(config.config.cliScope == .group)
                let pairs = destinations.filter { $0.targetType == .agent }.map {
                    [$0.agentGroupID.rawValue, $0.localName, $0.targetAgentGroupID?.rawValue ?? ""]
                }
                #expect(
                    Set(pairs) == [
                        [host.group.id.rawValue, "sub-agent", child.id.rawValue],
                        [child.id.rawValue, "parent", host.group.id.rawValue],
                    ]
                )
                let folder = try Directory(path: "\(home)/groups/sub-agent")
                #expect(try folder.names() == ["CLAUDE.md", "memory", "skills"])
                let text = String(decoding: try folder.contents("CLAUDE.md", limit: 1000), as: UTF8.self)
                #expect(text == "# Sub Agent\n\nBe brief.\n")
                let listed = try await host.control("groups list", [:])
                #expect(listed.array?.compactMap { $0[key: "parent"]?.string } == ["main"])
            }
        }
    }

    @Test func `the parent's running session knows the child at once, and may write to it`() async throws {
        let script: AgentWorld.Script = { row, world in row.isMail ? [] : [world.mail(row.text, to: "helper")] }
        try await withTemporaryDirectory { home in
            try await AgentWorld.with(home: home, agents: [], scripts: ["main": script]) { host, world in
                try await host.runtime.accept(host.event("too early"))
                let handle = try await host.session()
                try await host.eventually("it is refused") { try await handle.store.delivery(seq: 3)?.state == .failed }
                let creation = host.runtime.agentCreation
                let plan = try await creation.plan(name: "helper", instructions: "", for: host.group.id)
                world.know("helper", as: try await creation.create(plan).id)
                let database = try Connection(path: handle.folder.inboundDatabase, .readOnly, busyTimeout: 5000)
                defer { database.close() }
                #expect(try SessionDestination.all(in: database).map(\.name) == ["chat", "cli", "helper"])
                #expect(host.spawner.runners.count == 1)
                try await host.runtime.accept(host.event("now"))
                try await host.eventually("the child's answer is there") {
                    try await handle.texts(outgoing: false).contains("echo: now")
                }
            }
        }
    }

    @Test func `§16.202 a name that is taken, one that is none, and one too many make nothing`() async throws {
        try await withTemporaryDirectory { home in
            try await AgentWorld.with(home: home, agents: ["child"]) { host, world in
                var creation = host.runtime.agentCreation
                let main = host.group.id
                let before = try await host.runtime.central.read { try $0.dumpCounts() }
                let table: [(name: String, instructions: String, words: String)] = [
                    ("child", "", "you have a destination child already"),
                    ("Child!", "", "you have a destination child already"),
                    ("", "", "name: needs 1 to 100 bytes"),
                    ("***", "", "needs letters a-z or digits"),
                    ("a\nb", "", "without control characters"),
                    (String(repeating: "x", count: 101), "", "name: needs 1 to 100 bytes"),
                    ("fine", String(repeating: "x", count: 12 * 1024 + 1), "instructions: at most 12288 bytes"),
                    ("fine", "a\u{0}b", "instructions: at most"),
                ]
                for (name, instructions, words) in table {
                    let answer = await refusal {
                        try await creation.plan(name: name, instructions: instructions, for: main).name
                    }
                    #expect(answer.contains(words), "\(name.prefix(20)): \(answer)")
                }
                let orphan = await refusal {
                    try await creation.plan(name: "fine", instructions: "", for: AgentGroupID.random()).name
                }
                #expect(orphan.contains("no agent group"))
                creation = AgentCreation(
                    home: home,
                    central: creation.central,
                    folders: creation.folders,
                    executors: creation.executors,
                    limit: 0,
                    time: creation.time,
                    changed: { _ in }
                )
                let many = await refusal { try await creation.plan(name: "fine", instructions: "", for: main).name }
                #expect(many.contains("the most that are allowed"))
                #expect(try await host.runtime.central.read { try $0.dumpCounts() } == before)
                #expect(try Directory(path: "\(home)/groups").names() == ["child", "main"])
            }
        }
    }

    @Test func `a folder that stands there is never given to a new agent, and what changed since the plan is seen`()
        async throws
    {
        try await withTemporaryDirectory { home in
            try await AgentWorld.with(home: home, agents: []) { host, world in
                let creation = host.runtime.agentCreation
                let groups = try Directory(path: "\(home)/groups")
                try groups.makeDirectory("helper")
                try groups.directory("helper").replace("secret", with: Array("s".utf8))
                let plan = try await creation.plan(name: "helper", instructions: "", for: host.group.id)
                #expect(plan.folder == "helper-2" && plan.destination == "helper")
                // Somebody makes that folder while a person is asked.
                try groups.makeDirectory("helper-2")
                let taken = await refusal { try await creation.create(plan).id }
                #expect(taken.contains("groups/helper-2 is there already"))
                #expect(try groups.directory("helper-2").names().isEmpty)
                try groups.remove("helper-2")
                // Somebody gives the name away meanwhile: nothing is left of the attempt.
                let main = host.group.id
                let chat = host.chat.id
                try await host.runtime.central.write { db in
                    try Destination.remove(main, "chat", db)
                    let now = host.runtime.time.now
                    try Destination(agentGroupID: main, localName: "helper", target: .channel(chat), createdAt: now)
                        .add(db)
                }
                let conflict = await refusal { try await creation.create(plan).id }
                #expect(conflict.contains("you have a destination helper already"))
                #expect(try groups.names() == ["helper", "main"])
            }
        }
    }
}
