import ArgumentParser
import ControlProtocol
import Core
import Foundation
import Glibc
import LinuxIO

extension UsersCommand {
    /// `nanoclaw users export`.
    struct Export: HostVerb {
        static let configuration = CommandConfiguration(
            abstract: "Write what is kept of a person into a folder, and say what is not in it and why."
        )
        @OptionGroup var home: HomeOptions
        @OptionGroup var output: OutputOptions
        @Argument(help: UsersCommand.help) var user: String
        @Option(help: "A folder that does not exist yet (default: export-USER here).") var to: String?

        func run() async throws {
            let name = PathSegment.localName(String(user.prefix(100)))
            let path = to ?? "export-\(name)"
            let folder = ExportFolder(path: path)
            var items: [JSONValue] = []
            try await HostClient.with(home: try home.resolved()) { client in
                try await client.stream("users export", ["user": .string(user)]) { frame in
                    if let file = frame[key: "path"]?.string {
                        guard let text = frame[key: "data"]?.string, let data = Data(base64Encoded: text) else {
                            throw CommandFailure(.failed, "the host sent no bytes for \(file)")
                        }
                        try folder.append(Array(data), to: file)
                    }
                    if let item = frame[key: "item"], item != .null { items.append(item) }
                    return true
                }
            }
            try folder.append(Array(try JSONText.encode(JSONValue.array(items)).utf8), to: "report.json")
            try output.print(.array(items), as: PersonalDataTable.table)
            if !output.json { Console.out("\nwritten to \(path)") }
        }
    }

    /// `nanoclaw users erase`.
    struct Erase: HostVerb {
        static let configuration = CommandConfiguration(
            abstract: "Erase what is kept of a person, all linked handles, and say what stays and why.",
            discussion: "Conversations that nobody else took part in go whole; of others only what the person wrote."
        )
        @OptionGroup var home: HomeOptions
        @OptionGroup var output: OutputOptions
        @Argument(help: UsersCommand.help) var user: String
        @Flag(help: "Only tell what would be erased; nothing is changed.") var dryRun = false

        func run() async throws {
            var items: [JSONValue] = []
            try await HostClient.with(home: try home.resolved()) { client in
                try await client.stream("users erase", ["user": .string(user), "dryRun": .bool(dryRun)]) { item in
                    items.append(item)
                    return true
                }
            }
            try output.print(.array(items), as: PersonalDataTable.table)
            if dryRun, !output.json { Console.out("\nnothing was changed") }
        }
    }
}

/// The report of both verbs.
private enum PersonalDataTable {
    static var table: Table { Table("what", "place", "count", "fate", "reason", "remedy:HOW TO REMOVE IT") }
}

/// A new folder that files of an export are written into; names come from the host and stay beneath it.
final class ExportFolder {
    private let path: String
    private var root: Directory?
    private var open: (path: String, file: Descriptor)?
    private var written: Set<String> = []

    init(path: String) { self.path = path }

    /// Adds bytes to the end of a file, which is made by its first.
    func append(_ bytes: [UInt8], to file: String) throws {
        if open?.path != file {
            guard written.insert(file).inserted else {
                throw CommandFailure(.failed, "the host sent \(file) twice")
            }
            open = (file, try create(file))
        }
        try open?.file.write(bytes)
    }

    private func create(_ file: String) throws -> Descriptor {
        let parts = file.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard let name = parts.last, parts.allSatisfy(PathSegment.isSafe) else {
            throw CommandFailure(.failed, "the host sent a file with the unsafe name \(file.prefix(200))")
        }
        var directory = try made()
        for part in parts.dropLast() {
            try directory.makeDirectory(part)
            directory = try directory.directory(part)
        }
        return try directory.create(name)
    }

    private func made() throws -> Directory {
        if let root { return root }
        guard mkdir(path, 0o700) == 0 else {
            throw CommandFailure(
                .usage,
                "cannot make \(path): \(String(cString: strerror(errno))): name a new folder with --to"
            )
        }
        let directory = try Directory(path: path)
        root = directory
        return directory
    }
}
