import BackupArchive
import CentralStore
import Core
import GRDB

/// `backup create`.
enum BackupCreation {
    /// What was written.
    struct Report: Codable {
        let file: String
        let files: Int
        let bytes: Int
        let leftOut: [LeftOut]
    }

    /// Writes a backup of the home into a new file, beside a host that runs or none.
    ///
    /// Nothing is left when it throws. Blocks the thread.
    static func run(home: String, file path: String, now: Timestamp) throws -> Report {
        guard CentralStore.exists(home: home) else {
            throw CommandFailure(.failed, "\(home) is no home that a host has served: there is nothing to back up")
        }
        let target = try BackupFile(path: path, home: home)
        do {
            let writer = ArchiveWriter(target.file)
            let description = BackupDescription(home: home, taken: now)
            let time = now.milliseconds / 1000
            try writer.add(EntryRules.description, Array(try JSONText.data(description)), modified: time)
            let central = try CentralStore(readingHome: home)
            defer { try? central.close() }
            var walk = try HomeWalk(home: home, writer: writer, output: target.file)
            try walk.run(central: { try central.snapshot { try settle($0, now) } }, now: now)
            let list = try walk.leftOut.map { try JSONText.encode($0) + "\n" }.joined()
            try writer.add(EntryRules.leftOut, Array(list.utf8), modified: time)
            let report = Report(file: path, files: writer.files - 2, bytes: writer.bytes, leftOut: walk.leftOut)
            try writer.finish()
            try target.commit()
            return report
        } catch {
            target.discard()
            throw error
        }
    }

    /// Makes of a copy what the next host needs: no process of this machine is one of its runners, and every session may
    /// have something to do, because its files are older than these rows.
    private static func settle(_ db: Database, _ now: Timestamp) throws {
        try db.execute(
            sql: """
                UPDATE runners SET state = 'stopped', boot_id = NULL, pid = NULL, start_time = NULL, spawn_failures = 0,
                    recovery_failures = 0, retry_at = NULL, last_error = NULL, report = NULL;
                INSERT INTO dirty (session_id, reason, marked_at) SELECT id, 'restored', ? FROM sessions WHERE true
                    ON CONFLICT (session_id) DO UPDATE SET next_due = NULL
                """,
            arguments: [now]
        )
    }
}
