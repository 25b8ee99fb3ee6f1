import Foundation
import TestSupport
import Testing

/// The home on a small disk of its own, as root: a file system in a file.
@Suite(.serialized, .timeLimit(.minutes(5)), .enabled(if: getuid() == 0, "only root can mount a disk"))
struct FullDiskTests {
    private func said(_ host: TestHost) async throws -> String {
        try await host.sql("data/nanoclaw.db", "select content from cli_messages where direction='out'")
            .joined(separator: "\n")
    }

    private static let files =
        "mkdir fill; cd fill; (i=0; while :; do : > $i || exit 1; i=$((i+1)); done) 2>/dev/null; sleep 30"
    private static let nameless =
        "mkdir fill; exec 3>fill/f 4>fill/g; rm fill/*; head -c 60M /dev/zero >&3; head -c 300M /dev/zero >&4; sleep 30"

    @Test(
        arguments: [
            ("bytes", "head -c 300M /dev/zero > fill; sleep 30", nil), ("bytes without a name", nameless, nil),
            ("PS14 files", files, nil), ("PS14 files", files, 65_534),
        ] as [(String, String, UInt32?)]
    )
    func `T26 T60 who fills the disk from a sandbox is ended and told, and the others work on`(
        what: String,
        command: String,
        user: UInt32?
    ) async throws {
        try await SmallDisk.withHost(user: user) { host in
            for words in [
                ["groups", "create", "other"], ["wirings", "create", "--chat", "cli:local:other", "--group", "other"],
            ] {
                let made = try await host.nanoclaw(words)
                #expect(made.status == 0, "\(made)")
            }
            func other(_ word: String) async throws {
                let answer = try await host.nanoclaw("chat", "--chat", "cli:local:other", "-m", "run echo \(word)")
                #expect(answer.output.contains(word), "\(answer)")
            }
            try await other("before")
            _ = try await host.chat("hello")
            try await eventually("the reserve is held") { host.size("data/reserve") > 0 }
            let others = Set(try await host.sandboxProcesses())

            let start = ContinuousClock.now
            let filled = try await host.nanoclaw("chat", "-m", "run \(command)", "--timeout", "60")
            let length = ContinuousClock.now - start
            print("T60 \(what), \(user.map { "uid \($0)" } ?? "own user"): ended after \(length)")
            // Measured: 1.2 s and 1.7 s.
            #expect(length < .seconds(10))
            #expect((filled.output + filled.errors).contains("filled it fastest"), "\(filled)")
            // At low other agents' messages are taken; at full they wait for room.
            try FileManager.default.removeItem(atPath: "\(host.home)/groups/main/fill")
            try await eventually("the people are told") {
                let said = try await said(host)
                return said.contains("I was stopped: the disk is") && said.contains("filled it and was ended")
            }
            try await eventually("the reserve is held again") { host.size("data/reserve") > 0 }
            try await host.checkFiles()
            try await other("meanwhile")
            #expect(try await host.chat("run echo after").contains("after"))
            // The other agent's sandbox is the one that it had.
            #expect(!others.isDisjoint(with: try await host.sandboxProcesses()))
        }
    }

    @Test(arguments: ["ext4", "xfs", "btrfs"])
    func `T26 a disk filled from outside ends nobody, is told as such, and gives way to work`(
        kind: String
    ) async throws {
        try await SmallDisk.withHost(kind) { host in
            _ = try await host.chat("hello")
            try await eventually("the reserve is held") { host.size("data/reserve") > 0 }
            let pids = try await host.sandboxProcesses()
            let underWay = try Command(
                Release.nanoclaw,
                ["--home", host.home, "chat", "-m", "run sleep 4.0625; echo finished", "--timeout", "30"]
            )
            try await eventually(within: 20, "the tool runs") {
                try await run("/usr/bin/pgrep", ["-f", "^sleep 4[.]0625$"]).status == 0
            }
            try await SmallDisk.fill(host.home)
            try await eventually("the reserve is given up") { host.size("data/reserve") < 0 }
            let full = try await host.nanoclaw("chat", "-m", "run echo during", "--timeout", "15")
            #expect(full.status != 0, "\(full)")
            #expect((full.errors + full.output).contains("the disk is full"), "\(full)")
            let status = try await host.nanoclaw("status")
            #expect(status.output.contains("the disk is full"), "\(status)")
            // What is kept at the worst moment is what was there: a file is replaced whole or not at all.
            _ = try await host.nanoclaw("config", "set", "maxRunners", "31")
            try await host.checkFiles()
            // What the reserve is for: a turn that was under way ends and is answered.
            let finished = await underWay.finished()
            #expect(finished.output.contains("finished"), "\(finished)")
            #expect(pids.allSatisfy { kill($0, 0) == 0 })
            #expect(try await said(host).contains("no session of mine fills it"))

            try FileManager.default.removeItem(atPath: "\(host.home)/filler")
            // btrfs gives room back with its next commit only.
            _ = try await run("/bin/sync", ["-f", host.home])
            try await eventually("the reserve is held again") { host.size("data/reserve") > 0 }
            #expect(try await host.chat("run echo after").contains("after"))
            #expect(pids.allSatisfy { kill($0, 0) == 0 })
            #expect(try await host.checkReplies() == ["hello", "run sleep 4.0625; echo finished", "run echo after"])
            #expect(try await said(host).contains("The disk has room again"))
        }
    }

    @Test func `T26 a first start on a full disk says why, with a command that shows it, and leaves no half file`()
        async throws
    {
        try await withTemporaryDirectory { path in
            let home = path + "/a home"
            try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: true)
            // With nothing left, and with too little for the databases.
            for size in ["1m", "1100k"] {
                let script = "mount -t tmpfs -o size=\(size) full '\(home)' && head -c 1m /dev/zero > '\(home)/filler'"
                let mounted = try await run("/bin/sh", ["-c", script])
                try #require(mounted.status == 0, "\(mounted)")
                let up = try await run(Release.nanoclaw.path, ["up", "--home", home])
                let half = try await run(
                    "/usr/bin/find",
                    [home, "-name", "*.new*", "-o", "-name", "config.yaml", "-empty"]
                )
                let command = up.errors.firstMatch(of: /make room: `([^`]+)`/).map { String($0.1) }
                let shown = try await run("/bin/sh", ["-c", command ?? "false"])
                _ = try await run("/bin/umount", ["-l", home])
                #expect(up.status == 1 && up.errors.contains(/No space left on device|disk is full/), "\(up)")
                #expect(shown.status == 0 && shown.output.contains(home), "\(up) \(shown)")
                #expect(half.output.isEmpty, "\(half)")
            }
        }
    }

    @Test func `T26 a host starts on a full disk, and says so`() async throws {
        try await SmallDisk.with { home in
            try await withHost(home: home) { host in
                _ = try await host.chat("hello")
                try await eventually("the reserve is held") { host.size("data/reserve") > 0 }
            }
            try await SmallDisk.fill(home)
            try await withHost(home: home) { host in
                #expect(host.size("data/reserve") < 0)
                try await eventually("it is told") {
                    try await host.nanoclaw("status").output.contains("the disk is full")
                }
                try FileManager.default.removeItem(atPath: "\(home)/filler")
                try await eventually("the reserve is held again") { host.size("data/reserve") > 0 }
                #expect(try await host.chat("run echo after").contains("after"))
                try await host.checkFiles()
            }
        }
    }
}
