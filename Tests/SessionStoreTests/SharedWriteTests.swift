import Core
import Foundation
import LinuxIO
import SessionStore
import TestSupport
import Testing

@testable import SessionStoreHost

/// Writes that wait for a session at the same time and share a commit.
@Suite(.serialized) struct SharedWriteTests {
    /// The file's change counter: each commit raises it by one.
    private func commits(_ scene: Scene) throws -> Int {
        let header = try Directory(path: scene.folder.inbound).contents("inbound.db", limit: 1 << 24).prefix(28)
        return header.suffix(4).reduce(0) { $0 << 8 | Int($1) }
    }

    /// Whether somebody holds SQLite's RESERVED lock of the file, as the kernel lists it.
    private func isBeingWritten(_ scene: Scene) throws -> Bool {
        var status = stat()
        guard stat(scene.folder.inboundDatabase, &status) == 0 else { return false }
        let locks = try procText("/proc/locks")
        // PENDING, once it is taken, stands before it in the same range.
        return locks.split(separator: "\n").contains {
            $0.contains(":\(status.st_ino) ") && $0.hasSuffix(" 1073741825")
        }
    }

    @Test func `writes that wait behind a blocked commit are made together, each once`() async throws {
        try await Scene.run { scene in
            let host = scene.host
            _ = try await host.insert([scene.message("before")])
            // Whether writes meet is a matter of threads: in some round they do, unless each has a commit of its own.
            var fewest = Int.max
            for round in 1...20 where fewest > 10 {
                let (before, open) = (try commits(scene), try await host.state(now: scene.time.now).open)
                let reader = try Victim("hold-inbound", scene.folder)
                let rows = (0..<20).map { scene.message("row \(round) \($0)") }
                let ends = try await withThrowingTaskGroup(of: Result<InsertOutcome, any Error>.self) { group in
                    for row in rows {
                        group.addTask {
                            do { return .success(try await host.insert([row])[0]) } catch { return .failure(error) }
                        }
                    }
                    // Off the pool, and no longer than a commit waits for a reader.
                    try await offPool {
                        let end = ContinuousClock.now + .milliseconds(200)
                        while try !isBeingWritten(scene), ContinuousClock.now < end { sched_yield() }
                    }
                    try reader.end()
                    return try await group.reduce(into: []) { $0.append($1) }
                }
                let seqs = ends.compactMap { end in
                    if case .success(.inserted(_, let seq)) = end { seq } else { nil }
                }
                #expect(Set(seqs).count == seqs.count)
                #expect(try await host.state(now: scene.time.now).open == open + seqs.count)
                for case .failure(let error) in ends { #expect((error as? StoreError)?.code == .busy, "\(error)") }
                // Where the reader stayed for longer than a commit waits, what waited is told so, and is not there.
                guard seqs.count == 20 else { continue }
                #expect(host.storedThrough == seqs.max())
                fewest = min(fewest, try commits(scene) - before)
            }
            #expect((1...10).contains(fewest))
        }
    }

    @Test func `a write that cannot be made takes no other with it`() async throws {
        try await Scene.run { scene in
            _ = try await scene.host.insert([scene.message("before")])
            await scene.host.close()
            let database = try Connection(path: scene.folder.inboundDatabase, .readWrite, busyTimeout: 0)
            try database.execute(
                """
                CREATE TRIGGER refuse BEFORE INSERT ON messages_in WHEN new.platform_message_id = 'p-bad'
                BEGIN SELECT raise(ABORT, 'refused'); END
                """
            )
            database.close()
            let host = scene.host
            let texts = ["good 1", "bad", "good 2", "good 3"]
            let rows = texts.map { scene.message($0) }
            let made = await withTaskGroup(of: String?.self) { group in
                for (text, row) in zip(texts, rows) {
                    group.addTask { (try? await host.insert([row])) == nil ? nil : text }
                }
                return await group.reduce(into: Set<String>()) { made, text in
                    if let text { made.insert(text) }
                }
            }
            #expect(made == ["good 1", "good 2", "good 3"])
            #expect(try await host.state(now: scene.time.now).open == 4)
        }
    }
}
