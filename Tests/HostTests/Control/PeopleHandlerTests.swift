import CentralStore
import ControlProtocol
import Core
import GRDB
import Glibc
import People
import Testing

@testable import Host

@Suite(.timeLimit(.minutes(1))) struct `People over the control socket` {
    @Test func `a grant by handle stores the id, and a handle that nobody has is refused with what to do`() async throws
    {
        try await ControlFixture.with { fixture in
            let ann = UserID(channel: "telegram", native: "7")
            try await fixture.store.write { db in
                try User.seen(ann, name: "Ann", handle: "ann_of_old", now: Timestamp(milliseconds: 1), db)
            }
            for handle in ["telegram:@Ann_of_Old", "telegram:@ann_of_old"] {
                _ = try await fixture.ask("members add", ["user": .string(handle), "group": "main"])
                #expect(try await fixture.store.read { try Member.fetchAll($0).map(\.userID) } == [ann])
                _ = try await fixture.ask("members remove", ["user": .string(handle), "group": "main"])
            }
            let before = try await fixture.store.read { db in try db.dumpCounts() }
            for handle in ["@nobody", "telegram:@nobody", "cli:no-such-login-name", "nobody"] {
                let refusal = try await fixture.refusal("members add", ["user": .string(handle), "group": "main"])
                #expect(refusal.contains("users pair") && refusal.contains("<channel>:<id>"), "\(refusal)")
            }
            #expect(try await fixture.store.read { db in try db.dumpCounts() } == before)
        }
    }

    @Test func `nothing is granted to whoever wears a name`() async throws {
        try await ControlFixture.with { fixture in
            let mallory = UserID(channel: "telegram", native: "666")
            try await fixture.store.write { db in
                try User.seen(mallory, name: "ann", handle: "boss", now: Timestamp(milliseconds: 1), db)
            }
            for name in ["ann", "@boss", "boss", "telegram:6"] {
                let wanted: [String: JSONValue] = ["user": .string(name), "role": "owner"]
                if name == "telegram:6" {
                    // The beginning of an id is another id.
                    _ = try await fixture.ask("roles grant", wanted)
                } else {
                    let refusal = try await fixture.refusal("roles grant", wanted)
                    #expect(refusal.contains("telegram:666") && refusal.contains("<channel>:<id>"), "\(refusal)")
                    let link = try await fixture.refusal("users link", ["user": .string(name), "other": "cli:0"])
                    #expect(link.contains("telegram:666"), "\(link)")
                }
            }
            #expect(try await fixture.store.read { try Access.of(mallory, $0) } == Access())
        }
    }

    @Test func `a login name of this machine becomes its uid`() async throws {
        try await ControlFixture.with { fixture in
            _ = try await fixture.ask("roles grant", ["user": "cli:root", "role": "admin"])
            #expect(
                try await fixture.store.read { try UserRole.fetchAll($0).map(\.userID.description) }.contains("cli:0")
            )
            #expect(
                try await fixture.store.read { try User.exists($0, key: UserID(channel: "cli", native: "root")) }
                    == false
            )
        }
    }

    @Test func `a name with a colon impersonates nobody`() async throws {
        try await ControlFixture.with { fixture in
            let eve = UserID(channel: "telegram", native: "666")
            try await fixture.store.write { db in
                try User.seen(
                    eve,
                    name: "matrix:@boss:example.org",
                    handle: "cli:0",
                    now: Timestamp(milliseconds: 1),
                    db
                )
            }
            for name in ["matrix:@boss:example.org", "cli:0"] {
                _ = try await fixture.ask("roles grant", ["user": .string(name), "role": "admin"])
            }
            #expect(try await fixture.store.read { try Access.of(eve, $0) } == Access())
        }
    }

    @Test func `a membership of one channel is shown and changed, and one of a channel without a handle refused`()
        async throws
    {
        try await ControlFixture.with { fixture in
            let arguments: [String: JSONValue] = ["user": "telegram:7", "group": "main"]
            let limited = arguments.merging(["channel": "telegram"]) { $1 }
            #expect(try await fixture.ask("members add", limited)[key: "added"] == true)
            #expect(try await fixture.ask("members list").array?.first?[key: "channel_type"] == "telegram")
            #expect(try await fixture.ask("members add", arguments)[key: "added"] == true)
            let member = try #require(try await fixture.ask("members list").array?.first)
            #expect(member[key: "channel_type"] ?? .null == .null, "\(member)")
            let refusal = try await fixture.refusal("members add", arguments.merging(["channel": "matrix"]) { $1 })
            #expect(refusal.contains("name one of telegram"))
        }
    }

    @Test func `codes are made, links made, listed and undone`() async throws {
        try await ControlFixture.with { fixture in
            let answer = try await fixture.ask("users pair", ["group": "main", "wire": "main"])
            #expect(PairingCode(message: try #require(answer[key: "code"]?.string)) != nil)
            #expect(answer[key: "gives"] == "a member of Main")
            #expect(try await fixture.ask("users pair-owner")[key: "gives"] == "an owner")
            #expect(try await fixture.ask("users link-code")[key: "code"] != nil)
            _ = try await fixture.ask("users link", ["user": "telegram:7", "other": "matrix:@ann:example.org"])
            let rows = try await fixture.ask("users identities").array ?? []
            #expect(rows.map { $0[key: "user_id"] } == ["matrix:@ann:example.org", "telegram:7"])
            #expect(rows.first?[key: "linked_by"] == .string("cli:\(getuid())"))
            _ = try await fixture.ask("users unlink", ["user": "telegram:7"])
            #expect(try await fixture.ask("users identities") == [])
            #expect(try await fixture.refusal("users unlink", ["user": "telegram:7"]).hasPrefix("not-found"))
        }
    }
}
