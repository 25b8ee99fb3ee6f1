import Core
import GRDB

/// Keys that say that this device is the account's own, as clients ask for before they encrypt to it (specification,
/// "Cross-signing").
struct CrossSigningKeys: Sendable, Equatable {
    /// The body of `POST /keys/device_signing/upload`, without authentication.
    var keys: JSONValue
    /// The body of `POST /keys/signatures/upload`.
    var signatures: JSONValue
}

extension OlmMachine {
    /// New keys of the account that sign this device.
    ///
    /// Their secret halves are not kept: they have nothing else to sign, and whoever gets hold of this host cannot make
    /// another device look like the account's.
    func crossSigningKeys() async throws -> CrossSigningKeys {
        try await store.write { db in
            try withAccount(db) { account in
                let master = try SigningKey()
                let own = try SigningKey()
                let others = try SigningKey()
                var masterKey = try SignedJSON.signed(key(master, "master"), by: me, account)
                masterKey = try master.signed(masterKey, user: me.user)
                return CrossSigningKeys(
                    keys: [
                        "master_key": masterKey,
                        "self_signing_key": try master.signed(key(own, "self_signing"), user: me.user),
                        "user_signing_key": try master.signed(key(others, "user_signing"), user: me.user),
                    ],
                    signatures: .object([
                        me.user: .object([me.device: try own.signed(try deviceKeys(account), user: me.user)])
                    ])
                )
            }
        }
    }

    private func key(_ key: SigningKey, _ usage: String) -> JSONValue {
        [
            "user_id": .string(me.user), "usage": [.string(usage)],
            "keys": .object(["ed25519:\(key.publicKey)": .string(key.publicKey)]),
        ]
    }
}
