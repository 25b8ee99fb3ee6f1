import Core
import Glibc
package import LinuxIO

/// What is handed the entries of a backup, one after the other.
package protocol ArchiveVisitor {
    mutating func begin(_ entry: ArchiveEntry) throws
    /// The next bytes of the file that was begun.
    mutating func take(_ bytes: [UInt8]) throws
    mutating func end(_ entry: ArchiveEntry) throws
}

/// Reads a backup that anybody may have made or changed, strictly: a byte that differs from what a writer of ours would
/// have written ends the reading, wherever it stands.
package struct ArchiveReader {
    private static let part = 1 << 20
    private let size: Int
    private let read: (_ place: Int, _ count: Int) throws -> [UInt8]

    /// A backup of `size` bytes; `read` gives up to so many bytes from a place, none at the end.
    package init(size: Int, read: @escaping (_ place: Int, _ count: Int) throws -> [UInt8]) {
        self.size = size
        self.read = read
    }

    /// The backup in an open file.
    package init(_ file: Descriptor) throws {
        let status = try file.status()
        guard status.st_mode & S_IFMT == S_IFREG else { throw ArchiveError(.files, "it is no regular file") }
        self.init(size: Int(status.st_size)) { try Self.bytes(of: file, $0, $1) }
    }

    static func bytes(of file: Descriptor, _ place: Int, _ count: Int) throws -> [UInt8] {
        var failure: Errno?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            var got: Int
            repeat { got = pread(file.number, buffer.baseAddress, count, off_t(place)) } while got < 0 && errno == EINTR
            if got < 0 { failure = Errno.last("read") }
            filled = max(got, 0)
        }
        if let failure { throw ArchiveError(.files, "the backup cannot be read", cause: failure) }
        return bytes
    }

    /// The last bytes of a backup whose other bytes have this digest.
    static func trailer(_ digest: String) -> [UInt8] {
        let text = Array("\(digest)\n".utf8)
        let entry = ArchiveEntry(path: EntryRules.digest, kind: .file, mode: 0o600, modified: 0, size: text.count)
        return entry.header() + text + ArchiveEntry.padding(text.count)
            + [UInt8](repeating: 0, count: 2 * ArchiveEntry.block)
    }

    private static let trailerLength = trailer(String(repeating: "0", count: 64)).count

    /// Reads everything and hands it to the visitor; throws ``ArchiveError`` where it is not as it was written.
    ///
    /// What the visitor was handed counts only when this returns.
    package func read(into visitor: inout some ArchiveVisitor) throws {
        let end = size - Self.trailerLength
        guard end > 0, size % ArchiveEntry.block == 0 else {
            throw ArchiveError(.damaged, "its length, \(size) bytes, is none that a whole backup has")
        }
        let input = Input(read: read, end: end, digest: try SHA256())
        var rules = EntryRules()
        var sums: [UInt8] = []
        var isWhole = false
        var last = "the beginning"
        do {
            while input.place < end {
                let entry = try ArchiveEntry(reading: input.take)
                try rules.take(entry)
                last = entry.path
                isWhole = entry.path == EntryRules.sums
                if isWhole {
                    try Self.compare(try input.take(upTo: entry.size, limit: sums.count + 1), sums)
                } else {
                    try visitor.begin(entry)
                    let digest = try SHA256()
                    var rest = entry.size
                    while rest > 0 {
                        let bytes = try input.take(min(rest, Self.part))
                        digest.update(bytes)
                        try visitor.take(bytes)
                        rest -= bytes.count
                    }
                    if entry.kind == .file { sums += Array("\(digest.finish())  \(entry.path)\n".utf8) }
                    try visitor.end(entry)
                }
                guard try input.take(ArchiveEntry.padding(entry.size).count).allSatisfy({ $0 == 0 }) else {
                    throw ArchiveError(.damaged, "there are bytes behind its end")
                }
                if isWhole, input.place < end { throw ArchiveError(.damaged, "something follows the list of sums") }
            }
        } catch let error as ArchiveError {
            let place = "near byte \(input.place) (at \(last.prefix(200)))"
            throw ArchiveError(error.code, "\(place): \(error.message)", cause: error.cause)
        }
        guard isWhole else { throw ArchiveError(.damaged, "the list of sums is missing: it was cut") }
        let trailer = Self.trailer(input.digest.finish())
        guard try Input(read: read, end: size, digest: SHA256(), place: end).take(trailer.count) == trailer else {
            throw ArchiveError(.damaged, "its digest is not the one of its bytes, or its last blocks are damaged")
        }
    }

    /// Finds the first file whose sum differs.
    private static func compare(_ written: [UInt8], _ computed: [UInt8]) throws {
        guard written != computed else { return }
        let (old, new) = (written.split(separator: 0x0A), computed.split(separator: 0x0A))
        for (left, right) in zip(old, new) where left != right {
            throw ArchiveError(
                .damaged,
                "the contents of \(String(decoding: right.dropFirst(66), as: UTF8.self)) differ"
            )
        }
        throw ArchiveError(.damaged, "the list of sums is damaged")
    }
}

/// The bytes of an archive up to its trailer, in order.
private final class Input {
    private let read: (_ place: Int, _ count: Int) throws -> [UInt8]
    private let end: Int
    let digest: SHA256
    private(set) var place: Int

    init(read: @escaping (Int, Int) throws -> [UInt8], end: Int, digest: SHA256, place: Int = 0) {
        self.read = read
        self.end = end
        self.digest = digest
        self.place = place
    }

    /// The next bytes, exactly so many.
    func take(_ count: Int) throws -> [UInt8] {
        guard count <= end - place else { throw ArchiveError(.damaged, "an entry is longer than the file: it was cut") }
        var bytes: [UInt8] = []
        while bytes.count < count {
            let part = try read(place + bytes.count, count - bytes.count)
            guard !part.isEmpty else { throw ArchiveError(.damaged, "the file became shorter") }
            bytes = bytes.isEmpty ? part : bytes + part
        }
        place += count
        digest.update(bytes)
        return bytes
    }

    /// The same of a size that the archive names: no memory is taken for more than `limit`.
    func take(upTo count: Int, limit: Int) throws -> [UInt8] {
        guard count <= limit else { throw ArchiveError(.damaged, "the list of sums is damaged") }
        return try take(count)
    }
}
