import Core
import Glibc
import Migrations

/// The first entry of a backup: what it is of.
struct BackupDescription: Codable, Sendable {
    /// The version of the format that this program writes and reads.
    static let format = 1

    var format = Self.format
    /// The home's path, and the machine that it stood on.
    var home: String
    var machine: String
    /// When it was begun.
    var taken: Timestamp
    /// The newest migrations that the program knew, by database: what it takes to read this.
    var schema: [String: String]

    /// Of a home, by this program.
    init(home: String, taken: Timestamp) {
        var name = [CChar](repeating: 0, count: 256)
        gethostname(&name, name.count - 1)
        self.home = home
        machine = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        self.taken = taken
        schema = Self.known.compactMapValues { $0.last?.name }
    }

    private static let known = [
        "central": MigrationFile.central, "inbound": MigrationFile.inbound, "outbound": MigrationFile.outbound,
    ]

    /// Why this program cannot serve such a home; nil when it can.
    var refusal: String? {
        guard format == Self.format else { return "it has format \(format), and this nanoclaw reads \(Self.format)" }
        for (database, name) in schema.sorted(by: { $0.key < $1.key }) {
            let names = Self.known[database]?.map(\.name) ?? []
            guard names.contains(name) else {
                return "it is of a newer nanoclaw: its \(database) database has had \(name)"
            }
        }
        return nil
    }
}

/// Something that a backup does not hold.
struct LeftOut: Codable, Sendable, Hashable {
    /// Below the home.
    var path: String
    var reason: String

    /// True for what a backup never holds; anything else somebody should know of.
    var isUsual: Bool { [Self.key, Self.output, Self.traces].contains(reason) }

    /// True for contents that a home made of the backup lacks; what is no file, folder or link has none.
    var isMissed: Bool { !isUsual && ![Self.socket, Self.pipe, Self.device].contains(reason) }

    static let key = "a key: give it anew"
    static let output = "logs"
    static let traces = "traces, which are for eyes only"
    static let socket = "a socket"
    static let pipe = "a pipe"
    static let device = "a device"
}
