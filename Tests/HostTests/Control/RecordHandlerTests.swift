import CentralStore
import ControlProtocol
import Core
import GRDB
import Glibc
import Synchronization
import Testing

@testable import Host

@Suite(.timeLimit(.minutes(1))) struct `Records over the control socket` {
    @Test func `§16.257 a wiring brings its destination, and a chat of this machine with it`() async throws {
        try await ControlFixture.with { fixture in
            let row = try await fixture.ask(
                "wirings create",
                ["group": "main", "chat": "cli:local:work", "pattern": "."]
            )
            #expect(row[key: "agent_group"] == "main")
            #expect(row[key: "chat"] == "cli cli:local:work")
            #expect(row[key: "engage_modes"] == ["pattern"])
            let destinations = try await fixture.ask("destinations list", ["group": "main"])
            #expect(destinations.array?.map { $0[key: "name"] } == ["cli", "work"])
            #expect(fixture.host.state.withLock { $0.changed } == [fixture.main.id])
        }
    }

    @Test func `T74 what decides who may speak and what may run is in the audit with its new value`() async throws {
        try await ControlFixture.with { fixture in
            let changes: [(String, [String: JSONValue], String)] = [
                (
                    "messaging-groups update", ["chat": "cli:local:main", "policy": "public", "bots": true],
                    "policy=public bots=true"
                ),
                ("groups config update", ["group": "main", "set": ["shellPolicy": "ask"]], "agent shellPolicy=ask"),
                (
                    "wirings create", ["group": "main", "chat": "cli:local:w", "pattern": ".", "senders": "known"],
                    "senders=known"
                ),
            ]
            for (command, arguments, words) in changes {
                _ = try await fixture.ask(command, arguments)
                let newest = try await fixture.store.read { db in
                    try AuditEntry.filter(AuditEntry.CodingKeys.event == "setting")
                        .order(AuditEntry.CodingKeys.position.desc).fetchOne(db)
                }
                #expect(newest?.detail.hasSuffix(words) == true, "\(command): \(newest?.detail ?? "nothing")")
            }
            // A name is no right.
            let before = try await fixture.store.read {
                try AuditEntry.filter(AuditEntry.CodingKeys.event == "setting").fetchCount($0)
            }
            _ = try await fixture.ask("messaging-groups update", ["chat": "cli:local:main", "name": "Home"])
            let after = try await fixture.store.read {
                try AuditEntry.filter(AuditEntry.CodingKeys.event == "setting").fetchCount($0)
            }
            #expect(after == before)
        }
    }

    @Test func `§16.254 things are named by folder, name, id and beginning of an id`() async throws {
        try await ControlFixture.with { fixture in
            let id = fixture.main.id.rawValue
            for name in ["main", "Main", id, String(id.prefix(12))] {
                let row = try await fixture.ask("groups get", ["group": .string(name)])
                #expect(row[key: "id"] == .string(id))
            }
            #expect(
                try await fixture.refusal("groups get", ["group": "nobody"]) == "not-found: no agent group \"nobody\""
            )
        }
    }

    @Test(
        arguments: [
            ("wirings create", ["group": "main", "chat": "cli:local:w", "pattern": "("], "pattern"),
            (
                "wirings create", ["group": "main", "chat": "cli:local:w", "engage": ["shout"]],
                "use one of pattern, mention"
            ),
            ("wirings create", ["group": "main", "chat": "cli:local:w", "sessionMode": "alone"], "shared, per-thread"),
            (
                "wirings create", ["group": "main", "chat": "cli:local:w", "queueMode": "x"],
                "steer, serial, concurrent"
            ),
            ("wirings create", ["group": "main", "chat": "a", "channel": "b"], "exactly one of"),
            ("wirings create", ["group": "main", "chat": "telegram 12"], "messaging-groups create"),
            (
                "messaging-groups create", ["channel": "cli", "platformID": "x", "policy": "open"],
                "strict, request_approval"
            ),
            ("messaging-groups update", ["chat": "cli"], "changes nothing"),
            ("roles grant", ["user": "cli:5", "role": "king"], "owner, admin"),
            ("roles grant", ["user": "nobody", "role": "admin"], "<channel>:<id>"),
            ("roles grant", ["user": "cli:5", "role": "owner", "group": "main"], "owner"),
            ("groups create", ["name": "Bad", "folder": "../escape"], "folder"),
            ("groups create", ["name": "Bad", "folder": "global"], "reserved"),
            ("groups config update", ["group": "main"], "changes nothing"),
            ("groups config update", ["group": "main", "provider": "nobody"], "no provider \"nobody\""),
            ("groups config update", ["group": "main", "set": ["colour": "red"]], "colour"),
            ("groups config update", ["group": "main", "set": ["timeZone": "Mars/Base"]], "IANA"),
            ("groups config update", ["group": "main", "set": ["limits.idleSeconds": "soon"]], "whole number"),
            (
                "providers add", ["name": "p", "kind": "telepathy", "baseURL": "http://x", "model": "m"],
                "openai, anthropic"
            ),
            ("providers add", ["name": "p", "kind": "openai", "baseURL": "not a url", "model": "m"], "URL"),
            ("providers add", ["name": "p", "kind": "openai", "baseURL": "http://a:99999/v1", "model": "m"], "65535"),
            (
                "providers add", ["name": "p", "kind": "anthropic", "baseURL": "https://a/v1", "model": "m"],
                "leave off /v1"
            ),
            ("groups list", ["where": ["colour": "red"]], "there is no filter"),
            ("groups list", ["limit": 0], "whole number"),
            ("sessions get", ["session": "se_none"], "no session"),
            ("logs level", ["level": "loud"], "trace, debug"),
            ("messages trace", ["message": "m_none"], "nothing is known"),
        ] as [(String, [String: JSONValue], String)]
    )
    func `T34 §16.255 what is not allowed is refused when it is written`(
        command: String,
        arguments: [String: JSONValue],
        words: String
    ) async throws {
        try await ControlFixture.with { fixture in
            let before = try await fixture.store.read { db in try db.dumpCounts() }
            let refusal = try await fixture.refusal(command, arguments)
            #expect(refusal.contains(words), "\(refusal)")
            #expect(!refusal.hasPrefix("answered"))
            #expect(try await fixture.store.read { db in try db.dumpCounts() } == before)
        }
    }

    @Test func `a provider's key is copied, shown as present and never printed`() async throws {
        try await ControlFixture.with { fixture in
            let file = "\(fixture.home)/key"
            let number = open(file, O_WRONLY | O_CREAT, 0o600)
            _ = write(number, "sk-secret-1\n", 12)
            close(number)
            let row = try await fixture.ask(
                "providers add",
                [
                    "name": "p", "kind": "openai", "baseURL": "http://127.0.0.1:1/v1", "model": "m",
                    "keyFile": .string(file),
                ]
            )
            #expect(row[key: "key"] == "present")
            #expect(!"\(row)".contains("sk-secret"))
            var status = stat()
            #expect(stat("\(fixture.home)/data/credentials/p", &status) == 0)
            #expect(status.st_mode & 0o777 == 0o600)
            let set = try await fixture.ask("groups config update", ["group": "main", "provider": "p"])
            #expect(set[key: "provider"] == "p")
            #expect(try await fixture.refusal("providers remove", ["name": "p"]).contains("main"))
            _ = try await fixture.ask("groups config update", ["group": "main", "provider": "offline"])
            _ = try await fixture.ask("providers remove", ["name": "p"])
            #expect(stat("\(fixture.home)/data/credentials/p", &status) != 0)
        }
    }

    @Test func `two providers never share an environment variable, and one is changed in place`() async throws {
        try await ControlFixture.with { fixture in
            let rest: [String: JSONValue] = ["kind": "openai", "baseURL": "http://127.0.0.1:1/v1", "model": "m"]
            _ = try await fixture.ask("providers add", rest.merging(["name": "a-b"]) { $1 })
            let refusal = try await fixture.refusal("providers add", rest.merging(["name": "a_b"]) { $1 })
            #expect(refusal.contains("NANOCLAW_KEY_A_B"))
            let row = try await fixture.ask("providers update", ["name": "a-b", "model": "n"])
            #expect(row[key: "model"] == "n" && row[key: "base_url"] == "http://127.0.0.1:1/v1")
            let bad = try await fixture.refusal("providers update", ["name": "a-b", "baseURL": "http://a:0/v1"])
            #expect(bad.contains("65535"))
            let kept = try await fixture.ask("providers get", ["name": "a-b"])
            #expect(kept[key: "base_url"] == "http://127.0.0.1:1/v1")
        }
    }

    @Test func `a key file that holds no key leaves no provider`() async throws {
        try await ControlFixture.with { fixture in
            let arguments: [String: JSONValue] = [
                "name": "p", "kind": "openai", "baseURL": "http://127.0.0.1:1/v1", "model": "m",
                "keyFile": .string("\(fixture.home)/none"),
            ]
            let refusal = try await fixture.refusal("providers add", arguments)
            #expect(refusal.contains("none"))
            let left = try await fixture.ask("providers list")
            #expect(left == [])
        }
    }

    @Test func `§16.259 destinations are added and removed and reach running sessions`() async throws {
        try await ControlFixture.with { fixture in
            _ = try await fixture.ask("groups create", ["name": "Helper"])
            _ = try await fixture.ask("destinations add", ["group": "main", "name": "helper", "agent": "helper"])
            let list = try await fixture.ask("destinations list", ["group": "main", "where": ["target_type": "agent"]])
            #expect(list.array?.first?[key: "target"] == "helper")
            _ = try await fixture.ask("destinations remove", ["group": "main", "name": "helper"])
            #expect(fixture.host.state.withLock { $0.changed } == [fixture.main.id, fixture.main.id])
        }
    }

    @Test func `people, roles and members`() async throws {
        try await ControlFixture.with { fixture in
            _ = try await fixture.ask("users create", ["user": "telegram:7", "name": "Ann"])
            _ = try await fixture.ask("roles grant", ["user": "telegram:7", "role": "admin", "group": "main"])
            let roles = try await fixture.ask("roles list", ["where": ["user_id": "telegram:7"]])
            #expect(roles.array?.first?[key: "agent_group"] == "main")
            #expect(roles.array?.first?[key: "granted_by"] == .string("cli:\(getuid())"))
            _ = try await fixture.ask("roles revoke", ["user": "Ann", "role": "admin", "group": "main"])
            #expect(
                try await fixture.ask("members add", ["user": "telegram:7", "group": "main"])[key: "added"] == true
            )
            #expect(
                try await fixture.ask("members add", ["user": "telegram:7", "group": "main"])[key: "added"] == false
            )
            #expect(try await fixture.ask("members list", ["group": "main"]).array?.count == 1)
            _ = try await fixture.ask("users delete", ["user": "Ann"])
            #expect(try await fixture.ask("members list") == [])
        }
    }

    @Test func `folders without a record are listed when asked`() async throws {
        try await ControlFixture.with { fixture in
            mkdir("\(fixture.home)/groups/example", 0o755)
            let all = try await fixture.ask("groups list", ["all": true])
            #expect(all.array?.compactMap { $0[key: "folder"]?.string } == ["main", "example"])
            #expect(try await fixture.ask("groups list").array?.count == 1)
        }
    }

    @Test func `levels of the log change while the host runs`() async throws {
        try await ControlFixture.with { fixture in
            _ = try await fixture.ask("logs level", ["level": "debug", "component": "router"])
            #expect(try await fixture.ask("logs level")[key: "components"] == ["router": "debug"])
            _ = try await fixture.ask("logs level", ["level": "default", "component": "router"])
            #expect(try await fixture.ask("logs level")[key: "components"] == [:])
        }
    }

    @Test func `§16.256 lists are filtered by equality and bounded`() async throws {
        try await ControlFixture.with { fixture in
            for number in 0..<5 { _ = try await fixture.ask("users create", ["user": .string("x:\(number)")]) }
            let two = try await fixture.ask("users list", ["limit": 2, "where": ["channel_type": "x"]])
            #expect(two.array?.compactMap { $0[key: "id"]?.string } == ["x:0", "x:1"])
        }
    }
}
