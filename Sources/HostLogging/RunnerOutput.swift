package import Core
import Glibc
package import LinuxIO

/// Keeps what runners print, a capped file a session: `data/logs/runners/<session>.log` and one before it.
package struct RunnerOutput: Sendable {
    private let directory: Directory
    private let size: Int

    /// Writes below `<home>/data/logs/runners`; a session keeps two files of `size` bytes.
    package init(in directory: Directory, size: Int = 1_000_000) {
        self.directory = directory
        self.size = size
    }

    /// Copies a runner's output until its end, each part under a line with time, incarnation and stream.
    package func collect(
        _ descriptor: Descriptor,
        stream: String,
        session: SessionID,
        incarnation: Incarnation,
        time: any TimeSource = SystemTime()
    ) async throws {
        try descriptor.setNonBlocking()
        let file = RotatingFile(in: directory, name: "\(session).log", size: size, files: 2)
        // Whoever prints more than 4 MiB a second waits: the disk is everybody's.
        var budget = WorkBudget(units: 4 << 20)
        while true {
            try await Readiness.shared.readable(descriptor)
            let pause = budget.pause(at: time.monotonic)
            if pause > .zero { try await time.sleep(for: pause) }
            do {
                let part = try descriptor.read(upTo: 1 << 16)
                budget.spent(.zero, units: part.count)
                if part.isEmpty { return }
                var bytes = Array("--- \(time.now) incarnation \(incarnation) \(stream)\n".utf8)
                bytes += part
                if part.last != UInt8(ascii: "\n") { bytes.append(UInt8(ascii: "\n")) }
                file.append(bytes)
            } catch let error as Errno where error.code == EAGAIN {
                // Woken without anything to read.
                continue
            }
        }
    }

    /// The kept output of a session, oldest first; empty when there is none.
    package func contents(of session: SessionID) throws -> [UInt8] {
        try ["\(session).log.1", "\(session).log"].reduce(into: []) { bytes, name in
            if try directory.status(name) != nil { bytes += try directory.contents(name, limit: size * 2 + (1 << 17)) }
        }
    }

    /// The files that are to go: what was last written at that time or before, then the oldest until all together are
    /// under `limit` bytes, but for the last file of each session; never that of the sessions `except`.
    ///
    /// Walks the folder: not for the cooperative pool.
    package func expired(
        at time: Timestamp? = nil,
        limit: Int,
        except live: Set<SessionID> = []
    ) throws -> [String] {
        var expired: [String] = []
        var files: [(name: String, session: Substring, size: Int, changed: Int)] = []
        for name in try directory.names() {
            let session = name.prefix { $0 != "." }
            guard !live.contains(SessionID(unchecked: String(session))), let status = try directory.status(name) else {
                continue
            }
            let changed = status.st_mtim.tv_sec * 1_000_000_000 + status.st_mtim.tv_nsec
            if let time, Int64(changed / 1_000_000) <= time.milliseconds {
                expired.append(name)
            } else {
                files.append((name, session, Int(status.st_size), changed))
            }
        }
        files.sort { $0.changed < $1.changed }
        let last = Dictionary(files.map { ($0.session, $0.name) }) { $1 }
        var total = files.reduce(0) { $0 + $1.size }
        for file in files where total > limit && last[file.session] != file.name {
            expired.append(file.name)
            total -= file.size
        }
        return expired
    }

    /// Deletes these files.
    package func remove(_ names: [String]) throws { for name in names { try directory.remove(name) } }
}
