import Core
import Foundation
import LinuxIO
import TestSupport
import Testing

@testable import BackupArchive

/// The file of a backup: what is written is read back, other programs can read it, and nothing in it can be changed.
struct ArchiveTests {
    @Test func `what was written is read back, names and times included`() async throws {
        try await withTemporaryDirectory { path in
            let read = try Archive.read(try Archive.usual(path + "/a").bytes())
            #expect(read.entries.count == 12)
            #expect(read.contents["groups/main/größe \\ "]?.count == 1500)
            #expect(read.contents["groups/main/\(Archive.long)/\(Archive.long)"] == [1, 2, 3])
            let file = try #require(read.entries.first { $0.path == "groups/main/CLAUDE.md" })
            #expect(file.mode == 0o644 && file.modified == 1_600_000_000 && file.size == 7)
            #expect(read.entries.contains { $0.kind == .link("/\(Archive.long)") })
        }
    }

    @Test func `tar lists and extracts it, and sha256sum agrees with its list`() async throws {
        try await withTemporaryDirectory { path in
            _ = try Archive.usual(path + "/a")
            let listed = try shell("LC_ALL=C.UTF-8 tar -tvf \(path)/a --quoting-style=literal")
            #expect(listed.status == 0, "\(listed)")
            #expect(listed.output.contains("groups/main/l -> CLAUDE.md"), "\(listed.output)")
            #expect(listed.output.contains("\(Archive.long)/\(Archive.long)"), "\(listed.output)")
            let extracted = try shell(
                "cd \(path) && mkdir x && tar -C x -xf a && cd x && sha256sum -c nanoclaw-sha256sums.txt"
                    + " && head -c -2048 ../a | sha256sum | cut -c -64 | cmp - nanoclaw-backup.sha256"
            )
            #expect(extracted.status == 0, "\(extracted)")
            #expect(extracted.output.components(separatedBy: ": OK").count == 7, "\(extracted.output)")
        }
    }

    @Test func `a size past what octal digits hold is read back, also by tar`() async throws {
        try await withTemporaryDirectory { path in
            let size = 1 << 34
            let entry = ArchiveEntry(path: "groups/large", kind: .file, mode: 0o600, modified: 1, size: size)
            var place = 0
            let header = entry.header()
            let read = try ArchiveEntry { count in
                defer { place += count }
                return Array(header[place..<place + count])
            }
            #expect(read == entry)
            try Data(header).write(to: URL(filePath: path + "/large"))
            #expect(try shell("tar -tvf \(path)/large").output.contains(" \(size) "))
        }
    }

    @Test func `T73 a byte that is changed at any place of a backup is seen`() async throws {
        try await withTemporaryDirectory { path in
            var bytes = try Archive.usual(path + "/a").bytes()
            _ = try Archive.read(bytes)
            for place in bytes.indices {
                let good = bytes[place]
                // One bit, another for each place.
                bytes[place] ^= 1 << UInt8(place % 8)
                #expect(throws: ArchiveError.self, "byte \(place)") { try Archive.read(bytes) }
                bytes[place] = good
            }
        }
    }

    @Test func `T73 a backup that was cut anywhere, or has more behind its end, is refused`() async throws {
        try await withTemporaryDirectory { path in
            let bytes = try Archive.usual(path + "/a").bytes()
            for length in stride(from: 0, to: bytes.count, by: 256) {
                #expect(throws: ArchiveError.self, "\(length) bytes") { try Archive.read(Array(bytes.prefix(length))) }
            }
            #expect(throws: ArchiveError.self) { try Archive.read(bytes + [UInt8](repeating: 0, count: 512)) }
            #expect(throws: ArchiveError.self) { try Archive.read(bytes + bytes) }
        }
    }

    @Test func `damage is told with the file that has it`() async throws {
        try await withTemporaryDirectory { path in
            var bytes = try Archive.usual(path + "/a").bytes()
            let place = try #require(bytes.firstRange(of: Array("# Main".utf8))?.lowerBound)
            bytes[place] ^= 1
            let error = #expect(throws: ArchiveError.self) { try Archive.read(bytes) }
            #expect(error?.code == .damaged && error?.message.contains("groups/main/CLAUDE.md differ") == true)
        }
    }

    private static let file = ArchiveEntry.Kind.file

    @Test(
        arguments: [
            [("../evil", file)], [("/etc/evil", file)], [("data/../evil", file)], [("data//evil", file)],
            [("data/./evil", file)], [("data/evil/", file)], [("", file)], [("evil", file)],
            [("config.yaml", .directory)],
            [("data/a", file), ("data/a", file)], [("data/a", file), ("data/a/b", file)], [("data/no/b", file)],
            [("data/a\nb", file)], [("data/\(String(repeating: "a", count: 256))", file)],
            [("data/link", .link("/etc"))], [("groups/link", .link("/etc"))], [("config.yaml", .link("/etc/shadow"))],
            [("groups/g", .directory), ("groups/g/l", .link("/etc")), ("groups/g/l/passwd", file)],
            [("groups/g", .directory), ("groups/g/l", .link("/etc")), ("groups/g/l", .directory)],
            [("groups/g", .directory), ("groups/g/l", .link(""))], [("nanoclaw-backup.json", file)],
        ] as [[(String, ArchiveEntry.Kind)]]
    )
    func `T73 a whole archive with a name that no backup has is refused before anything is written`(
        entries: [(String, ArchiveEntry.Kind)]
    ) async throws {
        try await withTemporaryDirectory { path in
            let archive = try Archive.make(path + "/a") { writer in
                for name in ["data", "groups"] { try writer.add(Archive.directory(name)) }
                for (name, kind) in entries {
                    if kind == .file {
                        try writer.add(name, [1], modified: 0)
                    } else {
                        try writer.add(ArchiveEntry(path: name, kind: kind, mode: 0o700, modified: 0))
                    }
                }
            }
            let error = #expect(throws: ArchiveError.self) { try Archive.read(try archive.bytes()) }
            #expect(error?.code == .unsafe, "\(String(describing: error))")
        }
    }

    @Test func `T73 names that are no UTF-8, hard links and devices of other programs are refused`() async throws {
        try await withTemporaryDirectory { path in
            var bytes = try Archive.usual(path + "/a").bytes()
            let place = try #require(bytes.firstRange(of: Array("groups/main/empty".utf8))?.lowerBound)
            for (offset, value) in [(12, 0xFF), (156, UInt8(ascii: "1")), (156, UInt8(ascii: "3"))] as [(Int, UInt8)] {
                let good = bytes[place + offset]
                bytes[place + offset] = value
                #expect(throws: ArchiveError.self) { try Archive.read(bytes) }
                bytes[place + offset] = good
            }
            // As GNU tar itself writes an archive of a home.
            let made = try shell(
                "cd \(path) && mkdir -p data groups && tar -cf other data groups && dd if=/dev/zero bs=512 count=4 >> other"
            )
            #expect(made.status == 0)
            #expect(throws: ArchiveError.self) { try Archive.read(try Archive(path: path + "/other").bytes()) }
        }
    }

    @Test func `a file that became shorter while it was read is there as far as it goes`() async throws {
        try await withTemporaryDirectory { path in
            try Data(count: 3 << 20).write(to: URL(filePath: path + "/f"))
            let archive = try Archive.make(path + "/a") { writer in
                try writer.add(Archive.directory("groups"))
                let file = try Directory(path: path).open("f", O_RDONLY)
                // Past where the reading begins, so that the end comes before its size says.
                lseek(file.number, 1 << 20, SEEK_SET)
                try writer.add("groups/f", file, as: try file.status())
                try writer.add("groups/g", [7], modified: 0)
            }
            let read = try Archive.read(try archive.bytes())
            #expect(read.contents["groups/f"]?.count == 2 << 20)
            #expect(read.contents["groups/g"] == [7])
        }
    }
}
