import Foundation
import Glibc
import TestSupport
import Testing

/// The locks that SQLite holds for a host on its WAL databases as long as they are open.
///
/// Any descriptor of such a file that the same process closes takes them away for good, and SQLite does not notice.
struct HostLocks: Sendable {
    let host: TestHost

    func check() throws {
        let data = host.home + "/data"
        let held = try procText("/proc/locks").split(separator: "\n").map {
            $0.split(separator: " ", omittingEmptySubsequences: true).map(String.init)
        }
        for name in ["nanoclaw.db", "traces.db"] {
            // sqlite3.c: SHARED_FIRST and SHARED_SIZE, and UNIX_SHM_DMS.
            for (file, bytes) in [(name, 1_073_741_826...1_073_742_335), (name + "-shm", 128...128)] {
                var status = stat()
                try #require(stat("\(data)/\(file)", &status) == 0)
                let isHeld = held.contains { lock in
                    guard lock.count >= 8, lock[1] == "POSIX", lock[3] == "READ", lock[4] == "\(host.process.pid)",
                        lock[5].hasSuffix(":\(status.st_ino)"), let first = Int(lock[6])
                    else { return false }
                    // The kernel joins neighbours.
                    return first <= bytes.lowerBound && Int(lock[7]) ?? .max >= bytes.upperBound
                }
                #expect(isHeld, "the host has lost its lock on \(file): something in it has closed that file")
            }
        }
    }
}

/// One opening of a database of a home in what strace has written.
struct DatabaseOpening {
    let path: String
    let line: String
    /// By the working directory with a whole path, and not through a link, as SQLite opens and hardly anybody else.
    let isOfSQLite: Bool

    /// All that a trace of `open`, `openat` and `openat2` with `-y` shows of the databases that a host holds open.
    static func all(in trace: String, home: String) throws -> [DatabaseOpening] {
        var begun: [Substring: Substring] = [:]
        var found: [DatabaseOpening] = []
        for line in try String(contentsOfFile: trace, encoding: .utf8).split(separator: "\n") {
            let thread = line.prefix { $0 != " " }
            var whole = String(line)
            if line.hasSuffix("<unfinished ...>") {
                begun[thread] = line
                continue
            }
            if line.contains("resumed>"), let beginning = begun.removeValue(forKey: thread) {
                whole = beginning + whole
            }
            guard let place = whole.range(of: ") = ", options: .backwards), whole.hasSuffix(">"),
                let bracket = whole[place.upperBound...].firstIndex(of: "<")
            else { continue }
            let path = String(whole[whole.index(after: bracket)...].dropLast())
            let name = path.split(separator: "/").last ?? ""
            let isOurs = ["nanoclaw.db", "traces.db", "inbound.db"].contains { name.hasPrefix($0) }
            // Closing an O_PATH descriptor takes no lock away: so owners of files are looked at.
            guard path.hasPrefix(home + "/data/"), isOurs, !whole.contains("O_PATH") else { continue }
            let isOfSQLite =
                whole.contains(" openat(AT_FDCWD") && whole.contains("\"\(path)\"") && whole.contains("O_NOFOLLOW")
            found.append(DatabaseOpening(path: path, line: whole, isOfSQLite: isOfSQLite))
        }
        return found
    }
}
