import ChannelNetwork
import Core
import Logging

/// Makes a new device one that other people's clients take for the account's own: it publishes the device's keys, and signs
/// them by keys of the account.
///
/// Clients that exclude devices without such a signature would neither read what it sends nor send it keys.
struct CrossSigning: Sendable {
    let client: MatrixClient
    let machine: OlmMachine
    let logger: Logger

    /// How devices are called that this program has made.
    static let deviceName = "NanoClaw"

    /// What came of it.
    enum Outcome: Sendable, Equatable {
        case signed
        /// The account has keys that other clients of it use: they are not replaced.
        case usedByOthers
        /// The server wants to be shown a password, and there is none.
        case wantsPassword
    }

    /// Publishes and signs the device; with a password, keys of the account that nothing else uses are replaced.
    func establish(password: String?) async throws -> Outcome {
        if let body = try await machine.keysToPublish(count: 0, hasUnusedFallbackKey: false) {
            _ = try await client.uploadKeys(body)
            try await machine.published()
        }
        let me = machine.me.user
        let known = try await client.queryKeys(of: [me])
        if known[key: "master_keys"]?[key: me] != nil, password == nil || Self.isUsedByOthers(known, machine.me) {
            return .usedByOthers
        }
        let made = try await machine.crossSigningKeys()
        guard try await upload(made.keys, password) else { return .wantsPassword }
        try await client.call(.post, ["keys", "signatures", "upload"], body: made.signatures)
        return .signed
    }

    /// Whether another program's device is signed by the account's present keys.
    static func isUsedByOthers(_ known: JSONValue, _ me: DeviceID) -> Bool {
        let signing = known[key: "self_signing_keys"]?[key: me.user]?[key: "keys"]?.object?.keys.first
        guard let signing else { return false }
        return (known[key: "device_keys"]?[key: me.user]?.object ?? [:]).contains { name, keys in
            name != me.device && keys[key: "unsigned"]?[key: "device_display_name"]?.string != deviceName
                && keys[key: "signatures"]?[key: me.user]?[key: signing] != nil
        }
    }

    /// False when the server asks for a password that there is not.
    private func upload(_ keys: JSONValue, _ password: String?) async throws -> Bool {
        let path = ["keys", "device_signing", "upload"]
        let first = try await client.send(try client.request(.post, "client/v3", path, [], keys))
        guard first.status == 401, let session = try JSONReader.read(first.body)[key: "session"]?.string else {
            _ = try client.read(first, of: "the account's keys")
            return true
        }
        guard let password, case .object(var fields) = keys else { return false }
        fields["auth"] = [
            "type": "m.login.password", "session": .string(session), "password": .string(password),
            "identifier": ["type": "m.id.user", "user": .string(machine.me.user)],
        ]
        var again = try client.request(.post, "client/v3", path, [], .object(fields))
        again.redacting.append(password)
        _ = try client.read(try await client.send(again), of: "the account's keys")
        return true
    }
}
