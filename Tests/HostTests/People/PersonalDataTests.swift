import CentralStore
import ChannelKit
import Channels
import Core
import Foundation
import GRDB
import Glibc
import People
import SessionStore
import SessionStoreHost
import Synchronization
import TestSupport
import Testing

@testable import Host

/// What is kept of a person, handed out and erased, beside a whole host.
@Suite(.timeLimit(.minutes(1))) struct PersonalDataTests {
    static let ann = UserID(channel: "test", native: "ann")

    /// Files of an export by path, and its report.
    final class Collected: Sendable {
        private let state = Mutex<(files: [String: [UInt8]], items: [PersonalItem])>(([:], []))
        var files: [String: [UInt8]] { state.withLock { $0.files } }
        var items: [PersonalItem] { state.withLock { $0.items } }
        func text(_ ending: String) -> String {
            files.filter { $0.key.hasSuffix(ending) }.sorted { $0.key < $1.key }
                .map { String(decoding: $0.value, as: UTF8.self) }.joined(separator: "\n---\n")
        }
        func take(_ frame: ExportFrame) {
            state.withLock { state in
                if let path = frame.path, let data = frame.data.flatMap({ Data(base64Encoded: $0) }) {
                    state.files[path, default: []] += Array(data)
                }
                if let item = frame.item { state.items.append(item) }
            }
        }
        func take(_ item: PersonalItem) { state.withLock { $0.items.append(item) } }
    }

    /// A host with Ann in a direct chat of hers and in one with the boss, all answered.
    func withAnn(_ body: @escaping @Sendable (TestHost, String) async throws -> Void) async throws {
        try await withTemporaryDirectory { home in
            try await withHost(home: home) { host in
                let now = host.runtime.time.now
                try await host.runtime.central.write { db in
                    try Member(userID: Self.ann, agentGroupID: host.group.id, addedAt: now).add(db)
                }
                try await host.wireAllChats()
                var first = host.event("my secret is tea", from: "ann", in: "dm-ann")
                first.attachments = [InboundFile(name: "photo.bin", source: .bytes([9, 8, 7]))]
                try await host.runtime.accept(first)
                try await host.runtime.accept(host.event("boss says hello"))
                await host.channel.waitForSent(2)
                try await host.runtime.accept(host.event("ann says hello to all", from: "ann"))
                await host.channel.waitForSent(3)
                for chat in ["dm-ann", "c1"] {
                    let session = try await host.session(of: chat)
                    try await host.eventually("\(chat) is answered") {
                        try await session.store.history(limit: 100).allSatisfy {
                            ["completed", "delivered"].contains($0.state)
                        }
                    }
                }
                let memory = "\(home)/groups/\(host.group.folder)/memory"
                mkdir(memory, 0o755)
                try Data("Ann likes tea".utf8).write(to: URL(fileURLWithPath: "\(memory)/about-ann.md"))
                try Data("the boss likes coffee".utf8).write(to: URL(fileURLWithPath: "\(memory)/boss.md"))
                symlink("/etc/passwd", "\(memory)/link.md")
                try await body(host, home)
            }
        }
    }

    @Test func `an export holds what the person wrote, their own chat whole, and says what is not in it`() async throws
    {
        try await withAnn { host, _ in
            let out = Collected()
            try await host.runtime.exportPerson(Self.ann) { out.take($0) }
            let messages = out.text("messages.jsonl")
            #expect(messages.contains("my secret is tea") && messages.contains("ann says hello to all"))
            // The answers of her own chat, and nobody else's words.
            #expect(messages.contains("\"direction\":\"out\""))
            #expect(!messages.contains("boss says hello"))
            #expect(out.files.contains { $0.key.hasSuffix("photo.bin") && $0.value == [9, 8, 7] })
            #expect(out.text("about-ann.md") == "Ann likes tea")
            #expect(!out.files.keys.contains { $0.hasSuffix("boss.md") || $0.hasSuffix("link.md") })
            #expect(out.text("records.json").contains("agent_group_members"))
            let stays = out.items.filter { $0.fate == .stays }
            #expect(Set(stays.map(\.what)).isSuperset(of: [.transcripts, .files, .logs, .backups]))
            #expect(stays.allSatisfy { $0.reason != nil && $0.remedy != nil })
            for path in out.files.keys {
                #expect(path.split(separator: "/").allSatisfy { PathSegment.isSafe(String($0)) })
            }
        }
    }

    @Test func `an erasure takes the person's own chat whole, of others their words, and leaves everybody else's`()
        async throws
    {
        try await withAnn { host, home in
            let own = try await host.session(of: "dm-ann").id
            let folder = "\(home)/data/sessions/\(host.group.id)"
            let chat = try await host.runtime.central.read { db in
                try MessagingGroup.filter(MessagingGroup.CodingKeys.platformID == "dm-ann").fetchOne(db)?.id
            }
            _ = try await host.control(
                "tasks create",
                [
                    "group": .string(host.group.id.rawValue), "chat": .string(try #require(chat).rawValue),
                    "prompt": "greet Ann", "every": "1d",
                ]
            )
            let dry = Collected()
            let before = try await host.runtime.central.read { db in try db.dumpCounts() }
            try await host.runtime.erasePerson(Self.ann, isDry: true) { dry.take($0) }
            #expect(try await host.runtime.central.read { db in try db.dumpCounts() } == before)
            #expect(access("\(folder)/\(own)/inbound/inbound.db", F_OK) == 0)

            let done = Collected()
            try await host.runtime.erasePerson(Self.ann, isDry: false) { done.take($0) }
            let (told, wouldBe) = (
                done.items.map { "\($0.what) \($0.place) \($0.fate)" },
                dry.items.map { "\($0.what) \($0.place) \($0.fate)" }
            )
            #expect(told == wouldBe)
            #expect(told.contains("records nanoclaw.db tasks erased"), "\(told)")
            let rights = try await host.runtime.central.read { db in
                try AuditEntry.filter(AuditEntry.CodingKeys.subject == Self.ann).fetchAll(db).map(\.event)
            }
            #expect(rights.suffix(2) == ["member-removed", "user-removed"])
            #expect(access("\(folder)/\(own)", F_OK) != 0)
            let shared = try await host.session(of: "c1").store.history(limit: 100)
            #expect(shared.contains { $0.content.contains("boss says hello") })
            #expect(!shared.contains { !$0.isOutgoing && $0.content.contains("ann says hello to all") })
            let central = try await host.runtime.central.read { db -> [Int] in
                try [
                    "users WHERE id = 'test:ann'", "agent_group_members", "sessions",
                    "messaging_groups WHERE platform_id = 'dm-ann'",
                ]
                .map { try Int.fetchOne(db, sql: "SELECT count(*) FROM \($0)") ?? -1 }
            }
            #expect(central == [0, 0, 1, 0])
            // What agents wrote is named with how to remove it, and stands as it was.
            let memory = done.items.filter { $0.what == .memory }
            #expect(memory.map(\.place) == ["groups/\(host.group.folder)/memory/about-ann.md"])
            #expect(memory.allSatisfy { $0.fate == .stays && $0.remedy?.contains("rm ") == true })
            #expect(access("\(home)/groups/\(host.group.folder)/memory/about-ann.md", F_OK) == 0)
            // She is a stranger again.
            try await host.runtime.accept(host.event("hello?", from: "ann"))
            let drops = try await host.runtime.central.read { try DroppedMessage.fetchAll($0).map(\.reason) }
            #expect(drops == [.unknownSenderStrict])
            // Not even in free room of the file that she shared with others.
            let inbound = try await host.session(of: "c1").store.folder.inboundDatabase
            let bytes = try Data(contentsOf: URL(fileURLWithPath: inbound))
            #expect(bytes.range(of: Data("test:boss".utf8)) != nil)
            #expect(bytes.range(of: Data("test:ann".utf8)) == nil)
        }
    }

    @Test func `copies of files for a person's own chat of this machine go with it`() async throws {
        try await withTemporaryDirectory { home in
            try await withHost(home: home) { host in
                let five = UserID(channel: "cli", native: "5")
                let now = host.runtime.time.now
                try await host.runtime.central.write { db in
                    try Member(userID: five, agentGroupID: host.group.id, addedAt: now).add(db)
                }
                _ = try await host.control(
                    "wirings create",
                    ["group": .string(host.group.id.rawValue), "chat": "cli:local:solo", "pattern": "."]
                )
                let address = ChatAddress(channel: "cli", platformID: "cli:local:solo")
                let event = InboundEvent(
                    address: address,
                    platformMessageID: "p1",
                    sentAt: now,
                    senderNativeID: "5",
                    content: ChatContent(text: "hello", senderID: five),
                    isMention: true
                )
                try await host.runtime.cli.record(event, by: five)
                try await host.runtime.accept(event)
                func sent() async throws -> [CLIEntry] {
                    try await host.runtime.cli.lastEntries(of: address.platformID, limit: 10)
                        .filter { $0.direction == .out }
                }
                try await host.eventually("it is answered") { try await sent().count == 1 }
                let copy = "\(home)/data/cli/\(try #require(try await sent().first).messageID)"
                mkdir("\(home)/data/cli", 0o700)
                mkdir(copy, 0o700)
                try Data("secret".utf8).write(to: URL(fileURLWithPath: "\(copy)/solo.txt"))
                try await host.rest()
                let done = Collected()
                try await host.runtime.erasePerson(five, isDry: false) { done.take($0) }
                #expect(done.items.contains { $0.place == "data/cli" && $0.count == 1 && $0.fate == .erased })
                #expect(access(copy, F_OK) != 0)
            }
        }
    }

    @Test(arguments: [false, true])
    func `whoever was only turned away is erased with what they wrote, from the cards too`(
        isTerminal: Bool
    ) async throws {
        try await withTemporaryDirectory { home in
            // Nobody is reached on the channel of the tests: the card stands in the terminal's chat.
            let channel = FakeChannel(dms: { _ in isTerminal ? nil : "dm-boss" })
            try await withHost(home: home, channel: channel, policy: .requestApproval) { host in
                let eve = UserID(channel: "test", native: "eve")
                try await host.runtime.accept(host.event("my secret is rum", from: "eve"))
                try await host.eventually("somebody is asked") {
                    try await host.runtime.central.read { db in
                        try Int.fetchOne(db, sql: "SELECT count(*) FROM cards WHERE content LIKE '%secret%'") == 1
                    }
                }
                let done = Collected()
                try await host.runtime.erasePerson(eve, isDry: false) { done.take($0) }
                let places = Set(done.items.filter { $0.fate == .erased }.map(\.place))
                #expect(places.isSuperset(of: ["nanoclaw.db approvals", "nanoclaw.db cards"]))
                let left = try await host.runtime.central.read { db in
                    try ["approvals", "cards", "pending_sender_approvals", "dropped_messages"].map {
                        try Int.fetchOne(db, sql: "SELECT count(*) FROM \($0)") ?? -1
                    }
                }
                #expect(left == [0, 0, 0, 0])
                let lines = try await host.runtime.cli.lastEntries(of: "cli:local:main", limit: 100)
                #expect(!lines.contains { $0.body.text.contains("secret") })
                // In no free page, and not in the log beside it.
                for file in ["nanoclaw.db", "nanoclaw.db-wal"] {
                    let bytes = try Data(contentsOf: URL(fileURLWithPath: "\(home)/data/\(file)"))
                    #expect(bytes.range(of: Data("my secret is rum".utf8)) == nil, "\(file)")
                }
                await #expect(throws: (any Error).self) {
                    try await host.runtime.erasePerson(eve, isDry: false) { _ in }
                }
            }
        }
    }

    @Test func `the last owner is refused before anything is changed`() async throws {
        try await withAnn { host, _ in
            let boss = UserID(channel: "test", native: "boss")
            try await host.runtime.central.write { db in
                try db.execute(sql: "DELETE FROM user_roles WHERE user_id <> 'test:boss'")
            }
            let before = try await host.runtime.central.read { db in try db.dumpCounts() }
            let error = await #expect(throws: (any Error).self) {
                try await host.runtime.erasePerson(boss, isDry: false) { _ in }
            }
            #expect("\(try #require(error))".contains("last owner"))
            #expect(try await host.runtime.central.read { db in try db.dumpCounts() } == before)
        }
    }

    @Test func `linked handles are one person's data`() async throws {
        try await withAnn { host, _ in
            let phone = UserID(channel: "test", native: "phone")
            let now = host.runtime.time.now
            try await host.runtime.central.write { try Identity.link(Self.ann, phone, by: nil, now: now, $0) }
            let out = Collected()
            try await host.runtime.exportPerson(phone) { out.take($0) }
            #expect(out.text("messages.jsonl").contains("my secret is tea"))
            try await host.runtime.erasePerson(phone, isDry: false) { _ in }
            let left = try await host.runtime.central.read { db in
                try Int.fetchOne(db, sql: "SELECT count(*) FROM users WHERE id IN ('test:ann', 'test:phone')")
            }
            #expect(left == 0)
        }
    }

    @Test func `every column that names a person is erased with them, or said to stay`() async throws {
        try await withAnn { host, _ in
            let columns = try await host.runtime.central.read { db in
                try String.fetchAll(
                    db,
                    sql: """
                        SELECT t.name || '.' || c.name FROM sqlite_schema t, pragma_table_info(t.name) c
                        WHERE t.type = 'table' AND c.type = 'TEXT' AND (c.name LIKE '%user_id' OR c.name LIKE '%sender_id'
                            OR c.name LIKE '%\\_by' ESCAPE '\\' OR (t.name = 'users' AND c.name = 'id'))
                            AND NOT EXISTS (SELECT 1 FROM pragma_foreign_key_list(t.name) f
                                WHERE f."from" = c.name AND f."table" = 'users')
                        """
                )
            }
            #expect(columns.count > 5)
            let known = Set((PersonalData.records + PersonalData.kept).map { "\($0.table).\($0.column)" })
            #expect(columns.filter { !known.contains($0) } == [])
        }
    }
}
