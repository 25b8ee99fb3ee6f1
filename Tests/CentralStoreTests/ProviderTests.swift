import CentralStore
import Core
import GRDB
import Testing

@Suite struct `Providers, lookups and the chat history` {
    func provider(
        _ name: String = "p",
        kind: ProviderKind = .openai,
        url: String = "https://api.example.com/v1"
    ) -> Provider {
        Provider(name: name, kind: kind, baseURL: url, model: "m", createdAt: now)
    }

    @Test func `a provider with a bad name, kind or URL is refused by key`() async throws {
        try await withStore { store in
            func refusal(_ provider: Provider) async -> String {
                await message { _ = try await store.write { try provider.create($0) } }
            }
            #expect(await refusal(provider("offline")).hasPrefix("name:"))
            #expect(await refusal(provider("a/b")).hasPrefix("name:"))
            #expect(await refusal(provider(kind: .offline)).hasPrefix("kind:"))
            for url in ["ftp://x", "api.example.com", "http://", "https://user:pw@x/v1", "https://x/v1?key=s"] {
                #expect(await refusal(provider(url: url)).hasPrefix("base_url:"), "\(url)")
            }
            #expect(await refusal(provider()) == "")
            #expect(await refusal(provider()).contains("exists"))
        }
    }

    @Test func `a provider in use is not deleted, and the groups that use it are named`() async throws {
        try await withStore { store in
            try await store.write { db in
                _ = try provider().create(db)
                _ = try AgentGroup.create(name: "Main", provider: "p", now: now, db)
            }
            let text = await message { try await store.write { try Provider.remove("p", $0) } }
            #expect(text.contains("main"))
            try await store.write { db in
                let group = try Lookup.agentGroup("main", db)
                _ = try AgentGroupConfig.update(group.id, now: now, db) { $0.provider = nil }
                try Provider.remove("p", db)
            }
        }
    }

    @Test func `a group is found by id, folder, name and beginning of its id`() async throws {
        try await withStore { store in
            try await store.write { db in
                func group(_ id: String, _ name: String, _ folder: String) throws -> AgentGroup {
                    let group = AgentGroup(id: AgentGroupID(unchecked: id), name: name, folder: folder, createdAt: now)
                    try group.insert(db)
                    return group
                }
                let one = try group("ag_aaa1", "Twin", "one")
                let two = try group("ag_aab2", "Twin", "two")
                #expect(try Lookup.agentGroup("ag_aaa1", db) == one)
                #expect(try Lookup.agentGroup("two", db) == two)
                #expect(try Lookup.agentGroup("ag_aab", db) == two)
                #expect(try Lookup.agentGroup("aaa", db) == one)
            }
            let twins = await message { _ = try await store.read { try Lookup.agentGroup("Twin", $0) } }
            #expect(twins.contains("ag_aaa1 (one)") && twins.contains("ag_aab2 (two)"))
            #expect(await code { _ = try await store.read { try Lookup.agentGroup("ag_aa", $0) } } == .ambiguous)
            #expect(await code { _ = try await store.read { try Lookup.agentGroup("%", $0) } } == .notFound)
            #expect(await code { _ = try await store.read { try Lookup.agentGroup("", $0) } } == .notFound)
        }
    }

    @Test func `a chat is found by platform id, by channel and platform id, and by name`() async throws {
        try await withStore { store in
            let sample = try await store.write { try Sample.insert($0) }
            for text in ["cli:local:main", "cli cli:local:main", "cli", sample.chat.id.rawValue] {
                #expect(try await store.read { try Lookup.messagingGroup(text, $0) } == sample.chat, "\(text)")
            }
            #expect(
                try await store.read { try Lookup.wiring(String(sample.wiring.id.rawValue.prefix(12)), $0) }
                    == sample.wiring
            )
            #expect(try await store.read { try Lookup.session("se_", $0) }.id.rawValue == "se_1")
        }
    }

    @Test func `the history keeps one row a message and remembers how far a person has read`() async throws {
        try await withStore { store in
            try await store.write { db in
                func say(_ id: String) throws -> Int64 {
                    try CLIMessage(platformID: "c", direction: .out, messageID: id, content: "{}", createdAt: now)
                        .append(db)
                }
                let first = try say("1")
                let second = try say("2")
                #expect(try say("1") == first && second > first)
                #expect(try CLIReader.position(of: ann, in: "c", db) == 0)
                try CLIReader(platformID: "c", userID: ann, position: first).advance(db)
                #expect(try CLIMessage.after(first, in: "c", limit: 10, db).map(\.messageID) == ["2"])
                try CLIReader(platformID: "c", userID: ann, position: second).advance(db)
                try CLIReader(platformID: "c", userID: ann, position: first).advance(db)
                #expect(try CLIReader.position(of: ann, in: "c", db) == second)
                #expect(try CLIMessage.newest(in: "c", db) == second)
                #expect(try CLIMessage.last(1, in: "c", db).map(\.messageID) == ["2"])
            }
        }
    }
}
