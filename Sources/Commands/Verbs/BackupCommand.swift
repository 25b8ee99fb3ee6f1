import ArgumentParser
import BackupArchive
import Core
import Foundation
import Glibc
import LinuxIO

/// `nanoclaw backup`: needs no host, and disturbs none.
struct BackupCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Save a home in one file, check such a file, and make a home of it again.",
        subcommands: [Create.self, Verify.self, Restore.self]
    )

    struct Create: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write a backup of the home into a new file, with the host up or down.",
            discussion: """
                It holds everything but keys, logs and traces, and belongs to you alone (mode 0600). What is left out is \
                told here and stands in the file. Exit status 1 when there is no file, or one that lacks contents \
                besides these: what cannot be read, or not be kept under its name.
                """
        )
        @OptionGroup var home: HomeOptions
        @OptionGroup var output: OutputOptions
        @Argument(help: "The file, a tar archive; it must not exist.") var file: String

        func run() throws {
            let report = try BackupCreation.run(home: try home.resolved(), file: file, now: SystemTime().now)
            if output.json {
                Console.out(try JSONText.encode(report))
            } else {
                Console.out("wrote \(file): \(report.files) files, \(BackupText.size(report.bytes))")
                Console.out(BackupText.leftOut(report.leftOut))
            }
            let missed = report.leftOut.count(where: \.isMissed)
            guard missed == 0 else {
                throw CommandFailure(
                    .failed,
                    "\(file) is whole and kept, but lacks contents of \(missed) names, told as `not in it` with the "
                        + "reason: mend or remove them and make another; as root it reads what belongs to others"
                )
            }
        }
    }

    struct Verify: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Read all of a backup, check every byte and database, and tell what is in it.",
            discussion: "Exit status 1 when it is not as it was written, or its databases were damaged before."
        )
        @OptionGroup var output: OutputOptions
        @OptionGroup var home: HomeOptions
        @Argument(help: "The file.") var file: String

        func run() throws {
            let contents = try BackupCommand.reading(file) { try BackupContents.read(try ArchiveReader($0)) }
            Console.out(output.json ? try JSONText.encode(contents) : BackupText.text(contents))
            guard contents.faults.isEmpty else {
                throw CommandFailure(.failed, contents.faults.joined(separator: "\n"))
            }
            if !output.json { Console.out("all of it is as it was written") }
        }
    }

    struct Restore: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a home of a backup, in a new or empty directory.",
            discussion: "All of the file is checked first. What fails leaves nothing behind."
        )
        @OptionGroup var home: HomeOptions
        @OptionGroup var output: OutputOptions
        @Argument(help: "The file.") var file: String

        func run() throws {
            let home = try home.resolved()
            let contents = try BackupCommand.reading(file) { try BackupRestoration(home: home, file: $0).run() }
            if output.json { return Console.out(try JSONText.encode(contents)) }
            Console.out(BackupText.text(contents))
            let doctor = ProgramName.command("doctor --home", ShellText.quoted(home))
            Console.out("restored to \(SafeText.oneLine(home)); look at it with: \(doctor)")
            for step in contents.leftOut.compactMap(Self.step) { Console.out("  \(ProgramName.inAdvice(step))") }
        }

        /// What gives a key anew that no backup holds; nil for what is none.
        private static func step(_ left: LeftOut) -> String? {
            guard left.reason == LeftOut.key, let last = left.path.split(separator: "/").last else { return nil }
            let name = ShellText.quoted(SafeText.oneLine(String(last)))
            if left.path.hasPrefix("data/channels/") {
                return "add the account anew, once the host runs: nanoclaw channels remove \(name), then channels add"
            }
            guard left.path != "data/credentials/channels" else { return nil }
            return "give its key anew, once the host runs: nanoclaw providers update \(name) --key-file FILE"
        }
    }

    /// Opens a backup and says of every error which file it is about.
    private static func reading(_ path: String, _ body: (Descriptor) throws -> BackupContents) throws -> BackupContents
    {
        let number = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)
        guard number >= 0 else { throw CommandFailure(.failed, "\(path) cannot be read: \(Errno.last("open"))") }
        do {
            return try body(Descriptor(owning: number))
        } catch let error as ArchiveError {
            let what = error.code == .unsafe ? "is no backup that may be used" : "is damaged"
            throw CommandFailure(.failed, "\(path) \(what): \(SafeText.oneLine("\(error)"))")
        }
    }
}

/// A backup for people.
enum BackupText {
    static func text(_ contents: BackupContents) -> String {
        var lines: [String] = []
        if let known = contents.description {
            let place = SafeText.oneLine("\(known.home) on \(known.machine)")
            lines.append("a backup of \(place), taken \(TimeText.short(known.taken.milliseconds))")
        }
        lines += [
            "  \(contents.groups) agent groups, \(contents.sessions) sessions, \(contents.messages) messages",
            "  \(contents.files) files, \(size(contents.bytes))",
            leftOut(contents.leftOut),
        ]
        lines += contents.notes.prefix(20).map { "  note: \(SafeText.oneLine($0))" }
        return lines.joined(separator: "\n")
    }

    /// What is missing: the usual in one line, anything else by name.
    static func leftOut(_ all: [LeftOut]) -> String {
        let keys = all.filter { $0.reason == LeftOut.key }
        let names = keys.compactMap { $0.path.split(separator: "/").last.map(String.init) }.joined(separator: ", ")
        var lines = ["  not in it: logs, traces, keys" + (keys.isEmpty ? "" : " (\(SafeText.oneLine(names)))")]
        let odd = all.filter { !$0.isUsual }
        lines += odd.prefix(20).map { "  not in it: \(SafeText.oneLine("\($0.path): \($0.reason)"))" }
        if odd.count > 20 { lines.append("  not in it: \(odd.count - 20) more; --json has them all") }
        return lines.joined(separator: "\n")
    }

    static func size(_ bytes: Int) -> String {
        for (unit, shift) in [("GB", 30), ("MB", 20), ("kB", 10)] where bytes >= 1 << shift {
            return String(format: "%.1f %@", Double(bytes) / Double(1 << shift), unit)
        }
        return "\(bytes) bytes"
    }
}
