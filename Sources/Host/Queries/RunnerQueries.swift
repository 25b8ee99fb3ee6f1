import CentralStore
import Core
import GRDB

extension CentralStore {
    /// The runner's row; nil for a session that never had one.
    func runner(_ session: SessionID) async throws -> Runner? {
        try await read { try Runner.fetchOne($0, key: session) }
    }

    /// Takes the next incarnation's number: once this returns it is used up, whatever happens.
    func beginIncarnation(_ session: SessionID, bootID: String, now: Timestamp) async throws -> Incarnation {
        try await write(changesRouting: false) { db in
            try db.execute(
                sql: """
                    INSERT INTO runners (session_id, incarnation, state, boot_id, updated_at)
                    VALUES (?, 1, 'starting', ?, ?)
                    ON CONFLICT (session_id) DO UPDATE SET incarnation = incarnation + 1, state = 'starting',
                        boot_id = excluded.boot_id, pid = NULL, start_time = NULL, updated_at = excluded.updated_at
                    """,
                arguments: [session, bootID, now]
            )
            let number = try Int64.fetchOne(
                db,
                sql: "SELECT incarnation FROM runners WHERE session_id = ?",
                arguments: [session]
            )
            guard let number else { throw HostError(.notFound, "session \(session) has no row in runners") }
            return number
        }
    }

    /// Records the process that lives now, so that another host can find it.
    func recordRunning(_ session: SessionID, pid: Int32, startTime: Int64, report: String, now: Timestamp) async throws
    {
        try await write(changesRouting: false) { db in
            try db.execute(
                sql: """
                    UPDATE runners SET state = 'running', pid = ?, start_time = ?, report = ?, updated_at = ?
                    WHERE session_id = ?
                    """,
                arguments: [pid, startTime, report, now, session]
            )
        }
    }

    /// Records that nothing lives any more, and how starting went.
    func recordStopped(
        _ session: SessionID,
        spawnFailures: Int,
        recoveryFailures: Int,
        lastError: String?,
        now: Timestamp
    ) async throws {
        try await write(changesRouting: false) { db in
            try db.execute(
                sql: """
                    UPDATE runners SET state = 'stopped', pid = NULL, start_time = NULL, spawn_failures = ?,
                        recovery_failures = ?, last_error = ?, updated_at = ?
                    WHERE session_id = ?
                    """,
                arguments: [spawnFailures, recoveryFailures, lastError, now, session]
            )
        }
    }

    /// The runners that an earlier host left as living.
    func leftRunners() async throws -> [Runner] {
        try await read { db in
            try Runner.fetchAll(
                db,
                sql: """
                    SELECT runners.* FROM dirty JOIN runners ON runners.session_id = dirty.session_id
                    WHERE runners.state <> 'stopped'
                    """
            )
        }
    }
}
