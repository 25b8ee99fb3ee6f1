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

    /// Writes a backup of the home into a new file, beside a host that runs or none; what could not be taken in is in the
    /// report.
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
            try writer.add(EntryRules.leftOut, try list(walk.leftOut), modified: time)
            let report = Report(file: path, files: writer.files - 2, bytes: writer.bytes, leftOut: walk.leftOut)
            try writer.finish()
            try target.commit()
            return report
        } catch {
            target.discard()
            throw error
        }
    }

    /// What is missing, a line each, the keys to give anew first; cut before its reader would refuse it, for agents choose
    /// how many odd names there are and how long.
    static func list(_ all: [LeftOut]) throws -> [UInt8] {
        var bytes: [UInt8] = []
        let ordered = all.filter(\.isUsual) + all.filter { !$0.isUsual }
        for (index, left) in ordered.enumerated() {
            let line = Array((try JSONText.encode(left) + "\n").utf8)
            guard bytes.count + line.count <= BackupContents.longestText - 1024 else {
                let rest = LeftOut(path: EntryRules.leftOut, reason: "no room to name \(ordered.count - index) more")
                return bytes + Array((try JSONText.encode(rest) + "\n").utf8)
            }
            bytes += line
        }
        return bytes
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
