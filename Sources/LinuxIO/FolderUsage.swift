import CLinux
import Glibc

/// What the files below a folder take.
package struct FolderUsage: Sendable, Equatable {
    package var bytes, files: Int
    /// The part in files that were changed within the last minute.
    package var recentBytes, recentFiles: Int

    package init(bytes: Int = 0, files: Int = 0, recentBytes: Int = 0, recentFiles: Int = 0) {
        self.bytes = bytes
        self.files = files
        self.recentBytes = recentBytes
        self.recentFiles = recentFiles
    }

    /// Measures a tree that an agent writes: no link is followed, nothing is kept but the folders still to visit.
    ///
    /// Folders of ours that are closed to us are opened to us (``Directory/readable(_:)``). Ends early, with what it has,
    /// after `limit` entries. `since` is in seconds of the wall clock; the kernel sets the time that it is compared with
    /// (`st_ctime`), and no program inside can.
    package static func measure(_ root: Directory, since: Int, limit: Int = 4_000_000) -> FolderUsage {
        var usage = FolderUsage()
        // Names as their bytes: an agent may choose some that are no UTF-8.
        var open: [(parent: Directory, name: [CChar])] = [(root, Array(".".utf8CString))]
        while let (parent, name) = open.popLast(), usage.files < limit {
            guard let folder = parent.readable(name) else { continue }
            // The stream closes the descriptor that it reads.
            let number = dup(folder.descriptor.number)
            guard number >= 0, let stream = fdopendir(number) else { continue }
            defer { closedir(stream) }
            while let entry = readdir(stream), usage.files < limit {
                withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                    pointer.withMemoryRebound(to: CChar.self, capacity: 256) { name in
                        guard strcmp(name, ".") != 0, strcmp(name, "..") != 0 else { return }
                        var status = stat()
                        guard fstatat(folder.descriptor.number, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else { return }
                        usage.add(status, since: since)
                        guard status.st_mode & S_IFMT == S_IFDIR else { return }
                        open.append((folder, Array(UnsafeBufferPointer(start: name, count: strlen(name) + 1))))
                    }
                }
            }
        }
        return usage
    }

    private mutating func add(_ status: stat, since: Int) {
        let bytes = Int(status.st_blocks) * 512
        self.bytes += bytes
        files += 1
        guard status.st_ctim.tv_sec >= since else { return }
        recentBytes += bytes
        recentFiles += 1
    }
}

extension Directory {
    /// Opens a directory beneath this one to look through it; one that is ours is opened to us if it was closed.
    ///
    /// Whoever writes in a sandbox owns its folders, as the host does outside, and may close them to the owner. Nil when it
    /// cannot be had.
    package func readable(_ path: UnsafePointer<CChar>) -> Directory? {
        let flags = clinux_path_only | UInt64(O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        let number = clinux_openat2(descriptor.number, path, flags, 0, Self.resolve)
        guard number >= 0 else { return nil }
        let found = Descriptor(owning: number)
        guard let status = try? found.status() else { return nil }
        if status.st_mode & 0o500 != 0o500, status.st_uid == geteuid() {
            // By the descriptor, as the name may stand for something else by then.
            chmod("/proc/self/fd/\(number)", status.st_mode & 0o1777 | 0o500)
        }
        return try? Directory(found).directory(".")
    }
}
