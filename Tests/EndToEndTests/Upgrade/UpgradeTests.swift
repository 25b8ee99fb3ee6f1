import Foundation
import Glibc
import TestSupport
import Testing

/// From one release to another, with real hosts.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct UpgradeTests {
    /// What a release does to a home before it turns out to be broken.
    static let damage = """
        sqlite3 "$home/data/nanoclaw.db" "ALTER TABLE agent_groups ADD COLUMN later TEXT; \
        INSERT INTO schema_version VALUES ('central_9999_later', 99, 0, 'x'); DELETE FROM cli_messages;" && \
        rm "$home/groups/main/notes.txt" && mkdir "$home/groups/main/later" && ln -s /etc "$home/groups/main/link" && \
        find "$home/data/sessions" -name inbound.db -exec cp /bin/true '{}' ';' && \
        chmod 0 "$home/groups/main/CLAUDE.md" && echo 'later: 1' >>"$home/config.yaml" && touch "$home/damaged"
        """

    @Test(arguments: [nil, 65_534] as [UInt32?])
    func `T62 a release takes over from a running host, and its conversations go on`(user: UInt32?) async throws {
        guard user == nil || getuid() == 0 else { return }
        try await UpgradeScene.with(user: user) { scene in
            let key = String(repeating: "k", count: 9_000)
            try await scene.up(environment: ["LONG_KEY": key, "SHORT_KEY": "of-the-host"])
            #expect(try await scene.chat("run echo first-answer").contains("first-answer"))
            let first = try #require(scene.hostPID)
            let tried = try await scene.upgrade("--from", scene.new, "--check")
            #expect(tried.status == 0 && tried.output.contains("can serve"), "\(tried)")
            #expect(try scene.release() == "old" && scene.hostPID == first)
            let done = try await scene.upgrade("--from", scene.new, "--restart")
            #expect(done.status == 0, "\(done)")
            #expect(try scene.release() == "new")
            let second = try #require(scene.hostPID)
            #expect(second != first)
            let environment = try procText("/proc/\(second)/environ")
            #expect(environment.contains("LONG_KEY=\(key)\0") && environment.contains("SHORT_KEY=of-the-host\0"))
            #expect(try await scene.chat("run echo second-answer").contains("second-answer"))
            let history = try await scene.history()
            #expect(history.contains("first-answer") && history.contains("second-answer"), "\(history)")
            try scene.expectNothingLeft("\(done)")
            let again = try await scene.upgrade("--from", scene.new, "--restart")
            #expect(again.status == 0 && again.output.contains("nothing to do"), "\(again)")
        }
    }

    @Test func `T62 the real programs change places, and a host that was down stays down`() async throws {
        try await UpgradeScene.with { scene in
            // The real ones, told from each other by a byte that no loader reads.
            for name in ["nanoclaw", "nanoclaw-sandbox", "agent-runner"] {
                for folder in [scene.old, scene.new] {
                    unlink("\(folder)/\(name)")
                    let source = Release.directory.appending(path: name).path
                    try FileManager.default.copyItem(atPath: source, toPath: "\(folder)/\(name)")
                }
                let file = try #require(FileHandle(forWritingAtPath: "\(scene.new)/\(name)"))
                try file.seekToEnd()
                try file.write(contentsOf: Data("new".utf8))
                try file.close()
            }
            try await scene.converse()
            let version = try await run(scene.old + "/nanoclaw", ["--version"])
            #expect(version.status == 0 && version.output.split(separator: ".").count == 3, "\(version)")
            let done = try await run(
                scene.old + "/nanoclaw",
                ["upgrade", "--home", scene.home, "--from", scene.new]
            )
            #expect(done.status == 0, "\(done)")
            for name in ["nanoclaw", "nanoclaw-sandbox", "agent-runner"] {
                #expect(
                    FileManager.default.contentsEqual(atPath: "\(scene.old)/\(name)", andPath: "\(scene.new)/\(name)")
                )
            }
            #expect(scene.hostPID == nil)
            try await scene.up()
            #expect(try await scene.chat("read notes.txt").contains("remember the milk"))
        }
    }

    @Test(
        arguments: [
            ("exit 3", "ended with 3"),
            ("echo hello; exit 0", "is none that this one"),
            (#"echo '{"format":2,"ready":true}'; exit 0"#, "is none that this one"),
            (#"sed -i 's/^log:/futureKey: 1\nlog:\n  wheel: 2/' "$home/config.yaml""#, "futureKey"),
            (#"sed -i 's/^log:/futureKey: 1\nlog:\n  wheel: 2/' "$home/config.yaml""#, "log.wheel"),
            (
                #"sqlite3 "$home/data/nanoclaw.db" "INSERT INTO schema_version VALUES ('central_9999_later', 99, 0, 'x')""#,
                "central_9999_later"
            ),
            (
                #"sqlite3 "$home/data/nanoclaw.db" "UPDATE agent_group_configs SET config = '{\"hovercraft\":1}'""#,
                "hovercraft"
            ),
            (
                #"find "$home/data/sessions" -name inbound.db -exec sqlite3 '{}' 'PRAGMA user_version=99' ';'"#,
                "schema version 99"
            ),
            (
                #"find "$home/data/sessions" -name outbound.db -exec sqlite3 '{}' 'PRAGMA user_version=98' ';'"#,
                "schema version 98"
            ),
            (#"find "$home/data/sessions" -name inbound.db -exec cp /bin/true '{}' ';'"#, "session se_"),
        ]
    )
    func `T62 a release that cannot serve a copy changes nothing and says why`(
        fault: String,
        word: String
    )
        async throws
    {
        try await UpgradeScene.with { scene in
            try scene.makeRelease("new", preflight: fault)
            try await scene.converse()
            let before = try await scene.tree()
            let refused = try await scene.upgrade("--from", scene.new)
            #expect(refused.status == 1, "\(refused)")
            #expect(refused.errors.contains(word) && refused.errors.contains("nothing was changed"), "\(refused)")
            #expect(try await scene.tree() == before)
            #expect(try scene.release() == "old")
            try scene.expectNothingLeft("\(refused)")
        }
    }

    @Test(
        arguments: [
            (damage + "; exec sleep 987", "was not ready within 2 s"),
            (damage, "ended with 78"),
            (damage + "; kill -9 $$", "ended by signal 9"),
        ]
    )
    func `T62 after a release that does not serve, programs and state are back byte for byte`(
        fault: String,
        word: String
    ) async throws {
        try await UpgradeScene.with { scene in
            try scene.makeRelease("new", up: fault)
            try await scene.converse()
            let before = try await scene.tree()
            let failed = try await scene.upgrade("--from", scene.new, "--timeout", "2")
            #expect(failed.status == 1 && failed.errors.contains(word), "\(failed)")
            #expect(failed.errors.contains("are back") && failed.errors.contains("upgrade.log"), "\(failed)")
            // The release did get that far.
            #expect(FileManager.default.fileExists(atPath: scene.home + "/damaged"))
            #expect(try await scene.tree() == before)
            #expect(try scene.release() == "old")
            try scene.expectNothingLeft("\(failed)")
            try await scene.up()
            #expect(try await scene.chat("read notes.txt").contains("remember the milk"))
            #expect(try await scene.history().contains("first-answer"))
        }
    }

    @Test(arguments: [nil, 65_534] as [UInt32?])
    func `T62 the old host serves again after a release that does not`(user: UInt32?) async throws {
        guard user == nil || getuid() == 0 else { return }
        try await UpgradeScene.with(user: user) { scene in
            try scene.makeRelease("new", up: Self.damage)
            try await scene.converse()
            try await scene.up()
            let failed = try await scene.upgrade("--from", scene.new, "--restart")
            #expect(failed.status == 1 && failed.errors.contains("the old host serves"), "\(failed)")
            #expect(try scene.release() == "old")
            #expect(try await scene.chat("read notes.txt").contains("remember the milk"))
            #expect(try await scene.history().contains("first-answer"))
        }
    }

    @Test func `an upgrade goes on when the connection drops that it was started over`() async throws {
        try await UpgradeScene.with { scene in
            // As a terminal that hangs up, in the middle of the wait for the new host.
            try scene.makeRelease("new", up: "kill -HUP $PPID")
            try await scene.converse()
            let done = try await scene.upgrade("--from", scene.new)
            #expect(done.status == 0, "\(done)")
            #expect(try scene.release() == "new")
            try scene.expectNothingLeft("\(done)")
        }
    }

    @Test func `T62 without room for copy and saved state nothing is begun`() async throws {
        guard getuid() == 0 else { return }
        try await UpgradeScene.with { scene in
            let mounted = try await run("/bin/mount", ["-t", "tmpfs", "-o", "size=24m,mode=755", "tmpfs", scene.home])
            guard mounted.status == 0 else {
                print("skipped: no tmpfs can be mounted here: \(mounted.errors)")
                return
            }
            do {
                try await scene.converse()
                let before = try await scene.tree()
                let refused = try await scene.upgrade("--from", scene.new)
                #expect(refused.status == 1 && refused.errors.contains("MiB are free"), "\(refused)")
                #expect(try await scene.tree() == before)
                #expect(try scene.release() == "old")
            } catch {
                Issue.record(error)
            }
            _ = try await run("/bin/umount", ["-l", scene.home])
        }
    }

    @Test func `a host that nobody else could start again is left alone, with what to do`() async throws {
        try await UpgradeScene.with { scene in
            try await scene.up()
            let refused = try await scene.upgrade("--from", scene.new)
            #expect(refused.status == 1 && refused.errors.contains("--restart"), "\(refused)")
            try await scene.stop()
            // A terminal of its own.
            let line = "\(scene.old)/nanoclaw up --home \(scene.home)"
            let terminal = try Command(URL(filePath: "/usr/bin/script"), ["-qec", line, "/dev/null"])
            try await eventually(within: 20, "the host is ready") { try await scene.nanoclaw("status").status == 0 }
            let inTerminal = try await scene.upgrade("--from", scene.new, "--restart")
            #expect(inTerminal.status == 1 && inTerminal.errors.contains("runs in a terminal"), "\(inTerminal)")
            #expect(try scene.release() == "old" && scene.hostPID != nil)
            try await scene.stop()
            _ = await terminal.finished()
            for (arguments, status) in [(["--resume"], 1), (["--back"], 1), ([], 64)] as [([String], Int32)] {
                let words = ["upgrade", "--home", scene.home, "--programs", scene.old] + arguments
                let answer = try await run(Release.nanoclaw.path, words)
                #expect(answer.status == status, "\(answer)")
            }
        }
    }
}
