import BackupArchive
import Core
import Glibc
import LinuxIO
import TestSupport
import Testing

@testable import Commands

/// What of an agent's files a backup takes in, and what it says of the others.
struct BackupWalkTests {
    /// Backs up a home in which `plant` has made something, in the folder of the group `main`; the sizes of the files in it.
    private func walk(
        holes: Int = 1 << 30,
        _ plant: (_ group: String) throws -> Void
    ) async throws -> (sizes: [String: Int], leftOut: [LeftOut]) {
        try await withTemporaryDirectory { path in
            let home = path + "/home"
            for folder in [home, home + "/data", home + "/groups", home + "/groups/main"] { mkdir(folder, 0o700) }
            try plant(home + "/groups/main")
            let number = open(path + "/backup", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
            let output = Descriptor(owning: try Errno.check(number, "open"))
            let writer = ArchiveWriter(output)
            try writer.add(EntryRules.description, [], modified: 0)
            var walk = try HomeWalk(home: home, writer: writer, output: output, holes: holes)
            try walk.run(central: { [] }, now: Timestamp(milliseconds: 0))
            try writer.finish()
            var sizes = Sizes()
            try ArchiveReader(output).read(into: &sizes)
            return (sizes.found, walk.leftOut)
        }
    }

    @Test func `holes are written out while there is room for them in all, and told where there is none`()
        async throws
    {
        let (sizes, leftOut) = try await walk(holes: 4 << 20) { group in
            func make(_ name: String, hole: Int, data: Int) throws {
                let file = try Directory(path: group).create(name)
                lseek(file.number, off_t(hole), SEEK_SET)
                try file.write([UInt8](repeating: 7, count: data))
                ftruncate(file.number, off_t(hole + data))
            }
            try make("a", hole: 3 << 20, data: 1 << 16)
            try make("b", hole: 2 << 20, data: 0)
            try make("c", hole: 0, data: 8 << 20)
            try make("d", hole: 1 << 20, data: 0)
        }
        #expect(sizes["groups/main/a"] == (3 << 20) + (1 << 16))
        #expect(sizes["groups/main/b"] == nil)
        #expect(sizes["groups/main/c"] == 8 << 20)
        #expect(sizes["groups/main/d"] == 1 << 20)
        #expect(leftOut.map(\.path) == ["groups/main/b"])
        #expect(leftOut.allSatisfy { $0.isMissed && $0.reason.contains("2097152 bytes of holes") }, "\(leftOut)")
    }

    @Test func `a name that no other name stands for ends no backup`() async throws {
        let (sizes, leftOut) = try await walk { group in
            // Each byte becomes three when it is made UTF-8: longer than a name may be.
            let odd = [CChar](repeating: CChar(bitPattern: 0xFF), count: 200)
            let path = (group + "/").utf8CString.dropLast() + odd + [0]
            close(open(Array(path), O_WRONLY | O_CREAT | O_CLOEXEC, 0o600))
            _ = try Directory(path: group).create("kept")
        }
        #expect(sizes["groups/main/kept"] == 0)
        #expect(leftOut.count == 1 && leftOut.allSatisfy(\.isMissed), "\(leftOut)")
    }

    @Test func `what has no contents is told and not missed, a link of the host's is`() async throws {
        let (_, leftOut) = try await walk { group in
            mkfifo(group + "/pipe", 0o600)
            symlink("/etc", group + "/../../data/link")
        }
        #expect(leftOut.map(\.path) == ["groups/main/pipe", "data/link"])
        #expect(leftOut.map(\.isMissed) == [false, true] && leftOut.allSatisfy { !$0.isUsual })
    }

    @Test func `a list of what is missing stays as long as its reader takes, with the keys in it`() throws {
        let name = String(repeating: "x", count: 3000)
        let odd = (0..<10_000).map { LeftOut(path: "\(name)-\($0)", reason: LeftOut.pipe) }
        let bytes = try BackupCreation.list(odd + [LeftOut(path: "data/credentials/claude", reason: LeftOut.key)])
        #expect(bytes.count <= BackupContents.longestText)
        let lines = try bytes.split(separator: 0x0A).map { try JSONText.decode(LeftOut.self, $0) }
        #expect(lines.first?.path == "data/credentials/claude")
        #expect(lines.last?.reason == "no room to name \(10_001 - (lines.count - 1)) more")
        #expect(try BackupCreation.list(Array(odd.prefix(3))).split(separator: 0x0A).count == 3)
    }
}

/// The sizes of a backup's files.
private struct Sizes: ArchiveVisitor {
    var found: [String: Int] = [:]

    func begin(_ entry: ArchiveEntry) {}
    func take(_ bytes: [UInt8]) {}
    mutating func end(_ entry: ArchiveEntry) { if entry.kind == .file { found[entry.path] = entry.size } }
}
