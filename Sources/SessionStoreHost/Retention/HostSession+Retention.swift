package import Core
import Glibc
import LinuxIO
package import SessionStore

extension HostSession {
    /// Ends what has been kept for its time: rows in one transaction, then files.
    ///
    /// A host that dies between the two leaves files without a row, which the next call finds.
    package func retain(_ subject: RetentionSubject, _ periods: SessionPeriods) async throws -> RetentionOutcome {
        await enter()
        defer { leave() }
        do {
            let root = try Directory(path: folder.path)
            let plan = try await heldTransaction { database in
                let plan = try RetentionPlan(subject, periods, now: time.now, in: database, root)
                if !plan.rows.isEmpty { try plan.deleteRows(in: database) }
                return plan
            }
            var outcome = RetentionOutcome(items: plan.rows, nextDue: plan.nextDue, failures: [])
            var budget = Self.removals
            for removal in plan.removals {
                do {
                    try removal.directory.remove(removal.entry, budget: &budget)
                    outcome.items.append(removal.item)
                } catch let error as Errno where error.code == E2BIG && budget < 0 {
                    outcome.nextDue = time.now
                    break
                } catch {
                    outcome.failures.append("\(removal.item.what.rawValue) \(removal.item.name ?? ""): \(error)")
                }
            }
            return outcome
        } catch let error as Errno {
            throw StoreError(files: error, "look at what is kept in \(folder.path)")
        }
    }

    /// Files and folders that one call removes at most: other sessions use the same thread.
    private static let removals = 20_000

    /// What ``retain(_:_:)`` would end now; nothing is changed, not even an older schema.
    ///
    /// Blocks on the disk: call it on ``StoreExecutors``.
    package static func wouldRetain(
        _ subject: RetentionSubject,
        _ periods: SessionPeriods,
        in folder: SessionFolder,
        now: Timestamp
    ) throws -> [RetentionItem] {
        let database = try Connection(path: folder.inboundDatabase, .readOnly, busyTimeout: 1000)
        defer { database.close() }
        let root = try Directory(path: folder.path)
        return try database.read { try RetentionPlan(subject, periods, now: now, in: database, root).items }
    }
}
