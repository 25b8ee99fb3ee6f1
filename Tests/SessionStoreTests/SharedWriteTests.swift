import Core
import Foundation
import LinuxIO
import SessionStore
import TestSupport
import Testing

@testable import SessionStoreHost

/// Writes that wait for a session at the same time and share a commit.
@Suite(.serialized, .timeLimit(.minutes(1))) struct SharedWriteTests {
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

    @Test func `what the host itself tells the agent is among what is stored, also for who opens the session anew`()
        async throws
    {
        try await Scene.run { scene in
            for number in 1...2 {
                let before = scene.host.storedThrough
                try await scene.host.apply([.insert(scene.message("told \(number)"))])
                #expect(scene.host.storedThrough > before)
            }
            let later = scene.anotherHost()
            #expect(try await later.state(now: scene.time.now).open == 2)
            #expect(later.storedThrough == scene.host.storedThrough)
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

    /// Longer than any test: what returns has not waited for its time.
    private static let forEver = Patience(least: .zero, most: .seconds(3600))

    /// A change that waits for company on its own.
    private func waiting(
        _ scene: Scene,
        for patience: Patience = forEver,
        _ body: (Task<Void, any Error>, _ commits: Int) async throws -> Void
    ) async throws {
        let host = scene.host
        let row = try await host.insert([scene.message("first")])[0].id
        let before = try commits(scene)
        let change = Task { try await host.apply([.failRows([row], error: "for a test")], patience: patience) }
        while await !host.hasWaitingWrites { await Task.yield() }
        try await body(change, before)
        try await change.value
        #expect(await !host.hasWaitingWrites)
    }

    @Test func `a write that may wait goes with the commit of the next one`() async throws {
        try await Scene.run { scene in
            try await waiting(scene) { change, before in
                #expect(try commits(scene) == before)
                _ = try await scene.host.insert([scene.message("second")])
                #expect(try commits(scene) == before + 1)
                try await change.value
                #expect(try commits(scene) == before + 1)
                #expect(try await scene.host.state(now: scene.time.now).open == 1)
            }
        }
    }

    @Test func `a write that has just begun to wait is left out by one that somebody waits for`() async throws {
        try await Scene.run { scene in
            try await waiting(scene, for: Patience(least: .seconds(3600), most: .seconds(3600))) { change, before in
                _ = try await scene.host.insert([scene.message("second")])
                #expect(try commits(scene) == before + 1)
                #expect(await scene.host.hasWaitingWrites)
                await scene.host.hurry()
                try await change.value
                #expect(try commits(scene) == before + 2)
            }
        }
    }

    @Test func `a look does not wait for a write that may wait, and sees it`() async throws {
        try await Scene.run { scene in
            try await waiting(scene) { _, _ async throws in
                #expect(try await scene.host.state(now: scene.time.now).open == 0)
            }
        }
    }

    @Test func `a transaction of its own takes along what waits, whatever its age`() async throws {
        try await Scene.run { scene in
            try await waiting(scene, for: Patience(least: .seconds(3600), most: .seconds(3600))) { change, before in
                try await scene.host.rollBackHotInbound()
                try await change.value
                #expect(try commits(scene) == before + 1)
            }
        }
    }

    @Test func `whoever hurries, and the end of the session, leave nothing waiting`() async throws {
        try await Scene.run { scene in
            try await waiting(scene) { change, before in
                await scene.host.hurry()
                try await change.value
                #expect(try commits(scene) == before + 1)
            }
            try await waiting(scene) { _, before async throws in
                await scene.host.close()
                #expect(try commits(scene) == before + 1)
            }
        }
    }

    @Test func `a write that has waited its time is made alone`() async throws {
        try await Scene.run { scene in
            for _ in 0..<2 {
                try await waiting(scene, for: Patience(least: .milliseconds(5), most: .milliseconds(5))) {
                    change,
                    before in
                    try await change.value
                    #expect(try commits(scene) == before + 1)
                }
            }
        }
    }
}

extension HostSession {
    /// There are writes that nobody has committed yet.
    fileprivate var hasWaitingWrites: Bool { !sharedWrites.isEmpty }
}
