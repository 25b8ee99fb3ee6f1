import Core
import GRDB

/// The end-to-end encryption of one device: its keys, and its sessions with others, in the account's store.
///
/// It asks nothing of the server: what is to be sent is handed back, what came is handed in. Each step is one transaction
/// that loads what it needs, moves it on and stores it, so that no key of a ratchet is used twice whatever happens after.
struct OlmMachine: Sendable {
    let store: MatrixStore
    /// What everything stored is encrypted with.
    let secret: SecretBytes
    let me: DeviceID
    /// The public identity keys of this device.
    let keys: IdentityAccount.Keys
    let time: any TimeSource

    /// Opens the keys of a device, making them when the store has none; those of another device are dropped with their
    /// sessions.
    ///
    /// Throws ``OlmFailure/badPickle`` when the store's keys were encrypted with another secret.
    init(store: MatrixStore, secret: SecretBytes, me: DeviceID, time: any TimeSource) async throws {
        self.store = store
        self.secret = secret
        self.me = me
        self.time = time
        keys = try await store.write { db in
            if let row = try Row.fetchOne(db, sql: "SELECT user, device, pickle FROM account") {
                if row["user"] == me.user, row["device"] == me.device {
                    return try IdentityAccount(pickle: row.bytes("pickle"), key: secret).keys()
                }
                try Self.dropKeys(db)
            }
            let account = try IdentityAccount()
            try db.execute(
                sql: "INSERT INTO account (id, user, device, pickle) VALUES (1, ?, ?, ?)",
                arguments: [me.user, me.device, try account.pickle(secret).data]
            )
            return try account.keys()
        }
    }

    private static func dropKeys(_ db: Database) throws {
        let tables = [
            "account", "people", "devices", "pairs", "repairs", "receivers", "indexes", "senders", "shares", "withheld",
            "requests",
        ]
        for table in tables { try db.execute(sql: "DELETE FROM \(table)") }
    }

    /// True when the server has this device's keys.
    func isPublished() async throws -> Bool {
        try await store.read { db in try Bool.fetchOne(db, sql: "SELECT is_published FROM account") ?? false }
    }

    /// Works with the account inside a transaction and stores what became of it.
    func withAccount<Result>(_ db: Database, _ body: (IdentityAccount) throws -> Result) throws -> Result {
        guard let pickle = try [UInt8].fetchPickle(db, sql: "SELECT pickle FROM account") else {
            throw OlmError(.other, "the store has no account")
        }
        let account = try IdentityAccount(pickle: pickle, key: secret)
        let result = try body(account)
        try db.execute(sql: "UPDATE account SET pickle = ?", arguments: [try account.pickle(secret).data])
        return result
    }
}
