import Core
import Glibc
import LinuxIO
import Sandbox

/// Makes the folder of a new agent group: the only time that the host writes there.
struct GroupFolder: Sendable {
    let home: String
    /// Who is to own it; nil: the process's own user.
    let owner: FileOwner?

    /// Makes `groups/<folder>/` with CLAUDE.md, memory/ and skills/; parts that are there are kept when `adopt` is set.
    ///
    /// Without `adopt` a folder that is there is refused. What was made is removed again when a part fails.
    func create(_ folder: String, name: String, adopt: Bool) throws {
        let root = try Directory(path: home)
        try root.makeDirectory("groups", mode: 0o755)
        let groups = try root.directory("groups")
        let isNew: Bool
        do {
            isNew = try groups.makeDirectory(folder, mode: 0o755)
        } catch {
            throw HostError(.invalid, "cannot make groups/\(folder)", cause: error)
        }
        guard isNew || adopt else {
            throw HostError(
                .conflict,
                "groups/\(folder) is there already: take it over with --folder \(folder), or choose another name"
            )
        }
        do {
            let directory = try groups.directory(folder)
            try bring(directory.descriptor, 0o755)
            for part in ["memory", "skills"] where try directory.makeDirectory(part, mode: 0o755) {
                try bring(directory.directory(part).descriptor, 0o755)
            }
            if try directory.status("CLAUDE.md") == nil {
                let file = try directory.create("CLAUDE.md", mode: 0o644)
                try file.write(Array(Self.instructions(name).utf8))
                try bring(file, 0o644)
                try file.synchronize()
            }
            try directory.descriptor.synchronize()
        } catch {
            if isNew { try? groups.remove(folder) }
            throw HostError(.invalid, "cannot make groups/\(folder)", cause: error)
        }
    }

    /// Removes a folder that ``create(_:name:adopt:)`` has just made.
    func undo(_ folder: String) {
        try? Directory(path: "\(home)/groups").remove(folder)
    }

    private func bring(_ descriptor: Descriptor, _ mode: UInt32) throws {
        guard fchmod(descriptor.number, mode) == 0 else { throw Errno.last("fchmod") }
        guard let owner else { return }
        guard fchown(descriptor.number, owner.uid, owner.gid) == 0 else { throw Errno.last("fchown") }
    }

    private static func instructions(_ name: String) -> String {
        """
        # \(name)

        What this agent is for, how it speaks, what it should know: write it here. It is part of every prompt.

        """
    }
}
