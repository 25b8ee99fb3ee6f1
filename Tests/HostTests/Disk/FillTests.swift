import Core
import GRDB
import Glibc
import LinuxIO
import SessionStore
import TestSupport
import Testing

@testable import Host

@Suite struct FillTests {
    private let reserve = DiskReserve(bytes: 1000, files: 100)

    private func space(_ bytes: Int, _ files: Int? = 10_000) -> DiskSpace {
        DiskSpace(freeBytes: bytes, totalBytes: 1_000_000, freeFiles: files, totalFiles: files.map { _ in 100_000 })
    }

    @Test func `the level rises at each mark and falls with a quarter more room`() {
        let table: [(bytes: Int, files: Int?, level: FillState.Level)] = [
            (100_000, 10_000, .roomy), (4000, 10_000, .roomy), (3999, 10_000, .watched), (999, 10_000, .low),
            (1100, 10_000, .low), (249, 10_000, .full), (300, 10_000, .full), (320, 10_000, .low),
            (1300, 10_000, .watched),
            (4200, 10_000, .watched), (5100, 10_000, .roomy), (5100, 99, .low), (5100, 24, .full), (5100, nil, .roomy),
        ]
        var state = FillState()
        for row in table {
            state.look(space(row.bytes, row.files), reserve)
            #expect(state.level == row.level, "\(row)")
        }
        state.look(space(0, 0), DiskReserve(bytes: 0, files: 0))
        #expect(state.level == .roomy)
    }

    @Test func `an error tells whether it is the disk's, and which`() {
        let table: [(error: any Error, failure: DiskFailure?)] = [
            (Errno(ENOSPC, "write"), .full), (Errno(EDQUOT, "write"), .full), (Errno(EIO, "fsync"), .failing),
            (Errno(EACCES, "open"), nil), (SessionStore.StoreError(.diskFull, ""), .full),
            (SessionStore.StoreError(.inputOutput, ""), .failing), (SessionStore.StoreError(.fileFull, ""), nil),
            (DatabaseError(resultCode: .SQLITE_FULL), .full),
            (DatabaseError(resultCode: .SQLITE_IOERR_FSYNC), .failing),
            (DatabaseError(resultCode: .SQLITE_BUSY), nil),
        ]
        for row in table { #expect(DiskFailure(row.error) == row.failure, "\(row.error)") }
    }

    @Test func `the reserve is never more than a twentieth of the disk`() {
        let small = DiskReserve(bytes: 1 << 30, files: 1 << 20).on(space(0))
        #expect(small == DiskReserve(bytes: 50_000, files: 5000))
        #expect(small.fileBytes == 25_000)
        #expect(DiskReserve(bytes: 1 << 30, files: 0).fileBytes == 16 << 20)
    }

    @Test func `T60 who grew most is found, by bytes or by files, and nobody who found it full`() {
        let (first, second) = (SessionID.random(), SessionID.random())
        let candidates = [
            FillGuard.Candidate(session: first, folders: ["a", "a-out"], pid: 7),
            FillGuard.Candidate(session: second, folders: ["b"], pid: 8),
        ]
        func find(_ now: [String: FolderUsage], _ before: [String: FolderUsage]) -> SessionID? {
            func places(_ usage: [String: FolderUsage]) -> [FillGuard.Place: FolderUsage] {
                Dictionary(uniqueKeysWithValues: usage.map { (.folder($0.key), $0.value) })
            }
            let reserve = DiskReserve(bytes: 32 << 20, files: 1000)
            return FastestGrower.find(candidates, now: places(now), before: places(before), reserve)
        }
        let mib = 1 << 20
        let old = ["a": FolderUsage(bytes: 900 * mib, files: 10), "b": FolderUsage(bytes: mib, files: 10)]
        func now(_ a: Int, _ b: Int, files: Int = 10) -> [String: FolderUsage] {
            ["a": FolderUsage(bytes: a * mib, files: 10), "b": FolderUsage(bytes: b * mib, files: files)]
        }
        #expect(find(now(901, 1), old) == nil)
        #expect(find(now(902, 4), old) == second)
        #expect(find(now(903, 1, files: 1200), old) == second)
        // A few files more are any turn's, however small the reserve is.
        #expect(find(now(900, 1, files: 73), old) == nil)
        // What is there already is nobody's growth; with nothing to compare with, what has just changed is.
        #expect(find(["a": FolderUsage(bytes: 900 * mib, recentBytes: 900 * mib)], old) == nil)
        #expect(find(["a": FolderUsage(bytes: 900 * mib, recentBytes: 7 * mib)], [:]) == first)
    }

    @Test func `T60 who grew in no folder is found by what it holds without a name, then by what it has written`() {
        let (first, second) = (SessionID.random(), SessionID.random())
        let candidates = [
            FillGuard.Candidate(session: first, folders: ["a"], pid: 7),
            FillGuard.Candidate(session: second, folders: ["b"], pid: 8),
        ]
        let mib = 1 << 20
        func find(nameless: Int, written: [Int], before: [Int]?) -> SessionID? {
            func usage(_ written: [Int], _ nameless: Int) -> [FillGuard.Place: FolderUsage] {
                [
                    .nameless(8): FolderUsage(bytes: nameless, recentBytes: nameless),
                    .written(7): FolderUsage(bytes: written[0]), .written(8): FolderUsage(bytes: written[1]),
                ]
            }
            return FastestGrower.find(
                candidates,
                now: usage(written, nameless),
                before: before.map { usage($0, 0) } ?? [:],
                DiskReserve(bytes: 32 << 20, files: 1000)
            )
        }
        #expect(find(nameless: 2 * mib, written: [20 * mib, 0], before: [0, 0]) == second)
        #expect(find(nameless: 2 * mib, written: [20 * mib, 0], before: nil) == second)
        #expect(find(nameless: mib, written: [8 * mib, 7 * mib], before: [0, 0]) == first)
        #expect(find(nameless: mib, written: [8 * mib, 7 * mib], before: [8 * mib, 0]) == nil)
        // What was written before anybody looked says nothing of the room that is going now.
        #expect(find(nameless: 0, written: [900 * mib, 0], before: nil) == nil)
    }

    @Test(arguments: [UInt32(0o000), 0o300, 0o400])
    func `a folder that its owner closed to himself is measured`(mode: UInt32) throws {
        try withFolder { path in
            let root = try Directory(path: path)
            try root.makeDirectory("closed")
            try root.directory("closed").makeDirectory("inner")
            try root.directory("closed/inner").create("file").write([UInt8](repeating: 1, count: 100_000))
            for folder in ["closed/inner", "closed"] { chmod("\(path)/\(folder)", mode) }
            chmod(path, mode)
            defer { for folder in ["", "closed", "closed/inner"] { chmod("\(path)/\(folder)", 0o700) } }
            let parent = try Directory(path: "/tmp")
            let folder = try #require(parent.readable(String(path.dropFirst(5))))
            let usage = FolderUsage.measure(folder, since: 0)
            #expect(usage.files == 3 && usage.bytes >= 100_000, "\(usage)")
            // Root may read all of it as it was: it is the mode that says that somebody else could.
            for folder in ["", "closed", "closed/inner"] {
                var status = stat()
                #expect(lstat("\(path)/\(folder)", &status) == 0)
                #expect(status.st_mode & 0o777 == mode | 0o500, "\(folder)")
            }
        }
    }

    @Test func `a file whose name is no text is measured, and where a link leads nothing is opened`() throws {
        try withFolder { path in
            let root = try Directory(path: path)
            try root.makeDirectory("closed")
            chmod("\(path)/closed", 0o300)
            symlink("closed", "\(path)/link")
            #expect(root.readable("link")?.descriptor.number == nil)
            #expect(try root.status("closed")?.st_mode == S_IFDIR | 0o300)
            let name: [CChar] = [-1, -2, 0]
            let file = openat(root.descriptor.number, name, O_WRONLY | O_CREAT | O_EXCL, 0o600)
            try Descriptor(owning: file).write([UInt8](repeating: 1, count: 100_000))
            #expect(FolderUsage.measure(root, since: 0).bytes >= 100_000)
        }
    }

    @Test func `a tree is measured without following its links, and what changed lately apart`() throws {
        try withFolder { path in
            let root = try Directory(path: path)
            try root.makeDirectory("deep")
            let file = try root.directory("deep").create("file")
            try file.write([UInt8](repeating: 1, count: 100_000))
            symlink("/usr", "\(path)/link")
            let usage = FolderUsage.measure(root, since: 0)
            #expect(usage.files == 3)
            #expect((100_000..<130_000).contains(usage.bytes))
            #expect(usage.recentFiles == 3 && usage.recentBytes == usage.bytes)
            let later = FolderUsage.measure(root, since: Int(time(nil)) + 100)
            #expect(later.recentFiles == 0 && later.recentBytes == 0 && later.bytes == usage.bytes)
            #expect(FolderUsage.measure(root, since: 0, limit: 2).files == 2)
        }
    }

    @Test func `the reserve file takes its room at once and gives it back`() throws {
        try withFolder { path in
            let file = ReserveFile(data: try Directory(path: path))
            try file.release()
            try file.make(bytes: 1 << 20)
            let first = try file.data.status("reserve")
            #expect(first.map { Int($0.st_blocks) * 512 >= 1 << 20 } == true)
            try file.make(bytes: 1 << 20)
            #expect(try file.data.status("reserve")?.st_ino == first?.st_ino)
            #expect(throws: Errno.self) { try file.make(bytes: 1 << 60) }
            #expect(try file.data.status("reserve") == nil)
        }
    }

    private func withFolder(_ body: (String) throws -> Void) throws {
        var template = Array("/tmp/nanoclaw-test-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Errno.last("mkdtemp") }
        let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer { try? Directory(path: "/tmp").remove(String(path.dropFirst(5))) }
        try body(path)
    }
}
