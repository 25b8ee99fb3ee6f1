import CentralStore
import Core
import GRDB
import Glibc
import HostConfiguration
import LinuxIO
import Sandbox
import SessionStore
import SessionStoreHost

/// What a release says of a copy of a home: the answer of `nanoclaw upgrade --preflight`, one JSON object on a line.
struct PreflightAnswer: Codable, Sendable {
    /// Raised when an older program would misread the answer.
    static let format = 1

    var format = Self.format
    /// The release's version.
    var version = Version.current
    /// What stands in the way; nothing: the release can serve the home.
    var problems: [String] = []
    /// Migrations of the central database that it has made.
    var migrations: [String] = []
    var sessions = 0
}

/// Tries whether this release can serve a home, on a copy: settings, databases, sandbox.
struct Preflight: Sendable {
    /// The copy; it is changed.
    let home: String

    func run() async -> PreflightAnswer {
        var answer = PreflightAnswer()
        do {
            let unknown = try HostConfiguration.unknownKeys(home: home)
            answer.problems += unknown
            if unknown.isEmpty { _ = try HostConfiguration.load(home: home) }
        } catch {
            answer.problems.append("\(error)")
        }
        guard CentralStore.exists(home: home) else { return answer }
        do {
            answer.migrations = try await central(&answer.problems)
        } catch {
            answer.problems.append("data/nanoclaw.db: \(error)")
        }
        do { _ = try TraceStore(home: home) } catch { answer.problems.append("data/traces.db: \(error)") }
        await sessions(&answer)
        // Whatever is wrong above is wrong for the probe too.
        if answer.problems.isEmpty { await sandbox(&answer.problems) }
        return answer
    }

    /// Migrates and reads every record that has settings; answers the migrations.
    private func central(_ problems: inout [String]) async throws -> [String] {
        let ledger = "SELECT name FROM schema_version ORDER BY version"
        let old = try CentralStore(readingHome: home)
        let before = try await old.read { db in try String.fetchAll(db, sql: ledger) }
        try old.close()
        let lock = try HomeLock.acquire(home: home)
        defer { lock.release() }
        let store = try CentralStore(lock: lock)
        let after = try await store.read { db in try String.fetchAll(db, sql: ledger) }
        problems += try await store.read { db in
            try String.fetchAll(db, sql: "PRAGMA integrity_check(20)").filter { $0 != "ok" }
                .map { "data/nanoclaw.db: \($0)" }
        }
        for check in Self.records {
            do { try await store.read(check.read) } catch {
                problems.append("data/nanoclaw.db, \(check.table): \(error)")
            }
        }
        try store.close()
        return after.filter { !before.contains($0) }
    }

    /// What people have set, allowed or asked for, and what waits for them; records of what was are left out.
    private static let records: [(table: String, read: @Sendable (Database) throws -> Void)] = [
        reading(AgentGroup.self), reading(AgentGroupConfig.self), reading(Provider.self),
        reading(MessagingGroup.self), reading(Wiring.self), reading(Destination.self), reading(ChannelAccountRow.self),
        reading(User.self), reading(UserRole.self), reading(Member.self), reading(UserDM.self),
        reading(Identity.self), reading(IdentityHandle.self), reading(PendingIdentityLink.self),
        reading(Session.self), reading(PendingQuestion.self), reading(ScheduledTask.self), reading(TaskRun.self),
        reading(ApprovalRow.self), reading(ApprovalAskerRow.self), reading(GrantRow.self), reading(CardRow.self),
        reading(AuditEntry.self),
    ]

    /// The tables that are read.
    static var tables: [String] { records.map(\.table) }

    private static func reading<Record: CentralRecord>(
        _ type: Record.Type
    ) -> (String, @Sendable (Database) throws -> Void) {
        (
            type.databaseTableName,
            { db in
                let rows = try Record.fetchCursor(db)
                while try rows.next() != nil {}
            }
        )
    }

    /// Opens each session as the host does at its first message, which migrates it.
    private func sessions(_ answer: inout PreflightAnswer) async {
        do {
            let executors = try StoreExecutors()
            let root = "\(home)/data/sessions"
            for group in try Directory(path: root).names(limit: 1_000_000) where group != "scratch" {
                for name in try Directory(path: "\(root)/\(group)").names(limit: 10_000_000) {
                    let folder = SessionFolder(path: "\(root)/\(group)/\(name)")
                    answer.sessions += 1
                    if let problem = await Self.problem(folder, executors) {
                        answer.problems.append("session \(name): \(problem)")
                    }
                    guard answer.problems.count < 50 else { return }
                }
            }
        } catch {
            answer.problems.append("data/sessions: \(error)")
        }
    }

    private static func problem(_ folder: SessionFolder, _ executors: StoreExecutors) async -> String? {
        do {
            let time = SystemTime()
            let session = HostSession(folder: folder, owner: nil, executors: executors, time: time)
            _ = try await session.state(now: time.now)
            await session.close()
            let outbound = try Directory(path: folder.outbound)
            guard try outbound.status("outbound.db") != nil else { return nil }
            let header = try outbound.open("outbound.db", O_RDONLY).read(upTo: 100)
            // What is no database is the host's to set aside, in whatever release.
            guard header.starts(with: Array("SQLite format 3\0".utf8)), header.count == 100 else { return nil }
            let version = header[60..<64].reduce(0) { $0 << 8 | Int($1) }
            let known = SessionSchema.outbound.version
            guard version <= known else {
                return "outbound.db has schema version \(version), this program knows \(known)"
            }
            return nil
        } catch {
            return "\(error)"
        }
    }

    private func sandbox(_ problems: inout [String]) async {
        do {
            // A broker that is configured is not the release's own to try.
            guard try DoctorSettings.load(home: home).sandbox.broker == nil else { return }
            _ = try await DoctorSandbox(home: home).probe()
        } catch {
            problems.append("no sandbox can be built: \(error)")
        }
    }
}
