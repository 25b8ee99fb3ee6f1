import Glibc
import LinuxIO
import TestSupport
import Testing

struct DirectoryTests {
    /// A directory with a secret beside it that nothing may reach.
    private func withTree(_ body: (_ root: Directory, _ path: String) async throws -> Void) async throws {
        try await withTemporaryDirectory { path in
            let outer = try Directory(path: path)
            try outer.replace("secret", with: Array("secret".utf8))
            try outer.makeDirectory("root")
            try await body(Directory(path: path + "/root"), path)
        }
    }

    @Test func `T41 a path out of the directory is refused`() async throws {
        try await withTree { root, path in
            for escape in ["../secret", "/etc/passwd", "a/../../secret", path + "/secret"] {
                #expect(throws: Errno.self) { try root.contents(escape, limit: 100) }
            }
        }
    }

    @Test func `T41 symbolic links are never followed, first or last`() async throws {
        try await withTree { root, path in
            symlink("../secret", path + "/root/link")
            symlink("..", path + "/root/up")
            #expect(throws: Errno(ELOOP, "open link")) { try root.contents("link", limit: 100) }
            #expect(throws: Errno(ELOOP, "open up/secret")) { try root.contents("up/secret", limit: 100) }
        }
    }

    @Test func `a tree whose names are no UTF-8 is removed whole`() async throws {
        try await withTree { root, path in
            try root.makeDirectory("odd")
            let odd: [UInt8] = Array((path + "/root/odd/").utf8) + [0xFF, 0xFE]
            for name in [odd + [0], odd + [0x2F, 0x80, 0]] {
                #expect(mkdir(name.map { CChar(bitPattern: $0) }, 0o700) == 0)
            }
            try root.remove("odd")
            #expect(try root.names() == [])
        }
    }

    @Test func `T41 hard links, FIFOs, directories and devices are no files`() async throws {
        try await withTree { root, path in
            link(path + "/secret", path + "/root/hard")
            mkfifo(path + "/root/fifo", 0o600)
            try root.makeDirectory("folder")
            for name in ["hard", "fifo", "folder"] {
                #expect(throws: Errno.self) { try root.contents(name, limit: 100) }
            }
        }
    }

    @Test func `a file over the limit is refused, one at the limit is read`() async throws {
        try await withTree { root, _ in
            try root.replace("ten", with: [UInt8](repeating: 65, count: 10))
            #expect(try root.contents("ten", limit: 10).count == 10)
            #expect(throws: Errno.self) { try root.contents("ten", limit: 9) }
        }
    }

    @Test func `T41 what is no single name is not removed`() async throws {
        try await withTemporaryDirectory { path in
            let root = try Directory(path: path)
            try root.makeDirectory("outside")
            try root.makeDirectory("inside")
            let inside = try root.directory("inside")
            symlink("../outside", "\(path)/inside/link")
            close(open("\(path)/outside/kept", O_WRONLY | O_CREAT, 0o600))
            // All within the test's own directory: without the check each of these is removed for real.
            for name in ["link/kept", "../outside", "..", ".", "", "\(path)/outside"] {
                #expect(throws: Errno(EINVAL, "remove \(name)")) { try inside.remove(name) }
            }
            #expect(try root.directory("outside").names() == ["kept"])
        }
    }

    @Test func `T41 removing a tree removes links, not what they point to`() async throws {
        try await withTree { root, path in
            try root.makeDirectory("tree")
            let tree = try root.directory("tree")
            try tree.makeDirectory("deep")
            try tree.replace("file", with: [1])
            symlink(path, path + "/root/tree/out")
            symlink(path + "/secret", path + "/root/tree/deep/out")
            try root.remove("tree")
            #expect(try root.status("tree") == nil)
            #expect(try Directory(path: path).contents("secret", limit: 10) == Array("secret".utf8))
        }
    }

    @Test func `removing stops at its budget`() async throws {
        try await withTree { root, _ in
            try root.makeDirectory("many")
            let many = try root.directory("many")
            for index in 0..<20 { _ = try many.create("f\(index)") }
            #expect(throws: Errno.self) { try root.remove("many", budget: 10) }
        }
    }

    @Test func `a replaced file is whole or old, and created files must be new`() async throws {
        try await withTree { root, _ in
            try root.replace("a", with: [1, 2])
            try root.replace("a", with: [3])
            #expect(try root.contents("a", limit: 10) == [3])
            #expect(try root.names() == ["a"])
            #expect(throws: Errno(EEXIST, "open a")) { try root.create("a") }
        }
    }
}
