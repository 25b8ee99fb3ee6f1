import Foundation
import TestSupport
import Testing

@testable import ShellPolicy

/// The tables of options against the programs themselves.
@Suite(.enabled(if: ShellRecorder.isThere, "no strace"))
struct TableTests {
    private static let programs = (Array(ProgramRule.all.keys) + ["find"]).filter { name in
        FileManager.default.isExecutableFile(atPath: "/usr/bin/\(name)") && !["true", "false", "sleep"].contains(name)
    }.sorted()

    /// Commands that are run of each program; `NANOCLAW_LONG=1` makes it all, which takes minutes.
    private static let most = ProcessInfo.processInfo.environment["NANOCLAW_LONG"] == "1" ? .max : 20

    @Test(arguments: programs)
    func `no option that passes makes a program start another or write`(program: String) async throws {
        try await withTemporaryDirectory { directory in
            let recorder = try ShellRecorder(in: directory)
            var random = Seeded(state: 1)
            let attempts = try Self.attempts(program, recorder).shuffled(using: &random)
            let commands = attempts.lazy.map { "/usr/bin/\(program) " + $0.joined(separator: " ") }
            let safe = Array(commands.filter { judge($0) == .safe }.prefix(Self.most))
            #expect(!safe.isEmpty)
            let before = try recorder.snapshot()
            let record = try recorder.record(safe.joined(separator: "\n"), by: .dash)
            #expect(Set(record.programs) == ["/usr/bin/\(program)"])
            #expect(record.written == [])
            #expect(record.changes == [])
            #expect(try recorder.snapshot() == before)
        }
    }

    @Test
    func `the programs of the tables are mostly here`() {
        #expect(Self.programs.count >= 35)
    }

    /// Every option that the program's own help names, as it is and shortened, with files and numbers around it.
    private static func attempts(_ program: String, _ recorder: ShellRecorder) throws -> [[String]] {
        let file = "\(recorder.folder)/../help"
        _ = try recorder.run(["/bin/dash", "-c", "\(program) --help >\(file) 2>&1"])
        let help = try String(contentsOfFile: file, encoding: .utf8)
        var options = Set(help.matches(of: /(?:^|[\s,\[|\/])(--?[A-Za-z0-9][A-Za-z0-9-]*)/).map { String($0.1) })
        for letter in "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789" { options.insert("-\(letter)") }
        // They say what they are and end, whatever stands beside them.
        options.subtract(["--help", "--version"])
        var attempts: [[String]] = [[]]
        for option in options.sorted() {
            let attached = option.hasPrefix("--") ? option + "=" : option
            let forms = [
                [option], [attached + "out"], [attached + "1"], [option, "out"], [option, "1"],
                [String(option.dropLast())],
            ]
            for form in forms {
                attempts += [
                    form, ["data.csv"] + form, form + ["data.csv"], form + ["a.txt", "b.txt"], [".", "-true"] + form,
                ]
            }
        }
        // Letters in one word: the last may take what follows.
        let letters = options.filter { $0.count == 2 }.map { $0.dropFirst() }.sorted()
        for first in letters {
            for second in letters { attempts.append(["-\(first)\(second)", "out", "data.csv"]) }
        }
        return attempts
    }
}
