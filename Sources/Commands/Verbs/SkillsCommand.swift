import ArgumentParser
import ContainerResources
import ControlProtocol
import Core
import Glibc
import LinuxIO

/// `nanoclaw skills …`: needs no host.
struct SkillsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "skills",
        abstract: "What agents know how to do.",
        subcommands: [List.self, Validate.self]
    )

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List skills: those of every agent, and those of each folder below groups/."
        )
        @OptionGroup var home: HomeOptions
        @OptionGroup var output: OutputOptions
        @Argument(help: "Only of this folder below groups/.") var folder: String?

        func run() throws {
            let found = try SkillFinder.all(home: try home.resolved(), folder: folder)
            let rows = found.map { skill -> JSONValue in
                switch skill.result {
                case .success(let file):
                    [
                        "name": .string(file.name), "from": .string(skill.from),
                        "description": .string(file.description),
                        "path": .string(skill.path),
                    ]
                case .failure(let error):
                    [
                        "name": .string(skill.name), "from": .string(skill.from), "path": .string(skill.path),
                        "description": .string("not usable: \(error)"),
                    ]
                }
            }
            try output.print(.array(rows), as: Table("name", "from", "description"))
        }
    }

    struct Validate: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Check skills: a SKILL.md, its folder, or every skill of the home."
        )
        @OptionGroup var home: HomeOptions
        @Argument(help: "SKILL.md files or their folders (default: every skill of the home).") var paths: [String] = []

        func run() throws {
            let found =
                paths.isEmpty
                ? try SkillFinder.all(home: try home.resolved(), folder: nil) : paths.map(SkillFinder.at)
            var failures = 0
            for skill in found {
                switch skill.result {
                case .success(let file): Console.out("\(skill.path): \(file.name) is valid")
                case .failure(let error):
                    failures += 1
                    Console.error("\(skill.path): \(error)")
                }
            }
            if failures > 0 { throw CommandFailure(.failed, "\(failures) of \(found.count) skills cannot be used") }
        }
    }
}

/// Finds skills on disk and in the program.
enum SkillFinder {
    /// A skill that was looked at.
    struct Found {
        var name: String
        /// `every agent`, or the folder of the agent group.
        var from: String
        var path: String
        var result: Result<SkillFile, any Error>
    }

    private static let longest = 256 * 1024

    /// The skills of every agent, then those below `groups/`, sorted.
    static func all(home: String, folder: String?) throws -> [Found] {
        var found: [Found] = []
        if folder == nil {
            for (name, text) in ContainerResources.skills.sorted(by: { $0.key < $1.key }) {
                let result = Result<SkillFile, any Error> { try SkillFile(text, folder: name) }
                found.append(
                    Found(name: name, from: "every agent", path: "container/skills/\(name)/SKILL.md", result: result)
                )
            }
        }
        let groups: Directory
        do {
            groups = try Directory(path: "\(home)/groups")
        } catch let error as Errno where error.code == ENOENT {
            guard folder == nil else { throw CommandFailure(.failed, "\(home) has no groups yet") }
            return found
        }
        if let folder, try groups.status(folder) == nil {
            throw CommandFailure(.failed, "\(home)/groups has no folder \(folder)")
        }
        for group in try groups.names() where PathSegment.isGroupFolder(group) && (folder ?? group) == group {
            guard let skills = try? groups.directory("\(group)/skills") else { continue }
            for name in try skills.names() where !name.hasPrefix(".") {
                let path = "\(home)/groups/\(group)/skills/\(name)/SKILL.md"
                found.append(Found(name: name, from: group, path: path, result: read(name, in: skills)))
            }
        }
        return found
    }

    /// The skill at a path that a person gave: its file or its folder.
    static func at(_ path: String) -> Found {
        var folder = path
        while folder.count > 1, folder.hasSuffix("/") { folder.removeLast() }
        if folder == "SKILL.md" { folder = "." }
        if folder.hasSuffix("/SKILL.md") { folder.removeLast("/SKILL.md".count) }
        guard let resolved = realpath(folder, nil) else {
            let error = Errno.last("open \(folder)")
            return Found(name: path, from: path, path: path, result: .failure(error))
        }
        defer { free(resolved) }
        let real = String(cString: resolved)
        let name = real.split(separator: "/").last.map(String.init) ?? "/"
        let result = Result<SkillFile, any Error> {
            let bytes = try Directory(path: real).contents("SKILL.md", limit: longest)
            return try SkillFile(String(decoding: bytes, as: UTF8.self), folder: name)
        }
        return Found(name: name, from: path, path: "\(real)/SKILL.md", result: result)
    }

    private static func read(_ name: String, in skills: Directory) -> Result<SkillFile, any Error> {
        Result {
            let bytes = try skills.contents("\(name)/SKILL.md", limit: longest)
            return try SkillFile(String(decoding: bytes, as: UTF8.self), folder: name)
        }
    }
}
