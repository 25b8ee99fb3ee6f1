import Foundation
import Glibc
import LinuxIO
import TestSupport

@testable import BackupArchive

/// A backup in a file, and what reading it finds.
struct Archive {
    let path: String

    /// Writes an archive that begins as every backup does; nothing checks what `body` adds.
    static func make(_ path: String, _ body: (ArchiveWriter) throws -> Void) throws -> Archive {
        let number = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard number >= 0 else { throw Errno.last("open \(path)") }
        let writer = ArchiveWriter(Descriptor(owning: number))
        try writer.add(EntryRules.description, Array("{}".utf8), modified: 1_700_000_000)
        try body(writer)
        try writer.finish()
        return Archive(path: path)
    }

    /// One with something of every kind, in 20 kB.
    static func usual(_ path: String) throws -> Archive {
        try make(path) { writer in
            try writer.add(directory("groups"))
            try writer.add(directory("groups/main"))
            try writer.add("groups/main/CLAUDE.md", Array("# Main\n".utf8), mode: 0o644, modified: 1_600_000_000)
            try writer.add("groups/main/empty", [], modified: 0)
            try writer.add("groups/main/größe \\ ", (0..<1500).map { UInt8(truncatingIfNeeded: $0 &* 7) }, modified: 5)
            try writer.add(directory("groups/main/\(long)"))
            try writer.add("groups/main/\(long)/\(long)", [1, 2, 3], modified: 7)
            try writer.add(ArchiveEntry(path: "groups/main/l", kind: .link("CLAUDE.md"), mode: 0o777, modified: 8))
            try writer.add(ArchiveEntry(path: "groups/main/far", kind: .link("/\(long)"), mode: 0o777, modified: 9))
            try writer.add(directory("data"))
            try writer.add("data/nanoclaw.db", [UInt8](repeating: 9, count: 512), modified: 10)
        }
    }

    static let long = String(repeating: "langer-name-", count: 12)

    static func directory(_ path: String) -> ArchiveEntry {
        ArchiveEntry(path: path, kind: .directory, mode: 0o755, modified: 1_600_000_001)
    }

    func bytes() throws -> [UInt8] { try [UInt8](Data(contentsOf: URL(filePath: path))) }

    static func read(_ bytes: [UInt8]) throws -> Collector {
        var collector = Collector()
        try ArchiveReader(size: bytes.count) { Array(bytes[min($0, bytes.count)..<min($0 + $1, bytes.count)]) }
            .read(into: &collector)
        return collector
    }
}

/// Keeps all that it is handed.
struct Collector: ArchiveVisitor {
    var entries: [ArchiveEntry] = []
    var contents: [String: [UInt8]] = [:]
    private var bytes: [UInt8] = []

    mutating func begin(_ entry: ArchiveEntry) {
        entries.append(entry)
        bytes = []
    }
    mutating func take(_ more: [UInt8]) { bytes += more }
    mutating func end(_ entry: ArchiveEntry) { contents[entry.path] = bytes }
}

/// Runs a command of the shell; its output, and its status.
func shell(_ command: String) throws -> (status: Int32, output: String) {
    guard let pipe = popen("(\(command)) 2>&1", "r") else { throw Errno.last("popen") }
    var text: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while case let count = fread(&buffer, 1, buffer.count, pipe), count > 0 { text += buffer.prefix(count) }
    return (pclose(pipe) >> 8, String(decoding: text, as: UTF8.self))
}
