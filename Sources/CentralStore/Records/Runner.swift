package import Core
import GRDB

/// `runners`: the life of a session's runner, so that a new host finds and ends what an old one left.
package struct Runner: CentralRecord {
    package static let databaseTableName = "runners"

    package var sessionID: SessionID
    /// The number given last; rises for ever.
    package var incarnation: Incarnation
    package var state: RunnerStage
    /// The boot in which the pid means something; there unless `stopped`.
    package var bootID: String?
    /// PID 1 of the sandbox, as the host sees it; nil while it starts.
    package var pid: Int32?
    /// Field 22 of `/proc/<pid>/stat`: with boot id and pid it names one process for ever.
    package var startTime: Int64?
    /// Spawns that failed in a row.
    package var spawnFailures: Int
    /// Recoveries of a hot journal that failed in a row.
    package var recoveryFailures: Int
    /// No spawn before this time.
    package var retryAt: Timestamp?
    package var lastError: String?
    /// The isolation report of the last spawn: JSON.
    package var report: String?
    package var updatedAt: Timestamp

    package enum CodingKeys: String, CodingKey, ColumnExpression {
        case sessionID = "session_id"
        case incarnation, state
        case bootID = "boot_id"
        case pid
        case startTime = "start_time"
        case spawnFailures = "spawn_failures"
        case recoveryFailures = "recovery_failures"
        case retryAt = "retry_at"
        case lastError = "last_error"
        case report
        case updatedAt = "updated_at"
    }
}

/// The `state` column of `runners`.
package enum RunnerStage: String, Codable, Sendable, CaseIterable, DatabaseValueConvertible {
    case starting, running, stopped
}
