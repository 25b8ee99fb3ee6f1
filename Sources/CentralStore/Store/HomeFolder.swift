import CLinux
import Core
import Glibc
import LinuxIO

/// Checks of the folder that holds a home.
package enum HomeFolder {
    /// Where a restore builds a home, inside of it; what it leaves there when it is killed is no home yet.
    package static let restore = ".nanoclaw-restore"

    /// Makes `data/`, closes it to other users (in a checkout it is open), and checks that the home can hold the
    /// databases.
    static func prepare(_ home: String) throws {
        let data = "\(home)/data"
        // Empty it is what a restore that was killed at its very end has left.
        guard access("\(home)/\(restore)", F_OK) != 0 || rmdir("\(home)/\(restore)") == 0 else {
            throw StoreError(
                .unusable,
                "a backup is being restored to \(home), or the restore was killed: run `nanoclaw backup restore` again"
            )
        }
        // Before anything is made.
        try refuse(home, at: place(of: home))
        for path in [home, data] where mkdir(path, 0o700) != 0 && errno != EEXIST {
            throw StoreError(.unusable, "cannot make the home at \(home)", cause: Errno.last("mkdir \(path)"))
        }
        var status = stat()
        if lstat(data, &status) == 0, status.st_mode & S_IFMT == S_IFDIR, status.st_mode & 0o077 != 0,
            status.st_uid == geteuid()
        {
            chmod(data, status.st_mode & 0o700)
        }
        // Each may be a mount of its own.
        for path in [data, "\(data)/sessions"] { try refuse(path, at: path) }
        guard access(data, W_OK | X_OK) == 0 else {
            throw StoreError(.unusable, "cannot write \(data)", cause: Errno.last("access"))
        }
    }

    /// Where a home's data lies or would be made: the nearest folder that is there.
    static func place(of home: String) -> String {
        let end = home.lastIndex(of: "/") ?? home.startIndex
        let parent = end == home.startIndex ? "/" : String(home[..<end])
        return ["\(home)/data", home].first { access($0, F_OK) == 0 } ?? parent
    }

    private static func refuse(_ path: String, at place: String) throws(StoreError) {
        guard let name = try refused(at: place) else { return }
        throw StoreError(
            .unusable,
            "\(path) lies on \(name), which does not keep SQLite's locks: choose a --home on a local disk "
                + "(ext4, xfs, btrfs), or move this one there"
        )
    }

    /// The name of the file system at a path, when it cannot hold the databases; nil for others, and where nothing is.
    static func refused(at path: String) throws(StoreError) -> String? {
        let kind = clinux_filesystem_type(path)
        if kind == -Int64(ENOENT) { return nil }
        guard kind >= 0 else { throw StoreError(.unusable, "cannot use \(path)", cause: Errno(kind, "statfs \(path)")) }
        if let name = refused(UInt32(truncatingIfNeeded: kind)) { return name }
        // Of all of these only 9P2000.L passes its server's answer on.
        return MountedFileSystem.type(at: path) == "9p" ? "9p" : nil
    }

    /// The name of a file system that cannot hold the databases; nil for others.
    static func refused(_ magic: UInt32) -> String? {
        switch magic {
        case 0x6969: "NFS"
        case 0x517B, 0xFE53_4D42, 0xFF53_4D42: "SMB"
        // The kernel's virtiofs is a FUSE without a socket: the magic is the same.
        case 0x6573_5546: "FUSE (or virtiofs)"
        case 0x0102_1997: "9p"
        case 0x5346_414F, 0x6B41_4653: "AFS"
        case 0x7375_7245: "Coda"
        case 0x00C3_6400: "Ceph"
        case 0x786F_4256: "a VirtualBox shared folder"
        case 0x0BD0_0BD0: "Lustre"
        case 0x0116_1970: "GFS2"
        case 0x7461_636F: "OCFS2"
        case 0x564C: "NCP"
        case 0x4750_4653: "GPFS"
        case 0x2003_0528: "OrangeFS"
        default: nil
        }
    }
}
