import Core
import LinuxIO
import SessionStore
import SessionStoreHost
import TestSupport
import Testing

/// Writes that wait for a session at the same time and share a commit.
@Suite(.serialized) struct SharedWriteTests {
    /// The file's change counter: each commit raises it by one.
    private func commits(_ scene: Scene) throws -> Int {
        let header = try Directory(path: scene.folder.inbound).contents("inbound.db", limit: 1 << 24).prefix(28)
        return header.suffix(4).reduce(0) { $0 << 8 | Int($1) }
    }

    @Test func `writes that wait behind a blocked commit are made together, each once`() async throws {
        try await Scene.run { scene in
            _ = try await scene.host.insert([scene.message("before")])
            let before = try commits(scene)
            let reader = try Victim("hold-inbound", scene.folder)
            let host = scene.host
            let rows = (0..<20).map { scene.message("row \($0)") }
            let seqs = try await withThrowingTaskGroup(of: InsertOutcome.self) { group in
                for row in rows { group.addTask { try await host.insert([row])[0] } }
                try reader.end()
                return try await group.reduce(into: [Int64]()) { seqs, outcome in
                    if case .inserted(_, let seq) = outcome { seqs.append(seq) }
                }
            }
            #expect(Set(seqs).count == 20)
            #expect(try await host.state(now: scene.time.now).open == 21)
            #expect(host.storedThrough == seqs.max())
            let made = try commits(scene) - before
            #expect((1...10).contains(made))
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
