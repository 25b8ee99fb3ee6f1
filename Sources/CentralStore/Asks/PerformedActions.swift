package import Core
package import GRDB

extension CentralStore {
    /// How long it is remembered that a request was carried out: far longer than a host needs to record it.
    package static let performedActionsKept = Duration.seconds(7 * 86_400)

    /// Carries out a sandbox's request once, however often its row is looked at: the body's changes and its result are
    /// one transaction, and a later call with the same request answers that result without running the body.
    ///
    /// A request is known by its session and its id together: the id alone is a sandbox's own choice.
    @discardableResult
    package func performOnce<Result: Codable & Sendable>(
        _ request: MessageID,
        of session: SessionID,
        changesRouting: Bool = true,
        _ body: @Sendable (Database) throws -> Result
    ) async throws -> Result {
        let now = time.now
        return try await write(changesRouting: changesRouting) { db in
            let known = try String.fetchOne(
                db,
                sql: "SELECT result FROM performed_actions WHERE session_id = ? AND request_id = ?",
                arguments: [session, request]
            )
            if let known {
                guard let result = try? JSONText.decode([Result].self, known).first else {
                    throw StoreError(.conflict, "a request with this id was carried out before as something else")
                }
                return result
            }
            let result = try body(db)
            try db.execute(
                sql: "INSERT INTO performed_actions (session_id, request_id, result, performed_at) VALUES (?, ?, ?, ?)",
                // In an array: a bare text or number is no JSON document to every reader.
                arguments: [session, request, try JSONText.encode([result]), now]
            )
            try db.execute(
                sql: "DELETE FROM performed_actions WHERE performed_at < ?",
                arguments: [now - Self.performedActionsKept]
            )
            return result
        }
    }
}
