import Core
import GRDB

extension OlmMachine {
    /// What is to be published now: this device's keys the first time, one-time keys as the server runs out of them, a
    /// fallback key when the last one was used; nil when there is nothing.
    ///
    /// `count` are the one-time keys that the server has; keys that were made and not confirmed come again.
    func keysToPublish(count: Int?, hasUnusedFallbackKey: Bool?) async throws -> JSONValue? {
        try await store.write { db in
            let isPublished = try Bool.fetchOne(db, sql: "SELECT is_published FROM account") ?? false
            guard !isPublished || needsKeys(count, hasUnusedFallbackKey) else { return nil }
            return try withAccount(db) { account in
                var body: [String: JSONValue] = [:]
                if !isPublished { body["device_keys"] = try deviceKeys(account) }
                if let count = count ?? (isPublished ? nil : 0) {
                    let missing = account.wantedOneTimeKeys - count - (try account.oneTimeKeys().count)
                    if missing > 0 { try account.makeOneTimeKeys(missing) }
                }
                let oneTimeKeys = try account.oneTimeKeys()
                if !oneTimeKeys.isEmpty {
                    body["one_time_keys"] = try signed(oneTimeKeys, account, isFallback: false)
                }
                if hasUnusedFallbackKey == false || !isPublished {
                    if try account.fallbackKey().isEmpty { try account.makeFallbackKey() }
                    body["fallback_keys"] = try signed(try account.fallbackKey(), account, isFallback: true)
                }
                return body.isEmpty ? nil : .object(body)
            }
        }
    }

    /// The server has what ``keysToPublish(count:hasUnusedFallbackKey:)`` made.
    func published() async throws {
        try await store.write { db in
            try withAccount(db) { $0.markPublished() }
            try db.execute(sql: "UPDATE account SET is_published = 1")
        }
    }

    /// Fewer than half of what the server is to have.
    private func needsKeys(_ count: Int?, _ hasUnusedFallbackKey: Bool?) -> Bool {
        (count.map { $0 < 25 } ?? false) || hasUnusedFallbackKey == false
    }

    /// This device's public keys with its own signature.
    func deviceKeys(_ account: IdentityAccount) throws -> JSONValue {
        let keys: JSONValue = [
            "user_id": .string(me.user), "device_id": .string(me.device),
            "algorithms": [.string(Megolm.olmAlgorithm), .string(Megolm.algorithm)],
            "keys": .object([
                "curve25519:\(me.device)": .string(keys.curve25519), "ed25519:\(me.device)": .string(keys.ed25519),
            ]),
        ]
        return try SignedJSON.signed(keys, by: me, account)
    }

    private func signed(_ keys: [String: String], _ account: IdentityAccount, isFallback: Bool) throws -> JSONValue {
        var result: [String: JSONValue] = [:]
        for (id, key) in keys {
            var fields: [String: JSONValue] = ["key": .string(key)]
            if isFallback { fields["fallback"] = true }
            result["signed_curve25519:\(id)"] = try SignedJSON.signed(.object(fields), by: me, account)
        }
        return .object(result)
    }
}
