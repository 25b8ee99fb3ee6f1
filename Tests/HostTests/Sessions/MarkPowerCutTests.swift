import CentralStore
import Core
import Foundation
import GRDB
import SessionStore
import SessionStoreHost
import TestSupport
import Testing

/// A power cut at every point around messages and the mark of their session in the central database.
@Suite(.serialized, .timeLimit(.minutes(10))) struct MarkPowerCutTests {
    private static let isLong = ProcessInfo.processInfo.environment["NANOCLAW_LONG"] == "1"

    @Test func `T22 no power cut leaves a session with work and without its mark`() async throws {
        let verdict = try await replay(messages: Self.isLong ? 8 : 3, "early")
        print("power cut around marks: \(verdict.states) states, \(verdict.faults.count) faults")
        #expect(verdict.cleared == (Self.isLong ? 8 : 3))
        #expect(verdict.states >= 100)
        #expect(verdict.faults.prefix(10) == [])
    }

    @Test func `the replay reports a mark that is made behind its message`() async throws {
        let verdict = try await replay(messages: 1, "late")
        #expect(verdict.cleared == 1)
        #expect(verdict.faults.contains { $0.contains("work and no mark") })
    }

    private func replay(
        messages: Int,
        _ order: String
    ) async throws -> (cleared: Int, states: Int, faults: [String]) {
        try await withTemporaryDirectory { path in
            let record = try DiskRecord(
                of: "crash-host",
                ["marks", "\(path)/root", "\(messages)", order],
                in: path
            )
            let executors = try StoreExecutors(threads: 1)
            let (states, faults) = try await record.replay(states: Self.isLong ? .max : 200) { path, marks in
                guard marks.contains("ready") else { return [] }
                do {
                    return try await Self.check(path, marks, executors)
                } catch {
                    return ["cannot be opened: \(error)"]
                }
            }
            return (record.marks.count { $0.text.hasPrefix("clear") }, states, faults)
        }
    }

    /// Opens what is left as the next host does.
    private static func check(_ home: String, _ marks: [String], _ executors: StoreExecutors) async throws -> [String] {
        let folder = SessionFolder(path: "\(home)/session")
        let host = HostSession(folder: folder, owner: nil, executors: executors, time: SystemTime())
        try await host.rollBackHotInbound()
        await host.close()
        try RunnerSession.recover(outbound: folder.outbound)
        let inbound = try Connection(path: folder.inboundDatabase, .readWrite, busyTimeout: 0)
        let outbound = try Connection(path: folder.outboundDatabase, .readWrite, busyTimeout: 0)
        defer {
            inbound.close()
            outbound.close()
        }
        var faults: [String] = []
        let stored = try inbound.rows("SELECT content ->> 'text', status FROM messages_in") { ($0.text(0), $0.text(1)) }
        for mark in marks where mark.hasPrefix("in ") && !stored.contains(where: { $0.0 == mark }) {
            faults.append("lost: \(mark)")
        }
        let recorded = Set(try inbound.rows("SELECT message_id FROM deliveries") { $0.text(0) })
        let said = try outbound.rows("SELECT id FROM messages_out") { $0.text(0) }
        let hasWork = stored.contains { $0.1 == "pending" } || !recorded.isSuperset(of: said)
        let central = try CentralStore(lock: HomeLock.acquire(home: home))
        let (marked, verdict) = try await central.read { db in
            (
                try Int.fetchOne(db, sql: "SELECT count(*) FROM dirty") ?? 0,
                try String.fetchOne(db, sql: "PRAGMA integrity_check") ?? ""
            )
        }
        if verdict != "ok" { faults.append("integrity_check: \(verdict)") }
        if hasWork, marked == 0 { faults.append("work and no mark: \(stored), \(said)") }
        return faults
    }
}
