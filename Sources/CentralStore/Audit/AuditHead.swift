import Core
package import GRDB
import Glibc
import LinuxIO

/// Where the audit ends: kept in a file beside the database, so that entries that are cut off at its end are missed.
package struct AuditHead: Codable, Sendable, Equatable {
    /// The file's name, in `data/`.
    package static let file = "audit.head"

    package var count: Int64
    package var hash: String

    /// The end of the audit as this database has it; nil when nothing stands in it.
    package static func of(_ db: Database) throws -> AuditHead? {
        try AuditEntry.order(AuditEntry.CodingKeys.position.desc).fetchOne(db).map {
            AuditHead(count: $0.position, hash: $0.hash)
        }
    }

    /// The head that a home keeps; nil when there is none.
    package static func read(home: String) throws -> AuditHead? {
        try read(try Directory(path: "\(home)/data"))
    }

    private static func read(_ directory: Directory) throws -> AuditHead? {
        do {
            let bytes = try directory.contents(file, limit: 4096)
            return try JSONText.decode(AuditHead.self, String(decoding: bytes, as: UTF8.self))
        } catch let error as Errno where error.code == ENOENT {
            return nil
        }
    }

    /// Puts the file into place, whole; leaves one that remembers entries which are not there, so that they stay missed.
    package func write(beside db: Database) throws {
        guard let directory = try Self.directory(of: db) else { return }
        if let known = try Self.read(directory) {
            let kept = try AuditEntry.fetchOne(db, key: known.count)
            guard known.count < count, kept?.hash == known.hash else { return }
        }
        try directory.replace(Self.file, with: Array(try JSONText.encode(self).utf8))
    }

    /// The folder of the database's file; nil for one in memory.
    private static func directory(of db: Database) throws -> Directory? {
        guard let path = try String.fetchOne(db, sql: "SELECT file FROM pragma_database_list WHERE name = 'main'"),
            let slash = path.lastIndex(of: "/")
        else { return nil }
        return try Directory(path: String(path[..<slash]))
    }
}
