import Glibc
import LinuxIO

/// `data/reserve`: room that nobody else can take, given back when the disk is full so that the host can commit.
struct ReserveFile {
    private static let name = "reserve"
    let data: Directory

    /// Gives the room back.
    func release() throws {
        guard unlinkat(data.descriptor.number, Self.name, 0) == 0 || errno == ENOENT else {
            throw Errno.last("remove data/\(Self.name)")
        }
    }

    /// Takes the room, if it is not held already; nothing is left when there is too little.
    func make(bytes: Int) throws {
        if let status = try data.status(Self.name), Int(status.st_blocks) * 512 >= bytes { return }
        try release()
        guard bytes > 0 else { return }
        let file = try data.create(Self.name)
        let failure = posix_fallocate(file.number, 0, off_t(bytes))
        guard failure == 0 else {
            try release()
            throw Errno(failure, "allocate data/\(Self.name)")
        }
    }
}
