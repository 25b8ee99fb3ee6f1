import Glibc
import LinuxIO

/// Room on a file system, for those who are not root: statvfs(3).
struct DiskSpace: Sendable, Equatable {
    var freeBytes, totalBytes: Int
    /// Nil where the file system has no fixed number of files.
    var freeFiles, totalFiles: Int?

    /// Of the file system that the directory is on.
    static func of(_ directory: Directory) throws -> DiskSpace {
        var about = statvfs()
        guard fstatvfs(directory.descriptor.number, &about) == 0 else { throw Errno.last("fstatvfs") }
        let unit = Int(about.f_frsize)
        let hasFiles = about.f_files > 0
        return DiskSpace(
            freeBytes: Int(about.f_bavail) * unit,
            totalBytes: Int(about.f_blocks) * unit,
            freeFiles: hasFiles ? Int(about.f_favail) : nil,
            totalFiles: hasFiles ? Int(about.f_files) : nil
        )
    }

    /// For people.
    var left: String { "\(freeBytes >> 20) MiB\(freeFiles.map { " and \($0) files" } ?? "") are left" }
}

/// What shall stay free for the host: as configured, and at most a twentieth of the file system.
struct DiskReserve: Sendable, Equatable {
    /// Zero switches the watch off.
    var bytes, files: Int

    func on(_ space: DiskSpace) -> DiskReserve {
        DiskReserve(bytes: min(bytes, space.totalBytes / 20), files: min(files, (space.totalFiles ?? 0) / 20))
    }

    /// The size of the reserve file: half the reserve, at most 16 MiB.
    var fileBytes: Int { min(bytes / 2, 16 << 20) }
}
