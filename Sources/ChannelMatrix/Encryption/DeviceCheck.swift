import Core

/// Looks whether the device of an access token is set up for encryption by another program: two programs with one device
/// make each other's messages unreadable.
struct DeviceCheck: Sendable {
    let client: MatrixClient

    static let words =
        "the access token's device is set up for encryption by another program or an earlier installation: "
        + "remove the account and add it again with user and password, so that it has a device of its own"

    /// True when the server has keys for this machine's device that are not the machine's.
    func isForeign(_ machine: OlmMachine) async throws -> Bool {
        guard try await !machine.isPublished() else { return false }
        let told = try await keys(of: machine.me)
        return told.map { $0 != machine.keys.curve25519 } ?? false
    }

    /// The key that the server tells for a device; nil when it has none.
    func keys(of device: DeviceID) async throws(MatrixError) -> String? {
        let reply = try await client.queryKeys(of: [device.user])
        let keys = reply[key: "device_keys"]?[key: device.user]?[key: device.device]?[key: "keys"]
        return keys?[key: "curve25519:\(device.device)"]?.string
    }
}
