import CLinux
import Glibc
import LinuxIO
import SessionStore

/// Brings what the host makes to the user whom sandboxes stand for on disk.
enum Ownership {
    /// Changes the owner of what stands under a name: a directory, or a regular file with one link.
    ///
    /// Nothing is opened for reading, so that no lock which SQLite holds on the file in this process is lost.
    static func bring(_ name: String, in directory: Directory, to owner: FileOwner?) throws {
        guard let owner else { return }
        let resolve = UInt64(RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS)
        let flags = UInt64(clinux_o_path() | O_CLOEXEC | O_NOFOLLOW)
        let number = clinux_openat2(directory.descriptor.number, name, flags, 0, resolve)
        let object = Descriptor(owning: try Errno.check(number, "open \(name)"))
        let status = try object.status()
        if status.st_uid == owner.uid && status.st_gid == owner.gid { return }
        let kind = status.st_mode & S_IFMT
        guard kind == S_IFDIR || kind == S_IFREG && status.st_nlink == 1 else {
            throw Errno(EINVAL, "chown \(name): no directory and no file of one link")
        }
        try Errno.check(clinux_chown(object.number, owner.uid, owner.gid), "chown \(name)")
    }
}
