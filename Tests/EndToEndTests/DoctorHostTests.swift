import Foundation
import Glibc
import LinuxIO
import TestSupport
import Testing

/// The doctor beside a real home.
@Suite(.timeLimit(.minutes(3)))
struct DoctorHostTests {
    /// Every file of a tree with its owner, mode, number, times and bytes.
    ///
    /// SQLite's shared memory is a cache, which readers mark too.
    private static func contents(of root: String) throws -> [String] {
        var found: [String] = []
        var open = [""]
        while let folder = open.popLast() {
            let directory = try Directory(path: root + folder)
            for name in try directory.names() {
                let path = "\(folder)/\(name)"
                let status = try #require(try directory.status(name))
                var line =
                    "\(path) \(String(status.st_mode, radix: 8)) \(status.st_uid) \(status.st_gid) \(status.st_ino)"
                line += " \(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec)"
                switch status.st_mode & S_IFMT {
                case S_IFDIR: open.append(path)
                case S_IFREG where !name.hasSuffix("-shm"):
                    line += " \(status.st_size) \(try directory.contents(name, limit: 1 << 28).hashValue)"
                case S_IFREG: line = path
                default: break
                }
                found.append(line)
            }
        }
        return found.sorted()
    }

    /// Asks the doctor, who has nothing to say.
    private static func look(_ home: String, _ state: String) async throws {
        let answer = try await run(Release.nanoclaw.path, ["doctor", "--home", home])
        #expect(answer.status == 0, "\(state): \(answer)")
        if getuid() == 0 { #expect(answer.output.isEmpty, "\(state): \(answer)") }
    }

    private static func withHome(_ body: (String) async throws -> Void) async throws {
        try await withTemporaryDirectory { path in
            chmod(path, 0o755)
            let home = path + "/home"
            try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: true)
            try await body(home)
        }
    }

    @Test func `T64 the doctor says nothing of a healthy home, host up or down, and changes nothing`() async throws {
        try await Self.withHome { home in
            let new = try Self.contents(of: home)
            try await Self.look(home, "new")
            #expect(try Self.contents(of: home) == new)
            try await withHost(home: home) { host in
                _ = try await host.chat("hello")
                try await Self.look(home, "up")
            }
            let before = try Self.contents(of: home)
            try await Self.look(home, "down")
            #expect(try Self.contents(of: home) == before)
        }
    }

    @Test func `T64 beside a running host the doctor writes nothing to the home of its own`() async throws {
        guard FileManager.default.isExecutableFile(atPath: "/usr/bin/strace") else {
            print("skipped: strace is needed")
            return
        }
        try await Self.withHome { home in
            try await withHost(home: home) { host in
                _ = try await host.chat("hello")
                let calls = home + "-calls"
                let words = [
                    "-f", "-qq", "-y", "-s", "4096", "-e", "signal=none", "-e",
                    "trace=%file,write,pwrite64,writev,pwritev,ftruncate,fallocate,fchmod,fchown,fsetxattr,sendfile,copy_file_range",
                    "-o", calls, Release.nanoclaw.path, "doctor", "--home", home,
                ]
                let answer = try await run("/usr/bin/strace", words)
                #expect(answer.status == 0, "\(answer)")
                let lines = try String(contentsOfFile: calls, encoding: .utf8).split(separator: "\n")
                // The recorder hears the doctor.
                #expect(lines.contains { $0.contains("\(home)/data/nanoclaw.db\"") && $0.contains("open") })
                let harmless =
                    /^\d+ +(access|faccessat2?|stat|lstat|newfstatat|statfs|statx|readlink(at)?|getcwd|execve|chdir)\(/
                let changes = lines.filter { line in
                    guard line.contains(home), !line.contains(" = -1 "), line.firstMatch(of: harmless) == nil else {
                        return false
                    }
                    // SQLite's readers share one file with its writer, and open its log as if to write, with the owner that
                    // it has; what is written to that one would be seen.
                    let isOpening = line.contains(/^\d+ +(openat|fchown)\(/) && !line.contains("O_TRUNC")
                    if line.contains("/nanoclaw.db-shm") || line.contains("/nanoclaw.db-wal") && isOpening {
                        return false
                    }
                    let isOpen = line.contains(/^\d+ +(open|openat|openat2)\(/)
                    return !isOpen || line.contains(/O_WRONLY|O_RDWR|O_CREAT|O_TRUNC/)
                }
                #expect(changes.isEmpty, "\(changes)")
            }
        }
    }

    @Test func `T64 JSON holds every check and no path of the home`() async throws {
        try await withHost { host in
            let answer = try await host.nanoclaw("doctor", "--json")
            let findings = try JSONSerialization.jsonObject(with: Data(answer.output.utf8)) as? [[String: Any]] ?? []
            #expect(findings.count > 8, "\(answer)")
            #expect(!answer.output.contains(host.home), "\(answer)")
            #expect(findings.allSatisfy { $0["level"] is String && $0["check"] is String })
        }
    }

    @Test(.enabled(if: getuid() == 0))
    func `a stranger hears whose home it is, and not that it is broken`() async throws {
        try await withHost(user: 65_534) { host in
            chmod(host.home, 0o755)
            let answer = try await run(Release.nanoclaw.path, ["doctor", "--home", host.home], user: 12_345)
            #expect(answer.status == 1, "\(answer)")
            #expect(answer.output.contains("belongs to user 65534") && answer.output.contains("sudo -u '#65534' "))
            for word in ["BAD", "chown", "chmod"] { #expect(!answer.output.contains(word), "\(answer)") }
            #expect(answer.errors.contains("nothing was looked at"), "\(answer)")
        }
    }

    @Test func `T58 T64 the doctor tells of the sandboxes that the running host makes, whoever asks`() async throws {
        guard getuid() == 0 else { return }
        try await withHost(user: 65_534) { host in
            // Root's own sandboxes would be of class A.
            func asked() async throws -> String {
                try await run(Release.nanoclaw.path, ["doctor", "--home", host.home]).output
            }
            let before = try await asked()
            #expect(!before.contains("class"), "\(before)")
            _ = try await host.chat("hello")
            let after = try await asked()
            #expect(after.contains("class C") || after.contains("class B"), "\(after)")
        }
    }

    @Test func `T58 without root the doctor names the class of the sandbox`() async throws {
        guard getuid() == 0 else { return }
        try await withHost(user: 65_534) { host in
            _ = try await host.chat("hello")
            let answer = try await host.nanoclaw("doctor")
            #expect(answer.status == 0, "\(answer)")
            #expect(answer.output.contains("class C") || answer.output.contains("class B"), "\(answer)")
            #expect(answer.output.contains("nanoclaw service install"), "\(answer)")
        }
    }
}
