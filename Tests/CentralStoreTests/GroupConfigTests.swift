import CentralStore
import Core
import GRDB
import Testing

@Suite struct `An agent group's configuration` {
    @Test(arguments: [
        (#"{"modle":"x"}"#, "modle"), (#"{"limits":{"pidz":1}}"#, "pidz"), (#"{"packages":{"npm":[]}}"#, "npm"),
        (#"{"cliScope":"all"}"#, "cliScope"), (#"{"skills":"some"}"#, "skills"),
        (#"{"limits":{"pids":1}}"#, "limits.pids"),
        (#"{"timeZone":"Mars/Base"}"#, "timeZone"), (#"{"mcpServers":{"x":{"command":"a","cwd":"/"}}}"#, "cwd"),
        (#"{"packages":{"apt":["-o evil"]}}"#, "packages.apt"), (#"{"mounts":["../x"]}"#, "mounts"),
        (#"{"limits":{"toolTimeout":100,"maximumToolTimeout":10}}"#, "limits.toolTimeout"), (#"{"model":7}"#, "model"),
    ])
    func `T34 an unknown key or value is refused by name`(json: String, named: String) {
        let error = #expect(throws: (any Error).self) { try JSONText.decode(GroupConfig.self, json) }
        #expect("\(error, default: "")".contains(named))
    }

    @Test func `T34 a stored configuration with an unknown key cannot be read`() async throws {
        try await withStore { store in
            let sample = try await store.write { try Sample.insert($0) }
            try await store.write { try $0.execute(sql: "UPDATE agent_group_configs SET config = '{\"colour\":1}'") }
            let text = await message { _ = try await store.read { try AgentGroupConfig.of(sample.group.id, $0) } }
            #expect(text.contains("colour"))
        }
    }

    @Test func `a full configuration survives the database`() async throws {
        try await withStore { store in
            let sample = try await store.write { try Sample.insert($0) }
            let stored = try await store.write { db in
                try AgentGroupConfig.update(sample.group.id, now: now, db) { row in
                    row.provider = "local"
                    row.config.limits = [.idleSeconds: 60, .memoryBytes: 1 << 30]
                    row.config.skills = .only(["notes"])
                    row.config.mcpServers = [
                        "files": MCPServer(command: "mcp-files", arguments: ["-v"], environment: ["A": "b"])
                    ]
                    row.config.packages.pip = ["requests==2.0"]
                    row.config.cliScope = .disabled
                    row.config.timeZone = "Europe/Berlin"
                }
            }
            let back = try await store.read { try AgentGroupConfig.of(sample.group.id, $0) }
            #expect(back == stored)
        }
    }

    @Test func `a group is given a provider`() async throws {
        try await withStore { store in
            let sample = try await store.write { try Sample.insert($0) }
            let row = try await store.write { db in
                try AgentGroupConfig.update(sample.group.id, now: now, db) { $0.provider = "local" }
            }
            #expect(row.provider == "local")
            let back = try await store.read { try AgentGroupConfig.of(sample.group.id, $0) }
            #expect(back == row)
        }
    }

    @Test func `a bad value or an unknown provider stores nothing`() async throws {
        try await withStore { store in
            let sample = try await store.write { try Sample.insert($0) }
            let id = sample.group.id
            let bad = await code {
                _ = try await store.write { db in
                    try AgentGroupConfig.update(id, now: now, db) {
                        $0.config.model = "fine"
                        $0.config.limits[.pids] = 0
                    }
                }
            }
            #expect(bad == .invalid)
            let unknown = await message {
                _ = try await store.write { try AgentGroupConfig.update(id, now: now, $0) { $0.provider = "nope" } }
            }
            #expect(unknown.contains("nope") && unknown.contains("local"))
            #expect(try await store.read { try AgentGroupConfig.of(id, $0) }.config == GroupConfig())
        }
    }

    @Test func `values are set from text, and an empty text takes them back`() throws {
        var config = GroupConfig()
        try config.set("model", to: "m1")
        try config.set("limits.pids", to: "200")
        try config.set("skills", to: "a, b")
        try config.set("deniedTools", to: "shell")
        try config.set("cliScope", to: "disabled")
        #expect(config.model == "m1" && config.limits == [.pids: 200] && config.skills == .only(["a", "b"]))
        #expect(config.deniedTools == ["shell"] && config.cliScope == .disabled)
        for key in GroupConfig.keys { try config.set(key, to: "") }
        #expect(config == GroupConfig())
        #expect(throws: StoreError.self) { try config.set("colour", to: "red") }
        #expect(throws: StoreError.self) { try config.set("limits.pids", to: "many") }
        #expect(throws: StoreError.self) { try config.set("cliScope", to: "world") }
    }

    @Test func `the runner is told the group's own values over the host's`() {
        let group = AgentGroup(name: "Main", folder: "main", createdAt: now)
        var config = GroupConfig()
        var defaults = AgentConfiguration.Limits()
        defaults.idleSeconds = 11
        let plain = config.agentConfiguration(group: group, provider: nil, defaults: defaults, timeZone: "Asia/Tokyo")
        #expect(plain.provider == .offline && plain.agentName == "Main" && plain.timeZone == "Asia/Tokyo")
        #expect(plain.limits.idleSeconds == 11)
        config.limits = [.idleSeconds: 7, .toolTimeout: 5]
        config.model = "big"
        config.assistantName = "Andy"
        config.deniedTools = ["shell"]
        let provider = Provider(name: "p", kind: .anthropic, baseURL: "https://x", model: "small", createdAt: now)
        let own = config.agentConfiguration(group: group, provider: provider, defaults: defaults, queueMode: .serial)
        #expect(own.limits.idleSeconds == 7 && own.limits.toolTimeout == 5 && own.agentName == "Andy")
        #expect(own.provider == AgentConfiguration.Provider(name: "p", kind: .anthropic, model: "big"))
        #expect(own.tools.denied == ["shell"] && own.queueMode == .serial)
    }
}
