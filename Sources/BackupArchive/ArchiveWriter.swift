import Core
package import Glibc
package import LinuxIO

/// Writes a backup: entries one after the other, then the sums of all files, then a digest of everything.
///
/// Blocks on the disk. Belongs to one thread at a time.
package final class ArchiveWriter {
    private static let part = 1 << 20
    private let file: Descriptor
    private var offset = 0
    private var sums: [UInt8] = []
    /// Files so far, and their bytes.
    package private(set) var files = 0
    package private(set) var bytes = 0

    /// Begins in an empty file that can be read and written.
    package init(_ file: Descriptor) { self.file = file }

    /// Adds a directory or a link.
    package func add(_ entry: ArchiveEntry) throws { try write(entry.header()) }

    /// Adds a file with these contents.
    package func add(_ path: String, _ contents: [UInt8], mode: UInt32 = 0o600, modified: Int64) throws {
        var rest = contents[...]
        let entry = ArchiveEntry(path: path, kind: .file, mode: mode, modified: modified, size: contents.count)
        try add(entry) { count in
            defer { rest = rest.dropFirst(count) }
            return Array(rest.prefix(count))
        }
    }

    /// Adds what an open file holds, with the mode and time of this status, and nothing that is written behind its end since.
    package func add(_ path: String, _ source: Descriptor, as status: stat) throws {
        let entry = ArchiveEntry(
            path: path,
            kind: .file,
            mode: status.st_mode,
            modified: Int64(status.st_mtim.tv_sec),
            size: Int(status.st_size)
        )
        try add(entry) { try source.read(upTo: $0) }
    }

    private func add(_ planned: ArchiveEntry, _ next: (Int) throws -> [UInt8]) throws {
        var entry = planned
        let start = offset
        // Written at last: a file may become shorter while it is read.
        offset += entry.header().count
        let digest = try SHA256()
        var rest = entry.size
        while rest > 0 {
            let bytes = try next(min(rest, Self.part))
            if bytes.isEmpty { break }
            digest.update(bytes)
            try write(bytes)
            rest -= bytes.count
        }
        entry.size -= rest
        try write(ArchiveEntry.padding(entry.size))
        try write(entry.header(), at: start)
        if entry.path != EntryRules.sums { sums += Array("\(digest.finish())  \(entry.path)\n".utf8) }
        files += 1
        bytes += entry.size
    }

    /// Ends the backup and brings it to the disk.
    package func finish() throws {
        let sums = sums
        try add(EntryRules.sums, sums, modified: 0)
        let digest = try SHA256()
        var place = 0
        // Read back, so that the digest is one of what the file holds.
        while place < offset {
            let bytes = try ArchiveReader.bytes(of: file, place, min(Self.part, offset - place))
            guard !bytes.isEmpty else { throw ArchiveError(.files, "what was written cannot be read back") }
            digest.update(bytes)
            place += bytes.count
        }
        try write(ArchiveReader.trailer(digest.finish()))
        try file.synchronize()
    }

    private func write(_ bytes: [UInt8]) throws {
        try write(bytes, at: offset)
        offset += bytes.count
    }

    private func write(_ bytes: [UInt8], at start: Int) throws {
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes {
                pwrite(file.number, $0.baseAddress.map { $0 + done }, bytes.count - done, off_t(start + done))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                throw ArchiveError(.files, "the backup cannot be written", cause: Errno.last("write"))
            }
            done += count
        }
    }
}
