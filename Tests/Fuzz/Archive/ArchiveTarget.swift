import BackupArchive
import Glibc
import LinuxIO

/// The file of a backup: raw bytes, or entries that these choose, written by our writer and then changed in one bit.
///
/// What the visitor is handed leads nowhere outside of a home, what was written is read back, and a changed bit is seen.
struct ArchiveTarget: FuzzTarget {
    static let name = "archive"
    private let file: Descriptor

    init() throws {
        // Without a name, in memory.
        let number = open("/dev/shm", 0o20_000_000 | O_DIRECTORY | O_RDWR | O_CLOEXEC, 0o600)
        guard number >= 0 else { throw Errno.last("open /dev/shm") }
        file = Descriptor(owning: number)
    }

    func run(_ input: [UInt8]) {
        guard let mode = input.first else { return }
        var choices = Choices(Array(input.dropFirst()))
        if mode & 1 == 0 {
            let raw = choices.remainder()
            _ = read(raw + [UInt8](repeating: 0, count: 4096 - raw.count % 512))
            return
        }
        let (written, bytes) = write(&choices)
        if let found = read(bytes) { require(found == written, "what was written is read back") }
        var changed = bytes
        let place = min(choices.below(1 << 16), bytes.count - 1)
        changed[mode & 2 == 0 ? place : bytes.count - 1 - place] ^= 1 << UInt8(choices.below(8))
        require(read(changed) == nil, "a changed bit is seen, at \(place) of \(bytes.count)")
    }

    /// What a visitor was handed of a whole archive; nil when it was refused.
    private func read(_ given: [UInt8]) -> [Seen]? {
        var bytes = given
        #if PLANTED
        // A reader that does not look at the blocks behind the last entry.
        for place in bytes.indices.suffix(1024) { bytes[place] = 0 }
        #endif
        var visitor = Visitor()
        let reader = ArchiveReader(size: bytes.count) { [bytes] place, count in
            Array(bytes[min(place, bytes.count)..<min(place + count, bytes.count)])
        }
        do {
            try reader.read(into: &visitor)
            return visitor.seen
        } catch {
            require(error is ArchiveError, "a backup is refused with an ArchiveError, not with \(type(of: error))")
            require("\(error)".utf8.count < 2000, "a refusal is short")
            return nil
        }
    }

    private func write(_ choices: inout Choices) -> ([Seen], [UInt8]) {
        var written: [Seen] = []
        ftruncate(file.number, 0)
        do {
            let writer = ArchiveWriter(file)
            func put(_ entry: ArchiveEntry, _ contents: [UInt8] = []) throws {
                var entry = entry
                entry.size = contents.count
                written.append(Seen(entry: entry, bytes: contents))
                if entry.kind != .file { return try writer.add(entry) }
                try writer.add(entry.path, contents, mode: entry.mode, modified: entry.modified)
            }
            try put(ArchiveEntry(path: EntryRules.description, kind: .file, mode: 0o600, modified: 0), [0x7B, 0x7D])
            for name in ["groups", "data"] {
                try put(ArchiveEntry(path: name, kind: .directory, mode: 0o700, modified: 0))
            }
            for _ in 0..<choices.below(8) {
                let kind = choices.below(3)
                let prefix = choices.pick(["groups/", "data/", "groups/a/", ""])
                // A header ends a name at its first zero.
                let path = prefix + String(choices.text().filter { $0 != "\u{0}" })
                let target = kind == 2 ? String(choices.text().filter { $0 != "\u{0}" }) : ""
                let entry = ArchiveEntry(
                    path: path,
                    kind: kind == 0 ? .file : kind == 1 ? .directory : .link(target),
                    mode: UInt32(choices.below(512)),
                    modified: choices.integer()
                )
                try put(entry, kind == 0 ? choices.bytes() : [])
            }
            try writer.finish()
            lseek(file.number, 0, SEEK_SET)
            return (written, try file.read(upTo: Int(try file.status().st_size)))
        } catch {
            violated("an archive cannot be written: \(error)")
        }
    }
}

/// An entry and what a visitor was handed for it.
private struct Seen: Equatable {
    var entry: ArchiveEntry
    var bytes: [UInt8]
}

/// Holds what it is handed against a plain statement of what may be in a home.
private struct Visitor: ArchiveVisitor {
    var seen: [Seen] = []

    mutating func begin(_ entry: ArchiveEntry) {
        let parts = entry.path.split(separator: "/", omittingEmptySubsequences: false)
        require(!parts.contains { ["", ".", ".."].contains($0) }, "no path leads upward: \(entry.path)")
        require(!entry.path.utf8.contains { $0 < 0x20 }, "no path has control characters")
        require(
            ["groups", "data"].contains(parts[0]) || parts.count == 1 && entry.kind == .file,
            "nothing but a home's parts: \(entry.path)"
        )
        for other in seen {
            require(other.entry.path != entry.path, "no path is there twice")
            let isBelow = entry.path.hasPrefix(other.entry.path + "/")
            require(!isBelow || other.entry.kind == .directory, "nothing is below a link or a file")
        }
        if case .link = entry.kind {
            require(parts[0] == "groups" && parts.count > 2, "a link is an agent's: \(entry.path)")
        }
        seen.append(Seen(entry: entry, bytes: []))
    }

    mutating func take(_ bytes: [UInt8]) { seen[seen.count - 1].bytes += bytes }

    mutating func end(_ entry: ArchiveEntry) {
        require(seen.last?.bytes.count == entry.size, "a file has as many bytes as its header says")
    }
}
