import Core
import Glibc
import LinuxIO
import SessionStore
import SessionStoreHost
import Synchronization
import TestSupport
import Testing

/// Raised once, from any task.
private final class Flag: Sendable {
    let isUp = Atomic<Bool>(false)
}

/// Locks and deaths, with real processes on both sides.
@Suite(.serialized)
struct LockTests {
    @Test func `§16.24 the host's looks never hold up a writer for longer than its patience`() async throws {
        try await Scene.run { scene in
            let writer = try Victim("write", scene.folder, count: 150)
            let host = scene.host
            let time = scene.time
            let drain = Task {
                var seen: Set<Int64> = []
                while seen.count < 150 {
                    guard case .snapshot(let snapshot) = try await host.readOutbound() else { continue }
                    seen.formUnion(snapshot.rows.map(\.seq))
                    try await host.apply(
                        snapshot.rows.map { row in
                            .delivery(try Delivery(row, incarnation: 1, state: .delivered, at: time.now))
                        }
                    )
                }
                return seen
            }
            let lines = try writer.lines()
            let written = Set(lines.compactMap { Int64($0) })
            #expect(written.count == 150)
            #expect(try await drain.value == written)
            let longest = lines.last?.split(separator: " ").last.flatMap { Int($0) }
            #expect(try #require(longest) < 5000)
        }
    }

    @Test func `IN06 a commit that a reader blocks is undone after 200 ms, and works once it has left`() async throws {
        try await Scene.run { scene in
            _ = try await scene.host.insert([scene.message("before")])
            let reader = try Victim("hold-inbound", scene.folder)
            let waits = try await threeWaits {
                let error = await #expect(throws: StoreError.self) {
                    try await scene.host.insert([scene.message("blocked")])
                }
                #expect(error?.code == .busy)
            }
            #expect(waits[0] >= .milliseconds(200) && waits[0] < .seconds(1), "\(waits)")
            #expect(try await scene.host.state(now: scene.time.now).open == 1)
            try reader.end()
            _ = try await scene.host.insert([scene.message("after")])
            #expect(try await scene.host.state(now: scene.time.now).open == 2)
        }
    }

    @Test func `a session whose commit waits leaves the thread to the others`() async throws {
        try await Scene.run { scene in
            let other = SessionFolder(path: scene.folder.path + "-other")
            try HostSession.create(other, owner: nil)
            let free = HostSession(folder: other, owner: nil, executors: scene.executors, time: scene.time)
            let reader = try Victim("hold-inbound", scene.folder)
            let isOver = Flag()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    // The commit waits, undone and begun anew, until the other session has stored its row.
                    while !isOver.isUp.load(ordering: .acquiring) {
                        await #expect(throws: StoreError.self) {
                            try await scene.host.insert([scene.message("blocked")])
                        }
                    }
                }
                _ = try await free.insert([scene.message("free")])
                isOver.isUp.store(true, ordering: .releasing)
                try await group.waitForAll()
            }
            #expect(try await free.state(now: scene.time.now).open == 1)
            #expect(try await scene.host.state(now: scene.time.now).open == 0)
            try reader.end()
            await free.close()
        }
    }

    @Test func `a journal of a living writer does not make the file hot`() async throws {
        try await Scene.run { scene in
            _ = try scene.runner().insert(scene.reply("committed"))
            let writer = try Victim("reserve-outbound", scene.folder)
            let size = try Directory(path: scene.folder.outbound).status("outbound.db-journal")?.st_size ?? 0
            #expect(size > 0)
            #expect(try await scene.snapshot().rows.count == 1)
            #expect(try await scene.host.needsRecovery() == false)
            try writer.end()
        }
    }

    @Test func `T22 a writer killed inside a transaction: hot, recovered, and every committed row is there`()
        async throws
    {
        try await Scene.run { scene in
            let runner = try scene.runner()
            for number in 0..<5 { _ = try runner.insert(scene.reply("kept \(number)")) }
            runner.close()
            _ = try await scene.snapshot()
            let writer = try Victim("die-in-transaction", scene.folder)
            writer.kill()
            #expect(try await scene.host.readOutbound() == .hot)
            #expect(try await scene.host.needsRecovery())
            // Looking has changed nothing: the journal is still the dead writer's.
            #expect(try await scene.anotherHost().readOutbound() == .hot)
            _ = try Victim("recover", scene.folder)
            #expect(try await scene.host.needsRecovery() == false)
            let rows = try await scene.snapshot().rows
            #expect(rows.count == 5)
            #expect(rows.allSatisfy { !$0.id.rawValue.hasPrefix("m_lost") })
            #expect(try scene.runner(2).insert(scene.reply("on")).seq == 11)
        }
    }

    @Test func `a hot inbound journal is rolled back before the next spawn`() async throws {
        try await Scene.run { scene in
            _ = try await scene.host.insert([scene.message("kept")])
            await scene.host.close()
            let inbound = try Directory(path: scene.folder.inbound)
            let before = try inbound.contents("inbound.db", limit: 1 << 24)
            // The state that a host leaves which dies between writing its pages and the end of its commit.
            let database = try Connection(path: scene.folder.inboundDatabase, .readWrite, busyTimeout: 0)
            try database.execute("PRAGMA cache_size=1; PRAGMA cache_spill=1; BEGIN IMMEDIATE")
            for number in 0..<50 {
                try database.run(
                    "INSERT INTO destinations VALUES (?, NULL, 'agent', NULL, NULL, ?)",
                    "d\(number)",
                    String(repeating: "x", count: 4000)
                )
            }
            let file = try inbound.contents("inbound.db", limit: 1 << 24)
            let journal = try inbound.contents("inbound.db-journal", limit: 1 << 24)
            try database.execute("ROLLBACK")
            database.close()
            #expect(file != before && !journal.isEmpty)
            try inbound.replace("inbound.db", with: file)
            try inbound.replace("inbound.db-journal", with: journal)
            let host = scene.anotherHost()
            try await host.rollBackHotInbound()
            #expect(try inbound.status("inbound.db-journal")?.st_size ?? 0 == 0)
            #expect(try await host.state(now: scene.time.now).open == 1)
            #expect(try scene.runner().destinations().isEmpty)
            await host.close()
        }
    }

    @Test func `T24 three hundred commits each way are each seen by the other side`() async throws {
        try await Scene.run { scene in _ = try await scene.exchange(300) }
    }
}

extension LockTests {
    @Test func `a look at a file that has not changed copies nothing and stays cheap`() async throws {
        try await Scene.run { scene in
            _ = try await scene.snapshot()
            let clock = SystemTime()
            let start = clock.monotonic
            for _ in 0..<1000 {
                guard try await scene.host.readOutbound() == .unchanged else { throw Unexpected("it has changed") }
            }
            #expect(clock.monotonic - start < .seconds(5))
        }
    }
}
