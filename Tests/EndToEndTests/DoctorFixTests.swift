import Foundation
import TestSupport
import Testing

/// What the doctor tells people to type, typed: by the real program, about homes that are broken for real.
@Suite(.timeLimit(.minutes(3)))
struct DoctorFixTests {
    /// The commands of a look, each run by a shell; their findings' lines first.
    private struct Look {
        let answer: Finished
        let commands: [String]

        func says(_ text: String) -> Bool { answer.output.contains(text) }
    }

    /// Asks the doctor and runs what it names: those that would change the machine or begin a host are only shown.
    private static func look(_ home: String, program: String, _ more: String...) async throws -> Look {
        let answer = try await run(program, ["doctor", "--home", home] + more)
        let commands = answer.output.split(separator: "\n").compactMap { line -> String? in
            line.firstRange(of: "→ ").map { String(line[$0.upperBound...]) }
        }
        for command in commands {
            var typed = command
            if command.hasSuffix(" service install") { typed += " --print" }
            if command.contains(" up --home ") { typed += " --help" }
            if command.hasSuffix("nanoclaw.sh build") { typed = command.dropLast("build".count) + "--help" }
            let done = try await run("/bin/sh", ["-c", typed])
            // 126 and 127 are the shell's for what is not there, 64 is ours for a verb or an option that is not.
            #expect(![64, 126, 127].contains(done.status), "\(command): \(done)")
            // Verbs that ask a host have none here; what they say is about that.
            let isOurs = command.contains("/nanoclaw ")
            #expect(done.status == 0 || isOurs && !done.errors.contains("Usage"), "\(command): \(done)")
        }
        return Look(answer: answer, commands: commands)
    }

    /// A home that a host has served, with an agent's folder.
    private static func withServedHome(_ body: (_ home: String, _ programs: String) async throws -> Void) async throws {
        try await withTemporaryDirectory { path in
            chmod(path, 0o755)
            let home = path + "/a home"
            try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: true)
            try await withHost(home: home) { host in
                _ = try await host.chat("run echo hello > made.txt")
                // Nobody listens on that port.
                let model = ["--kind", "openai", "--base-url", "http://127.0.0.1:9/v1", "--model", "m"]
                #expect(try await host.nanoclaw(["providers", "add", "local"] + model).status == 0)
            }
            let programs = path + "/programs"
            try FileManager.default.copyItem(atPath: Release.directory.path, toPath: programs)
            try await body(home, programs)
        }
    }

    @Test func `T64 what the doctor names for open, foreign and missing files mends them`() async throws {
        guard getuid() == 0, getpwnam("nanoclaw") != nil else { return }
        try await Self.withServedHome { home, programs in
            let program = programs + "/nanoclaw"
            chmod(home + "/data", 0o755)
            chown(home + "/groups/main/made.txt", 0, 0)
            try FileManager.default.createDirectory(
                atPath: home + "/data/credentials",
                withIntermediateDirectories: true
            )
            try "key".write(toFile: home + "/data/credentials/x", atomically: false, encoding: .utf8)
            chmod(home + "/data/credentials/x", 0o644)
            chmod(programs + "/agent-runner", 0o777)
            let broken = try await Self.look(home, program: program)
            #expect(broken.answer.status == 1, "\(broken.answer)")
            for word in ["chmod 700 ", "chmod 600 ", "chmod 755 ", "chown -R "] {
                #expect(broken.commands.contains { $0.hasPrefix(word) }, "\(word): \(broken.answer)")
            }
            let mended = try await Self.look(home, program: program)
            #expect(mended.answer.status == 0 && mended.answer.output.isEmpty, "\(mended.answer)")
            let none = try await Self.look(home + "/none", program: program)
            #expect(none.commands.contains { $0.hasPrefix("mkdir -p ") }, "\(none.answer)")
            #expect(FileManager.default.fileExists(atPath: home + "/none"))
            // A build that lost a program, in a checkout and out of one.
            try FileManager.default.removeItem(atPath: programs + "/agent-runner")
            let lost = try await Self.look(home, program: program)
            #expect(lost.commands.contains { $0 == "ls -l \(programs)" }, "\(lost.answer)")
            let script = Release.checkout.appending(path: "nanoclaw.sh").path
            let above = programs + "/../nanoclaw.sh"
            try FileManager.default.createSymbolicLink(atPath: above, withDestinationPath: script)
            let built = try await Self.look(home, program: program)
            #expect(built.commands.contains { $0.hasSuffix("/nanoclaw.sh build") }, "\(built.answer)")
        }
    }

    @Test func `T64 what the doctor names for settings, databases, models and sandboxes can be typed`() async throws {
        guard getuid() == 0, getpwnam("nanoclaw") != nil else { return }
        try await Self.withServedHome { home, programs in
            let program = programs + "/nanoclaw"
            func sql(_ text: String) async throws {
                let done = try await run("/usr/bin/sqlite3", [home + "/data/nanoclaw.db", text])
                #expect(done.status == 0, "\(done)")
            }
            func expect(_ words: [String], of look: Look) {
                for word in words {
                    #expect(look.commands.contains { $0.contains(word) }, "\(word): \(look.answer)")
                }
            }
            try await sql("UPDATE sessions SET status = 'quarantined', status_reason = 'a test'")
            expect(["/nanoclaw sessions reset "], of: try await Self.look(home, program: program))
            expect(["/nanoclaw providers test local "], of: try await Self.look(home, program: program, "--providers"))
            expect(["/nanoclaw up --home '"], of: try await Self.look(home, program: program, "--all"))
            let good = try String(contentsOfFile: home + "/config.yaml", encoding: .utf8)
            try (good + "\nmaxRunner: 5\n").write(toFile: home + "/config.yaml", atomically: true, encoding: .utf8)
            expect(["/nanoclaw config validate --home '"], of: try await Self.look(home, program: program))
            try good.write(toFile: home + "/config.yaml", atomically: true, encoding: .utf8)
            // A launcher that starts nothing.
            let launcher = programs + "/nanoclaw-sandbox"
            try FileManager.default.removeItem(atPath: launcher)
            try "#!/bin/false\n".write(toFile: launcher, atomically: false, encoding: .utf8)
            chmod(launcher, 0o755)
            expect(["/nanoclaw sandbox probe --home '"], of: try await Self.look(home, program: program))
            try "no database".write(toFile: home + "/data/nanoclaw.db", atomically: false, encoding: .utf8)
            expect(["/nanoclaw logs --home '"], of: try await Self.look(home, program: program))
        }
    }
}
