import CentralStore
import ControlProtocol
import Core
import Foundation
import Glibc
import HostConfiguration
import LinuxIO
import Sandbox
import TestSupport
import Testing

@testable import Host

@Suite(.timeLimit(.minutes(1))) struct `Agent groups over the control socket` {
    @Test(arguments: [
        ("deniedTools", "shell,bogus", "\"bogus\" is no tool: use add_reaction"),
        ("skills", "own,bogus", "\"bogus\" is no skill: use"),
        ("mounts", "bogus", "\"bogus\" is no mount"),
    ])
    func `names that nothing has are refused with those that there are`(
        key: String,
        text: String,
        words: String
    ) async throws {
        try await ControlFixture.with { fixture in
            for path in ["main", "main/skills", "main/skills/own"] { mkdir("\(fixture.home)/groups/\(path)", 0o755) }
            let before = try await fixture.ask("groups config get", ["group": "main"])
            let refusal = try await fixture.refusal(
                "groups config update",
                ["group": "main", "set": [key: .string(text)]]
            )
            #expect(refusal.contains(words), "\(refusal)")
            #expect(try await fixture.ask("groups config get", ["group": "main"]) == before)
            let good: JSONValue = ["deniedTools": "shell,read_skill", "skills": "own", "mounts": ""]
            let row = try await fixture.ask("groups config update", ["group": "main", "set": good])
            #expect(row[key: "deniedTools"] == ["shell", "read_skill"])
            #expect(row[key: "skills"] == ["own"])
        }
    }

    @Test func `a group is offered the mounts that are for it`() async throws {
        try await withTemporaryDirectory { home in
            let file = """
                mounts:
                  a: {path: /srv/a, groups: [main]}
                  b: {path: /srv/b, groups: ["*"]}
                  c: {path: /srv/c, groups: [other]}
                """
            let configuration = try HostConfiguration(text: file, path: "config.yaml", environment: [:])
            #expect(KnownNames(folder: "main", home: home, mounts: configuration.mounts).mounts == ["a", "b"])
        }
    }

    @Test func `a provider without a name is none`() async throws {
        try await ControlFixture.with { fixture in
            _ = try await fixture.ask(
                "providers add",
                ["name": "p", "kind": "openai", "baseURL": "http://127.0.0.1:1/v1", "model": "m"]
            )
            _ = try await fixture.ask("groups config update", ["group": "main", "provider": "p"])
            let row = try await fixture.ask("groups config update", ["group": "main", "provider": ""])
            #expect(row[key: "provider"] == "offline")
        }
    }

    @Test func `a deleted group's conversations go, what links in them point to and its folder stay`() async throws {
        try await ControlFixture.with { fixture in
            let id = fixture.main.id.rawValue
            let kept = "\(fixture.home)/kept"
            for path in ["kept", "kept/deep", "groups/main", "data/sessions", "data/composed"] {
                mkdir("\(fixture.home)/\(path)", 0o755)
            }
            for folder in ["sessions", "composed"] {
                let place = "\(fixture.home)/data/\(folder)/\(id)"
                for path in [place, "\(place)/one", "\(place)/one/outbound"] { mkdir(path, 0o700) }
                #expect(symlink(kept, "\(place)/one/outbound/link") == 0)
            }
            _ = try await fixture.ask("groups delete", ["group": "main"])
            #expect(access("\(fixture.home)/data/sessions/\(id)", F_OK) != 0)
            #expect(access("\(fixture.home)/data/composed/\(id)", F_OK) != 0)
            #expect(access("\(kept)/deep", F_OK) == 0)
            #expect(access("\(fixture.home)/groups/main", F_OK) == 0)
        }
    }

    @Test(.enabled(if: geteuid() == 0, "only root gives files away"))
    func `a folder that is taken over is the service user's with all in it, and nothing else is`() async throws {
        try await withTemporaryDirectory { home in
            for path in ["groups", "groups/old", "groups/old/skills", "groups/old/skills/s", "outside"] {
                mkdir("\(home)/\(path)", 0o755)
            }
            for path in ["groups/old/CLAUDE.md", "groups/old/skills/s/SKILL.md", "outside/file", "outside/named"] {
                close(open("\(home)/\(path)", O_WRONLY | O_CREAT, 0o644))
            }
            symlink("\(home)/outside", "\(home)/groups/old/link")
            symlink("\(home)/outside/file", "\(home)/groups/old/file-link")
            link("\(home)/outside/named", "\(home)/groups/old/second-name")
            let folder = GroupFolder(home: home, owner: FileOwner(uid: 1234, gid: 1234))
            try folder.create("old", name: "Old", adopt: true)
            func owner(_ path: String) -> UInt32? {
                var status = stat()
                return lstat("\(home)/\(path)", &status) == 0 ? status.st_uid : nil
            }
            for path in ["", "/CLAUDE.md", "/skills", "/skills/s", "/skills/s/SKILL.md", "/link", "/memory"] {
                #expect(owner("groups/old\(path)") == 1234, "\(path)")
            }
            for path in ["outside", "outside/file", "outside/named"] { #expect(owner(path) == 0, "\(path)") }
        }
    }
}

@Suite(.timeLimit(.minutes(1))) struct `What people type over the control socket` {
    @Test(
        arguments: [
            ("users create", ["user": "x y:1"], "is no user"),
            ("users create", ["user": "x:a b"], "is no user"),
            ("users create", ["user": "x:a\u{1B}b"], "is no user"),
            ("messaging-groups create", ["channel": "cli", "platformID": "weird ../id"], "holds spaces"),
            ("messaging-groups create", ["channel": "cli", "platformID": "../id"], "cli:local:<name>"),
            ("wirings create", ["group": "main", "chat": "cli", "sessionMode": "alone"], "--session-mode \"alone\""),
            ("logs level", ["level": "debug", "component": "nosuch"], "use one of actions, agents"),
        ] as [(String, [String: JSONValue], String)]
    )
    func `what nothing can be called is refused`(
        command: String,
        arguments: [String: JSONValue],
        words: String
    ) async throws {
        try await ControlFixture.with { fixture in
            let refusal = try await fixture.refusal(command, arguments)
            #expect(refusal.contains(words), "\(refusal)")
        }
    }

    @Test func `every part of the host that logs can be named`() throws {
        let sources = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../../Sources").standardized
        let files = try #require(FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil))
        var found: Set<String> = []
        for case let file as URL in files where file.pathExtension == "swift" {
            let text = try String(contentsOf: file, encoding: .utf8)
            for match in text.matches(of: /logger\("([a-z]+)"\)/) { found.insert(String(match.1)) }
        }
        #expect(found.sorted() == LogHandlers.components)
    }
}
