import Core
import Glibc
package import LinuxIO
import Sandbox

/// Makes the folder of a new agent group, or takes one over: the only time that the host writes there.
package struct GroupFolder: Sendable {
    let home: String
    /// Who is to own it; nil: the process's own user.
    let owner: FileOwner?

    /// Of groups of this home; nothing is made yet.
    package init(home: String, owner: FileOwner?) {
        self.home = home
        self.owner = owner
    }

    /// Makes `groups/<folder>/` with CLAUDE.md, memory/ and skills/; parts that are there are kept when `adopt` is set.
    ///
    /// A folder that is taken over is brought to the owner with all that is in it, before a sandbox may be given it.
    /// Without `adopt` a folder that is there is refused. What was made is removed again when a part fails.
    ///
    /// `instructions` is what CLAUDE.md says below the name; nil for the usual hint.
    package func create(_ folder: String, name: String, adopt: Bool, instructions: String? = nil) throws {
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
            if !isNew { try bringTree(directory) }
            try bring(directory.descriptor, 0o755)
            for part in ["memory", "skills"] where try directory.makeDirectory(part, mode: 0o755) {
                try bring(directory.directory(part).descriptor, 0o755)
            }
            if try directory.status("CLAUDE.md") == nil {
                let file = try directory.create("CLAUDE.md", mode: 0o644)
                try file.write(Array(Self.instructions(name, instructions).utf8))
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

    /// Entries of a folder that is taken over.
    private static let mostEntries = 200_000
    private static let deepest = 64

    /// Gives the owner what is in a folder, by descriptor; of a link the link itself, never what it points to.
    ///
    /// A file with a second name is left, for that may lie elsewhere; `doctor` names it.
    private func bringTree(_ directory: Directory) throws {
        guard let owner else { return }
        var budget = Self.mostEntries
        try bringTree(directory, owner, depth: 0, &budget)
    }

    private func bringTree(_ directory: Directory, _ owner: FileOwner, depth: Int, _ budget: inout Int) throws {
        for name in try directory.names(limit: budget) {
            budget -= 1
            guard budget >= 0, depth < Self.deepest else { throw Errno(E2BIG, "take over \(name)") }
            guard let status = try directory.status(name) else { continue }
            switch status.st_mode & S_IFMT {
            case S_IFDIR:
                let inner = try directory.directory(name)
                try bringTree(inner, owner, depth: depth + 1, &budget)
                try Self.change(inner.descriptor, owner)
            case S_IFREG:
                let file = try directory.open(name, O_RDONLY)
                let opened = try file.status()
                guard opened.st_mode & S_IFMT == S_IFREG, opened.st_nlink == 1 else { continue }
                try Self.change(file, owner)
            case S_IFLNK:
                let flags = AT_SYMLINK_NOFOLLOW
                guard fchownat(directory.descriptor.number, name, owner.uid, owner.gid, flags) == 0 else {
                    throw Errno.last("fchownat \(name)")
                }
            default: continue
            }
        }
    }

    private static func change(_ descriptor: Descriptor, _ owner: FileOwner) throws {
        guard fchown(descriptor.number, owner.uid, owner.gid) == 0 else { throw Errno.last("fchown") }
    }

    private func bring(_ descriptor: Descriptor, _ mode: UInt32) throws {
        guard fchmod(descriptor.number, mode) == 0 else { throw Errno.last("fchmod") }
        guard let owner else { return }
        try Self.change(descriptor, owner)
    }

    private static let hint =
        "What this agent is for, how it speaks, what it should know: write it here. It is part of every prompt."

    private static func instructions(_ name: String, _ text: String?) -> String {
        """
        # \(name)

        \(text ?? hint)

        """
    }
}
