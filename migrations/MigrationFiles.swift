/// One numbered SQL file of `migrations/`, embedded at build time.
package struct MigrationFile: Sendable, Hashable {
    /// Position in its database's order, from 1, without gaps.
    package let version: Int
    /// The file's name without its ending; the ledger's key.
    package let name: String
    /// The statements, separated by `;`.
    package let sql: String

    /// A migration with this text.
    package init(version: Int, name: String, sql: String) {
        self.version = version
        self.name = name
        self.sql = sql
    }

    private init(_ version: Int, _ name: String, _ bytes: [UInt8]) {
        self.init(version: version, name: name, sql: String(decoding: bytes, as: UTF8.self))
    }
}

extension MigrationFile {
    /// The central database, `data/nanoclaw.db`.
    package static let central = [
        MigrationFile(1, "central_0001_initial", PackageResources.central_0001_initial_sql),
        MigrationFile(2, "central_0002_retention", PackageResources.central_0002_retention_sql),
        MigrationFile(3, "central_0003_people", PackageResources.central_0003_people_sql),
        MigrationFile(4, "central_0004_asks", PackageResources.central_0004_asks_sql),
        MigrationFile(5, "central_0005_agents", PackageResources.central_0005_agents_sql),
        MigrationFile(6, "central_0006_tasks", PackageResources.central_0006_tasks_sql),
        MigrationFile(7, "central_0007_approvals", PackageResources.central_0007_approvals_sql),
        MigrationFile(8, "central_0008_channels", PackageResources.central_0008_channels_sql),
    ]

    /// A session's `inbound.db`, written by the host.
    package static let inbound = [
        MigrationFile(1, "inbound_0001_initial", PackageResources.inbound_0001_initial_sql),
        MigrationFile(2, "inbound_0002_ended", PackageResources.inbound_0002_ended_sql),
    ]

    /// A session's `outbound.db`, written by the runner.
    package static let outbound = [
        MigrationFile(1, "outbound_0001_initial", PackageResources.outbound_0001_initial_sql)
    ]

    /// What happened to each message, `data/traces.db`.
    package static let traces = [
        MigrationFile(1, "traces_0001_initial", PackageResources.traces_0001_initial_sql)
    ]
}
