import GRDB
import LinuxIO

/// Whether the audit is whole: every entry as it was written, none missing.
package struct AuditVerification: Sendable, Equatable {
    /// Entries that are as they were written.
    package var count: Int64
    /// The hash of the last of them.
    package var hash: String
    /// What is wrong behind them; nil when nothing is.
    package var fault: String?

    /// Reads every entry of a home, beside its host or without one; throws only when the database cannot be read.
    package static func run(home: String) async throws -> AuditVerification {
        let head: AuditHead?
        do {
            // Before the entries: those that come meanwhile stand behind it.
            head = try AuditHead.read(home: home)
        } catch {
            let fault =
                error is Errno
                ? "data/\(AuditHead.file) cannot be read: \(error)" : "data/\(AuditHead.file) is not as it was written"
            return AuditVerification(count: 0, hash: AuditEntry.origin, fault: fault)
        }
        let store = try CentralStore(readingHome: home)
        defer { try? store.close() }
        return try await store.read { db in try run(db, head) }
    }

    private static func run(_ db: Database, _ head: AuditHead?) throws -> AuditVerification {
        var result = AuditVerification(count: 0, hash: AuditEntry.origin)
        let rows = try Row.fetchCursor(db, sql: "SELECT * FROM audit ORDER BY position")
        while let row = try rows.next() {
            let position = result.count + 1
            guard let entry = try? AuditEntry(row: row) else {
                result.fault = "the entry behind number \(result.count) cannot be read: it was changed"
                return result
            }
            guard entry.position == position else {
                result.fault = "entry \(position) is missing"
                return result
            }
            guard try entry.hash == entry.seal(after: result.hash) else {
                result.fault = "entry \(position), or the one before it, was changed"
                return result
            }
            if let head, head.count == position, head.hash != entry.hash {
                result.fault = "entry \(position) is not the one that data/\(AuditHead.file) remembers"
                return result
            }
            result.count = position
            result.hash = entry.hash
        }
        if let head, head.count > result.count {
            result.fault =
                "the last \(head.count - result.count) entries are missing: data/\(AuditHead.file) remembers \(head.count)"
        } else if result.count == 0, try UserRole.fetchCount(db) > 0 {
            result.fault = "there is no entry, though people have roles: a host's start makes the first"
        } else if head == nil, result.count > 0 {
            result.fault = "data/\(AuditHead.file) is gone: entries may be missing at the end"
        }
        return result
    }
}
