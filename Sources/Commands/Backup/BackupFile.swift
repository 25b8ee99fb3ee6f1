import BackupArchive
import Core
import Glibc
import LinuxIO

/// The file of a backup while it is made: whole under its name, or not there at all, even after SIGKILL.
struct BackupFile {
    let file: Descriptor
    private let directory: Directory
    private let path: String
    private let name: String
    /// Nil where the file system keeps files without a name.
    private let temporary: String?

    /// Begins a file that must not exist yet, and that no backup of the home would take in.
    init(path: String, home: String) throws {
        let slash = path.lastIndex(of: "/")
        let folder = slash.map { String(path[...$0]) } ?? "."
        self.path = path
        name = slash.map { String(path[path.index(after: $0)...]) } ?? path
        guard !name.isEmpty, name != ".", name != ".." else {
            throw CommandFailure(.usage, "\(path) is no name for a file")
        }
        do {
            directory = try Directory(path: folder)
            guard try directory.status(name) == nil else { throw Errno(EEXIST, "open \(path)") }
            if let real = realpath(folder, nil) {
                defer { free(real) }
                let place = String(cString: real) + "/"
                guard !["data", "groups"].contains(where: { place.hasPrefix("\(home)/\($0)/") }) else {
                    throw CommandFailure(.usage, "\(path) lies in what is backed up: choose a place outside of \(home)")
                }
            }
            let unnamed = 0o20_000_000 | O_DIRECTORY | O_RDWR | O_CLOEXEC
            let number = openat(directory.descriptor.number, ".", unnamed, 0o600)
            if number >= 0 {
                file = Descriptor(owning: number)
                temporary = nil
            } else {
                temporary = ".\(name).partial"
                unlinkat(directory.descriptor.number, ".\(name).partial", 0)
                file = try directory.open(".\(name).partial", O_RDWR | O_CREAT | O_EXCL, mode: 0o600)
            }
        } catch let error as Errno {
            throw Self.failure(path, error)
        }
    }

    /// Gives the file its name; what was written must be on the disk.
    func commit() throws {
        let place = directory.descriptor.number
        // A link, and no rename: what has appeared under the name meanwhile stays.
        var result: Int32
        if let temporary {
            result = linkat(place, temporary, place, name, 0)
            if result == 0 { unlinkat(place, temporary, 0) }
            // FAT has no links.
            if result != 0, errno == EPERM { result = renameat(place, temporary, place, name) }
        } else {
            result = linkat(AT_FDCWD, "/proc/self/fd/\(file.number)", place, name, AT_SYMLINK_FOLLOW)
        }
        guard result == 0 else { throw Self.failure(path, Errno.last("name \(path)")) }
        try directory.descriptor.synchronize()
    }

    /// Leaves nothing.
    func discard() {
        if let temporary { unlinkat(directory.descriptor.number, temporary, 0) }
    }

    private static func failure(_ path: String, _ error: Errno) -> CommandFailure {
        error.code == EEXIST
            ? CommandFailure(.failed, "\(path) is there already: choose another name, or remove it")
            : CommandFailure(.failed, "\(path) cannot be written: \(error)")
    }
}
