import Glibc
import LinuxIO

/// The file system that is mounted where a path leads, by the name of its type.
///
/// `statfs` does not tell of every one: 9P2000.L answers with the type of the server's own disk (the kernel's
/// fs/9p/vfs_super.c, `v9fs_statfs`).
enum MountedFileSystem {
    /// Nil where `/proc` does not tell.
    static func type(at path: String) -> String? {
        guard let there = try? Directory(path: path).descriptor, let own = try? Directory(path: "/proc/self"),
            let facts = try? own.open("fdinfo/\(there.number)", O_RDONLY).readAll(limit: 64 << 10),
            let mounts = try? own.open("mountinfo", O_RDONLY).readAll(limit: 16 << 20)
        else { return nil }
        return type(
            facts: String(decoding: facts, as: UTF8.self),
            mounts: String(decoding: mounts, as: UTF8.self)
        )
    }

    /// The same by the texts of `/proc/self/fdinfo/N` and `/proc/self/mountinfo` (proc_pid_fdinfo(5), proc_pid_mountinfo(5)).
    static func type(facts: String, mounts: String) -> String? {
        let lines = facts.split(separator: "\n")
        guard let id = lines.first(where: { $0.hasPrefix("mnt_id:") })?.split(separator: "\t").last else { return nil }
        let mount = mounts.split(separator: "\n").first { $0.hasPrefix(id + " ") }
        // Optional fields, of any number, stand before the dash.
        let words = mount?.split(separator: " ") ?? []
        return words.firstIndex(of: "-").flatMap { $0 + 1 < words.endIndex ? String(words[$0 + 1]) : nil }
    }
}
