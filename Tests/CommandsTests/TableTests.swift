import ArgumentParser
import ControlProtocol
import Core
import Glibc
import TestSupport
import Testing

@testable import Commands

@Suite struct `Tables` {
    @Test func `§16.264 rows are a table and no rows say so`() {
        let table = Table("name", "count:N", "tags", "on:ON")
        #expect(table.text([]) == "(no rows)")
        let rows: [JSONValue] = [
            ["name": "a", "count": 12, "tags": ["x", "y"], "on": true],
            ["name": "longer", "count": .null, "tags": [], "on": false],
        ]
        #expect(
            table.text(rows) == """
                NAME    N   TAGS  ON
                ──────  ──  ────  ───
                a       12  x, y  yes
                longer  -   -     no
                """
        )
    }

    @Test func `a long value is cut in a table, and makes the others no wider`() {
        let text = Table("text", "id").text([["text": .string(String(repeating: "ü", count: 32_000)), "id": "a"]])
        let lines = text.split(separator: "\n")
        #expect(lines[2] == String(repeating: "ü", count: 99) + "…  a")
        #expect(lines.allSatisfy { $0.count <= 104 })
    }

    @Test func `values of any script stand in their columns`() {
        let text = Table("name", "id").text([["name": "日本", "id": "a"], ["name": "Zoë", "id": "b"]])
        #expect(text.split(separator: "\n").suffix(2) == ["日本  a", "Zoë   b"])
    }

    @Test func `a record is a field a line, its own order first`() {
        #expect(
            Table.record(["b": "2", "id": "x", "a": ["k": 1]], first: ["id"]) == """
                id  x
                a   k=1
                b   2
                """
        )
    }
}

@Suite struct `Finding the home` {
    @Test(arguments: [
        (["--home", "/x", "status"], ["status", "--home", "/x"]),
        (["--home=/x", "groups", "list", "--json"], ["groups", "list", "--json", "--home=/x"]),
        (
            ["--home", "/x", "sandbox", "exec", "--", "ls", "--home"],
            ["sandbox", "exec", "--home", "/x", "--", "ls", "--home"]
        ),
        (["--home", "/x", "status", "--home", "/y"], ["status", "--home", "/y"]),
        (["status", "--home", "/x"], ["status", "--home", "/x"]),
        (["--home"], ["--home"]),
        ([], []),
    ])
    func `--home may stand before the verb`(given: [String], normal: [String]) {
        #expect(ArgumentOrder.normalized(given) == normal)
    }

    @Test func `the option wins over the variable and that over the checkout`() throws {
        func resolve(_ option: String?, _ variable: String?, _ binary: String?) throws -> String {
            try HomeLocation.resolve(option: option, environment: variable, binary: binary)
        }
        #expect(try resolve("/a/none", "/b/none", nil) == "/a/none")
        #expect(try resolve(nil, "/b/none/", nil) == "/b/none")
        #expect(throws: CommandFailure.self) { try resolve(nil, "", "/usr/bin/nanoclaw") }
        #expect(throws: CommandFailure.self) { try resolve("", "/b", nil) }
    }
}

@Suite struct `What doctor says` {
    @Test func `a folder that no agent group has is no fault`() async throws {
        try await withTemporaryDirectory { home in
            if geteuid() == 0 { chown(home, 1000, 1000) }
            for path in ["groups", "groups/example"] { mkdir("\(home)/\(path)", 0o755) }
            close(open("\(home)/groups/example/CLAUDE.md", O_WRONLY | O_CREAT, 0o644))
            let fresh = DoctorFiles(home: home, recorded: []).examine()
            #expect(fresh.map(\.level) == [.good])
            #expect(fresh[0].text.contains("groups create --folder example"))
            guard geteuid() == 0 else { return }
            #expect(DoctorFiles(home: home, recorded: ["example"]).examine().contains { $0.level == .bad })
        }
    }

    @Test func `what steers an agent is listed with its last change, and is no fault whoever made it`() async throws {
        try await withTemporaryDirectory { home in
            let (owner, folder) = (UInt32(geteuid() == 0 ? 1000 : geteuid()), "\(home)/groups/main")
            for path in [home, "\(home)/groups", folder, "\(folder)/skills", "\(folder)/skills/s"] {
                mkdir(path, 0o755)
                chown(path, owner, owner)
            }
            func look() -> [Finding] { DoctorFiles(home: home, recorded: ["main"]).examine() }
            #expect(look() == [Finding(.good, "groups/main", "2 files")])
            for path in ["\(folder)/CLAUDE.md", "\(folder)/skills/s/SKILL.md"] {
                close(open(path, O_WRONLY | O_CREAT, 0o644))
                chown(path, owner, owner)
                // An agent can make it look old.
                let old = timespec(tv_sec: 1, tv_nsec: 0)
                utimensat(AT_FDCWD, path, [old, old], 0)
            }
            let found = look()
            #expect(found.map(\.level) == [.good, .good], "\(found)")
            let text = try #require(found.last?.text)
            for path in ["CLAUDE.md", "skills/s/SKILL.md"] { #expect(text.contains("\(path) changed 20"), "\(text)") }
        }
    }

    @Test func `a database that cannot be looked at is not one that is missing`() async throws {
        try await withTemporaryDirectory { home in
            let doctor = Doctor(home: home, asksProviders: false)
            #expect(await doctor.database() == [Finding(.skipped, "database", "not there yet")])
            // Nobody, not even root, can look below a file.
            close(open("\(home)/data", O_WRONLY | O_CREAT, 0o600))
            #expect(await doctor.database().map(\.level) == [.bad])
        }
    }
}

@Suite struct `What people type` {
    @Test func `the output of a runner is found by the beginning of an id`() throws {
        let files = ["se_aaa1.log", "se_aaa1.log.1", "se_aab2.log"]
        #expect(try LogsCommand.RunnerLog.session("aab", of: files).rawValue == "se_aab2")
        #expect(try LogsCommand.RunnerLog.session("se_aaa", of: files).rawValue == "se_aaa1")
        for text in ["nope", "", "se_aa", "aa"] {
            #expect(throws: CommandFailure.self) { try LogsCommand.RunnerLog.session(text, of: files) }
        }
    }

    @Test func `a priority may be under zero`() throws {
        let command = try NanoclawCommand.parseAsRoot(["wirings", "update", "wi_1", "--priority", "-3"])
        #expect((command as? WiringsCommand.Update)?.settings.priority == -3)
    }

    @Test func `a session's isolation is lines, not one`() throws {
        let process: JSONValue = [
            "role": "runner", "pid": 2, "uid": 1, "gid": 1, "groups": 0, "noNewPrivileges": true, "seccomp": 2,
            "seccompFilters": 1, "capabilities": ["0"], "secureBits": 0, "namespaces": ["pid": "1"], "uidMap": "0 1 1",
            "gidMap": "0 1 1", "landlock": 4, "landlockDenies": true, "userNamespaceErrno": 1, "mounts": 3,
            "rootReadOnly": true, "dumpable": false, "limits": [1, .null], "cgroup": "/",
        ]
        let row: JSONValue = [
            "id": "se_1", "isolation": ["mode": "rootless", "cgroup": "", "degraded": [], "processes": [process]],
        ]
        let text = try SessionText.text(row)
        #expect(text.hasPrefix("id  se_1\n\nisolation: rootless, two tiers, seccomp"))
        #expect(text.split(separator: "\n").allSatisfy { $0.count < 200 })
        #expect(try SessionText.text(["id": "se_1", "isolation": .null]) == "id         se_1\nisolation  -")
    }
}
