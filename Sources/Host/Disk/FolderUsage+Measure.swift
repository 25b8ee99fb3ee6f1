import Glibc
import LinuxIO

extension FolderUsage {
    /// Measures a tree that an agent writes: no link is followed, nothing is kept but the folders still to visit.
    ///
    /// Ends early, with what it has, after `limit` entries. `since` is in seconds of the wall clock; the kernel sets the
    /// time that it is compared with (`st_ctime`), and no program inside can.
    static func measure(_ root: Directory, since: Int, limit: Int = 4_000_000) -> FolderUsage {
        var usage = FolderUsage()
        var open: [(parent: Directory, name: String)] = [(root, ".")]
        while let (parent, name) = open.popLast(), usage.files < limit {
            guard let folder = try? parent.directory(name) else { continue }
            // The stream closes the descriptor that it reads.
            let number = dup(folder.descriptor.number)
            guard number >= 0, let stream = fdopendir(number) else { continue }
            defer { closedir(stream) }
            while let entry = readdir(stream), usage.files < limit {
                let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                    pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                }
                guard name != ".", name != ".." else { continue }
                var status = stat()
                guard fstatat(folder.descriptor.number, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else { continue }
                let bytes = Int(status.st_blocks) * 512
                usage.bytes += bytes
                usage.files += 1
                if status.st_ctim.tv_sec >= since {
                    usage.recentBytes += bytes
                    usage.recentFiles += 1
                }
                if status.st_mode & S_IFMT == S_IFDIR { open.append((folder, name)) }
            }
        }
        return usage
    }
}
