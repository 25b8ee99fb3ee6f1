import CentralStore
import Core
import GRDB
import Testing

@Suite struct `Wirings and destinations` {
    @Test func `§16.14 a wiring makes a destination, one for one place, with a number when the name is taken`()
        async throws
    {
        try await withStore { store in
            try await store.write { db in
                let group = try AgentGroup.create(name: "a", now: now, db)
                for platform in ["1", "2", "3"] {
                    let chat = try MessagingGroup(channelType: "tg", platformID: platform, name: "Team", createdAt: now)
                        .create(db)
                    let wiring = try Wiring(agentGroupID: group.id, target: .chat(chat.id), createdAt: now).create(db)
                    try Wiring.remove(wiring.id, db)
                    _ = try Wiring(agentGroupID: group.id, target: .chat(chat.id), createdAt: now).create(db)
                }
                let names = try Destination.order(Destination.CodingKeys.localName).fetchAll(db).map(\.localName)
                #expect(names == ["team", "team-2", "team-3"])
            }
        }
    }

    @Test(arguments: [("My Chat!!", "my-chat"), ("###", "unnamed"), ("a  b", "a-b")])
    func `§16.15 a destination's name is the normalised name of its chat`(name: String, local: String) async throws {
        try await withStore { store in
            try await store.write { db in
                let group = try AgentGroup.create(name: "a", now: now, db)
                let chat = try MessagingGroup(channelType: "tg", platformID: "1", name: name, createdAt: now).create(db)
                #expect(try Destination.ensure(group.id, chat, now: now, db).localName == local)
            }
        }
    }

    @Test func `a chat without a name is reached by its channel and a part of its id`() async throws {
        try await withStore { store in
            try await store.write { db in
                let group = try AgentGroup.create(name: "a", now: now, db)
                let chat = try MessagingGroup(
                    id: MessagingGroupID(unchecked: "mg_abcdefghijk"),
                    channelType: "tg",
                    platformID: "1",
                    createdAt: now
                ).create(db)
                #expect(try Destination.ensure(group.id, chat, now: now, db).localName == "tg-abcdefgh")
            }
        }
    }

    @Test func `an account or a person can be wired, and no destination follows`() async throws {
        try await withStore { store in
            try await store.write { db in
                let group = try AgentGroup.create(name: "a", now: now, db)
                try User.upsert(ann, now: now, db)
                let account = Wiring(
                    agentGroupID: group.id,
                    target: .account(channel: "slack", account: "T1"),
                    createdAt: now
                )
                _ = try account.create(db)
                _ = try Wiring(agentGroupID: group.id, target: .person(ann), createdAt: now).create(db)
                #expect(try Destination.fetchCount(db) == 0)
                #expect(try Wiring.fetchOne(db, key: account.id) == account)
            }
        }
    }

    @Test func `a pattern mode without a pattern and an empty list of modes are refused by key`() async throws {
        try await withStore { store in
            let sample = try await store.write { try Sample.insert($0) }
            let pattern = await message {
                _ = try await store.write { try Wiring.update(sample.wiring.id, $0) { $0.engagePattern = nil } }
            }
            #expect(pattern.hasPrefix("engage_pattern:"))
            let modes = await message {
                _ = try await store.write { try Wiring.update(sample.wiring.id, $0) { $0.engageModes = [] } }
            }
            #expect(modes.hasPrefix("engage_modes:"))
            #expect(try await store.read { try Wiring.fetchOne($0, key: sample.wiring.id) } == sample.wiring)
        }
    }

    @Test func `a wiring keeps its chat, and its reply place must be known`() async throws {
        try await withStore { store in
            let sample = try await store.write { try Sample.insert($0) }
            let id = sample.wiring.id
            #expect(
                await code {
                    _ = try await store.write { try Wiring.update(id, $0) { $0.messagingGroupID = .random() } }
                } == .invalid
            )
            let missing = await code {
                _ = try await store.write {
                    try Wiring.update(id, $0) { ($0.replyChannelType, $0.replyPlatformID) = ("tg", "9") }
                }
            }
            #expect(missing == .notFound)
            try await store.write { db in
                _ = try MessagingGroup(channelType: "tg", platformID: "9", name: "Ops", createdAt: now).create(db)
                _ = try Wiring.update(id, db) {
                    ($0.replyChannelType, $0.replyPlatformID, $0.priority) = ("tg", "9", 7)
                }
                #expect(try Destination.fetchAll(db).map(\.localName).sorted() == ["cli", "ops"])
            }
        }
    }

    @Test func `a destination's name has one form and one place one name`() async throws {
        try await withStore { store in
            let sample = try await store.write { try Sample.insert($0) }
            func add(_ name: String, _ target: DestinationTarget) async -> StoreError.Code? {
                await code {
                    try await store.write {
                        try Destination(agentGroupID: sample.group.id, localName: name, target: target, createdAt: now)
                            .add($0)
                    }
                }
            }
            #expect(await add("Not This", .agent(sample.group.id)) == .invalid)
            #expect(await add("cli", .agent(sample.group.id)) == .conflict)
            #expect(await add("again", .channel(sample.chat.id)) == .conflict)
            #expect(await add("nobody", .agent(.random())) == .notFound)
            #expect(await add("self", .agent(sample.group.id)) == nil)
            try await store.write { try Destination.remove(sample.group.id, "self", $0) }
            #expect(
                await code { try await store.write { try Destination.remove(sample.group.id, "self", $0) } }
                    == .notFound
            )
        }
    }
}
