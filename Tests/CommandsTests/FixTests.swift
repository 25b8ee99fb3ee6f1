import ArgumentParser
import Foundation
import Glibc
import TestSupport
import Testing

@testable import Commands

/// What the doctor tells people to type: each program is there, and takes what it is given.
struct FixTests {
    /// Programs that only those machines have which the finding is about.
    private static let ofOtherMachines = ["wsl.exe", "apparmor_parser", "systemctl"]

    private static func shell(_ command: String) throws -> Program.Answer {
        try Program.run("/bin/sh", ["-c", command])
    }

    /// The parts of a command line, the verb's program first; `sudo` and for whom is left out, for it may be missing where
    /// root works.
    private static func parts(_ command: String) -> [[String]] {
        command.replacing("&&", with: "|").split(separator: "|").map { part in
            let words = part.split(separator: " ").map { $0.trimmingCharacters(in: ["'"]) }
            guard words.first == "sudo" else { return words }
            return Array(words.dropFirst(words[1] == "-u" ? 3 : 1))
        }
    }

    /// Why a command cannot be typed here; nil when it can.
    private static func complaint(_ command: String) throws -> String? {
        for words in parts(command) {
            guard let program = words.first else { return "nothing to run" }
            if ofOtherMachines.contains(program) { continue }
            let found = try shell("command -v '\(program)'")
            guard found.status == 0, found.output.contains("/") else { return "\(program) is not found" }
            if program == ProgramName.typed {
                let arguments = ArgumentOrder.normalized(Array(words.dropFirst()))
                if let unknown = NanoclawCommand.unknownVerb(in: arguments) { return unknown }
                do { _ = try NanoclawCommand.parseAsRoot(arguments) } catch { return "\(error)" }
            } else {
                // What a program takes stands in its own help, and for a script the verb too.
                let help = try shell("'\(program)' --help")
                var wanted = words.dropFirst().filter { $0.hasPrefix("-") && $0 != "-y" }
                if program.hasSuffix("nanoclaw.sh") { wanted += words.dropFirst() }
                for word in wanted where !help.output.contains(word) { return "\(program) does not know \(word)" }
            }
        }
        return nil
    }

    @Test func `T64 every command that a finding names exists`() async throws {
        try await withTemporaryDirectory { home in
            for fix in Fix.examples(home) {
                let complaint = try Self.complaint(fix.command)
                #expect(complaint == nil, "\(fix.command)")
            }
            let checkout = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
                .deletingLastPathComponent()
            let build = Fix.build(checkout.appending(path: ".build-dist").path)
            #expect(build.command.hasPrefix("/") && build.command.hasSuffix("nanoclaw.sh build"))
            let complaint = try Self.complaint(build.command)
            #expect(complaint == nil, "\(build.command)")
        }
    }

    @Test func `a program, a verb and an option that do not exist would be seen`() throws {
        let own = ProgramName.typed
        for command in [
            "nanoclaw-nowhere status", "/nowhere/nanoclaw.sh build", "\(own) repair", "\(own) sessions reset",
            "\(own) status --hom /h", "chmod --nothing 700 /h", "df -h / && sudo nowhere",
        ] {
            let complaint = try Self.complaint(command)
            #expect(complaint != nil, "\(command)")
        }
    }

    @Test func `T64 the commands that only look or mend do what they say`() async throws {
        try await withTemporaryDirectory { home in
            for folder in ["data", "groups"] { mkdir("\(home)/\(folder)", 0o777) }
            try "x: 1\n".write(toFile: home + "/config.yaml", atomically: true, encoding: .utf8)
            let made = try Self.shell("sqlite3 '\(home)/data/nanoclaw.db' 'CREATE TABLE t (a)'")
            #expect(made.status == 0, "\(made)")
            let harmless = ["chmod", "chown", "mkdir", "df", "cat", "ls"]
            var tried: Set<String> = []
            for fix in Fix.examples(home) {
                let words = try #require(Self.parts(fix.command).first)
                guard Self.parts(fix.command).count == 1, harmless.contains(words[0]) else { continue }
                tried.insert(words[0])
                // As root these need no sudo, and without root they are about what is this user's own.
                let answer = try Self.shell(words.map { ShellText.quoted($0) }.joined(separator: " "))
                #expect(answer.status == 0, "\(fix.command): \(answer)")
            }
            #expect(tried == Set(harmless))
            var status = stat()
            #expect(stat(home + "/data", &status) == 0 && status.st_mode & 0o777 == 0o700)
        }
    }

    // MARK: - The program's name

    @Test func `the program is called as it was typed, or by its path where that would not be found again`()
        async throws
    {
        try await withTemporaryDirectory { path in
            let place = try #require(HomeLocation.real(path))
            for folder in [".build-dist", "bin", "other"] { mkdir("\(place)/\(folder)", 0o755) }
            let binary = place + "/.build-dist/nanoclaw"
            try "".write(toFile: binary, atomically: true, encoding: .utf8)
            try "".write(toFile: place + "/other/nanoclaw", atomically: true, encoding: .utf8)
            #expect(ProgramName.resolve(argument: binary, path: nil, binary: binary) == binary)
            symlink("../.build-dist/nanoclaw", place + "/bin/nanoclaw")
            let link = place + "/bin/nanoclaw"
            #expect(ProgramName.resolve(argument: binary, path: nil, binary: binary) == link)
            #expect(ProgramName.resolve(argument: link, path: nil, binary: binary) == link)
            #expect(ProgramName.resolve(argument: "other/nanoclaw", path: nil, binary: binary) == binary)
            #expect(ProgramName.resolve(argument: nil, path: nil, binary: binary) == binary)
            let onPath = "/nowhere:\(place)/bin"
            #expect(ProgramName.resolve(argument: "nanoclaw", path: onPath, binary: binary) == "nanoclaw")
            #expect(ProgramName.resolve(argument: "nanoclaw", path: place + "/other", binary: binary) == binary)
        }
    }

    @Test func `advice names the program that runs, before verbs alone`() {
        func advice(_ text: String) -> String { ProgramName.inAdvice(text, name: "bin/nanoclaw") }
        #expect(
            advice("see `nanoclaw logs`, start it with `nanoclaw up --home /h`")
                == "see `bin/nanoclaw logs`, start it with `bin/nanoclaw up --home /h`"
        )
        #expect(advice("nanoclaw config show") == "bin/nanoclaw config show")
        #expect(advice("nanoclaw messaging-groups create") == "bin/nanoclaw messaging-groups create")
        for text in ["the user nanoclaw has none", "/opt/nanoclaw up", "x-nanoclaw up", "nanoclaw", "nanoclaw upwards"]
        {
            #expect(advice(text) == text)
        }
    }
}
