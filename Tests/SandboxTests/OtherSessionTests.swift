import Core
import Foundation
import Glibc
import LinuxIO
import TestSupport
import Testing

@testable import Sandbox

/// What one conversation can do to another that has a sandbox of its own beside it.
@Suite(.serialized)
struct OtherSessionTests {
    @Test(arguments: SpawnMode.available, [SandboxRequest.Tier.runner, .tool])
    func `IN10 a file that another conversation was sent is there by no path that one may guess`(
        mode: SpawnMode,
        tier: SandboxRequest.Tier
    ) async throws {
        try await SpawnFixture.with(mode) { fixture in
            try await ScratchSession.with(home: fixture.home) { other in
                let session = "data/sessions/scratch/\(other.session.rawValue)"
                let file = "inbound/inbox/m_1/guessed.txt"
                try fixture.place(Data("told to another".utf8), "\(session)/\(file)")
                #expect(try String(contentsOfFile: "\(fixture.home)/\(session)/\(file)", encoding: .utf8) != "")
                let guesses = [
                    "/workspace/inbound/inbox/m_1/guessed.txt",
                    "/workspace/inbound/inbox/../../../\(other.session.rawValue)/\(file)",
                    "/workspace/inbound/../../\(other.session.rawValue)/\(file)",
                    "\(fixture.home)/\(session)/\(file)",
                    "/proc/self/root\(fixture.home)/\(session)/\(file)",
                ]
                for guess in guesses {
                    let outcome = try await fixture.run(tier, ["cat", guess])
                    #expect(outcome.output.isEmpty)
                    #expect(outcome.errorOutput.contains("No such file or directory"), "\(guess): \(outcome)")
                }
                // The way through another process's root is closed itself.
                let around = try await fixture.run(tier, ["cat", "/proc/1/root\(fixture.home)/\(session)/\(file)"])
                #expect(around.errorOutput.contains("Permission denied"), "\(around)")
                let search = try await fixture.shell(tier, "find / -name guessed.txt 2>/dev/null; echo over")
                #expect(search.output == "over\n")
            }
        }
    }

    @Test(arguments: SpawnMode.available)
    func `CF07 what one group leaves in caches or anywhere, another group never meets`(mode: SpawnMode) async throws {
        try await SpawnFixture.with(mode) { fixture in
            mkdir("\(fixture.home)/groups/other", 0o755)
            chown("\(fixture.home)/groups/other", mode.owner, mode.owner)
            let mark = """
                mkdir -p ~/.npm ~/.cache/pip
                (find / -xdev -type d; find /workspace /tmp /dev /run -type d) 2>/dev/null >/tmp/all
                while read -r place; do (: >"$place/nanoclaw-mark") 2>/dev/null; done </tmp/all
                """
            let search = "find / -path /proc -prune -o -name nanoclaw-mark -print 2>/dev/null | sort"
            let marked = try await shell(fixture, "demo", "\(mark)\n\(search)")
            for place in ["/tmp", "/dev/shm", "/workspace/agent/.npm", "/workspace/agent/.cache/pip"] {
                #expect(marked.contains("\(place)/nanoclaw-mark"), "\(place) of \(marked)")
            }
            #expect(try await shell(fixture, "other", search) == [])
            // The group's own folder is the only place that stays.
            let again = try await shell(fixture, "demo", search)
            #expect(!again.isEmpty && again.allSatisfy { $0.hasPrefix("/workspace/agent/") }, "\(again)")
        }
    }

    /// The lines of a shell's output in a fresh session of that group.
    private func shell(_ fixture: SpawnFixture, _ folder: String, _ script: String) async throws -> [String] {
        try await ScratchSession.with(home: fixture.home) { scratch in
            let command = SandboxRequest.Program.command(tier: .tool, argv: ["/bin/sh", "-c", script])
            let process = try await fixture.spawner.spawn(scratch.request(command, groupFolder: folder))
            return try await fixture.outcome(of: process).output.split(separator: "\n").map(String.init)
        }
    }

    @Test(arguments: SpawnMode.available)
    func `PS25 a sandbox that holds all it may of what is counted by user leaves a neighbour its share`(
        mode: SpawnMode
    ) async throws {
        try await SpawnFixture.with(mode) { fixture in
            try await ScratchSession.with(home: fixture.home) { scratch in
                try fixture.place(try AttackRun.program.get(), "groups/demo/attack")
                let words = ["env"] + AttackRun.variables.split(separator: " ").map(String.init)
                let holder = try await fixture.spawner.spawn(
                    scratch.request(
                        .command(tier: .tool, argv: words + ["/workspace/agent/attack", "hold"]),
                        groupFolder: "demo",
                        limits: AttackRun.limits
                    )
                )
                // It says so when it has all.
                var told = ""
                while told.split(separator: "\n").count < 2 {
                    try await Readiness.shared.readable(holder.output)
                    let part = try holder.output.read(upTo: 4096)
                    if part.isEmpty { break }
                    told += String(decoding: part, as: UTF8.self)
                }
                #expect(told == "PS25 EMFILE\nPS21.timers EAGAIN\n")
                let answers = try await AttackRun.run(
                    fixture,
                    .tool,
                    "hoard /workspace/agent",
                    AttackRun.limits
                )
                // Refused only at its own limit: it had as much as the first.
                #expect(answers["PS25"] == "EMFILE" && answers["PS21.timers"] == "EAGAIN", "\(answers)")
                #expect(kill(holder.pid, 0) == 0 || mode == .rootless)
                holder.kill()
                _ = await holder.waitForExit()
            }
        }
    }
}
