import Foundation
import TestSupport
import Testing

@testable import ShellPolicy

@Suite(.enabled(if: ShellRecorder.isThere, "no strace"))
struct ExecutionTests {
    @Test(
        arguments: SafeCommands.all,
        ShellRecorder.Shell.allCases
    )
    func `what is safe starts nothing but the programs it names, and writes nothing but where it says`(
        command: String,
        shell: ShellRecorder.Shell
    ) async throws {
        try await withTemporaryDirectory { directory in
            let recorder = try ShellRecorder(in: directory)
            let command = command.replacing("/workspace/agent", with: recorder.folder)
            #expect(ShellCommand.judge(command, workingDirectory: recorder.folder, workspace: recorder.folder) == .safe)
            let list = try CommandList(command)
            let before = try recorder.snapshot()
            let record = try recorder.record(command, by: shell)
            #expect(record.status <= 1, "it works")

            let named = Set(list.commands.map { $0.words[0].text.split(separator: "/").last ?? "" })
            for program in record.programs {
                #expect(program.contains(/^(\/usr)?\/bin\/[^\/]+$/), "\(program)")
                #expect(named.contains(program.split(separator: "/").last ?? ""), "\(program)")
            }
            let targets = Set(list.commands.flatMap(\.redirections).compactMap(Self.target))
            for file in record.written { #expect(targets.contains(file), "\(file)") }
            #expect(record.changes == [])

            let after = try recorder.snapshot()
            let changed = Set(after.keys).union(before.keys).filter { after[$0] != before[$0] }
            let paths = targets.map { $0.hasPrefix("/") ? $0 : "\(recorder.folder)/\($0)" }
            let allowed = Set(paths.map { URL(filePath: $0).standardized.path })
            for name in changed { #expect(allowed.contains("\(recorder.folder)/\(name)"), "\(name)") }
        }
    }

    private static func target(_ redirection: Redirection) -> String? {
        if case .write(let word) = redirection { word.text } else { nil }
    }

    @Test(arguments: ShellRecorder.Shell.allCases)
    func `the recorder sees programs, written files and other changes`(shell: ShellRecorder.Shell) async throws {
        try await withTemporaryDirectory { directory in
            let recorder = try ShellRecorder(in: directory)
            let record = try recorder.record("env sort -o out data.csv; echo x > y; mv a.txt c.txt", by: shell)
            #expect(Set(record.programs.map { $0.split(separator: "/").last ?? "" }) == ["env", "sort", "mv"])
            #expect(Set(record.written) == ["out", "y"])
            #expect(record.changes.contains { $0.contains("rename") })
        }
    }

    @Test(arguments: [
        "[ -v 'a[$(touch ran)]' ]", "test -v 'a[$(touch ran)]'", "printf -v 'a[$(touch ran)]' x",
        "find . -name sums -exec touch ran \\;",
        "find . -name sums -fprint ran", "sort -o ran data.csv", "sort data.csv --outp=ran",
        "sort -uno ran data.csv", "uniq data.csv ran",
        "PATH=notes; ran", "ls {-d,notes,>ran}; echo x >&ran", "printf 'a%n' PATH; ran", "ls &> ran",
        "echo \"$(touch ran)\"",
    ]
    )
    func `attempts that are no fantasy: bash runs or writes, and the judge asks`(command: String) async throws {
        try await withTemporaryDirectory { directory in
            let recorder = try ShellRecorder(in: directory)
            // PATH=notes and PATH=1: programs of the agent's own.
            for name in ["notes", "1"] {
                try FileManager.default.createDirectory(
                    atPath: "\(recorder.folder)/\(name)",
                    withIntermediateDirectories: true
                )
                let program = "\(recorder.folder)/\(name)/ran"
                try "#!/bin/sh\n/usr/bin/touch ran\n".write(toFile: program, atomically: false, encoding: .utf8)
                try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: program)
            }
            _ = try recorder.run(["/bin/bash", "-c", command])
            #expect(try recorder.snapshot()["ran"] != nil, "it did not work")
            #expect(judge(command) != .safe)
        }
    }
}
