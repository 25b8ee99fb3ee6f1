import ChannelNetwork
import Core

extension MatrixClient {
    /// Publishes keys of this device; answers how many one-time keys the server has then.
    func uploadKeys(_ body: JSONValue) async throws(MatrixError) -> Int {
        let reply = try await call(.post, ["keys", "upload"], body: body)
        return Int(reply[key: "one_time_key_counts"]?[key: "signed_curve25519"]?.integer ?? 0)
    }

    /// The devices of these people.
    func queryKeys(of users: [String]) async throws(MatrixError) -> JSONValue {
        let asked = Dictionary(users.map { ($0, JSONValue.array([])) }) { first, _ in first }
        return try await call(
            .post,
            ["keys", "query"],
            body: ["timeout": 10_000, "device_keys": .object(asked)],
            deadline: .seconds(60)
        )
    }

    /// One one-time key of each of these devices.
    func claimKeys(_ devices: [DeviceID]) async throws(MatrixError) -> JSONValue {
        var asked: [String: JSONValue] = [:]
        for device in devices {
            var keys = asked[device.user]?.object ?? [:]
            keys[device.device] = "signed_curve25519"
            asked[device.user] = .object(keys)
        }
        return try await call(
            .post,
            ["keys", "claim"],
            body: ["timeout": 10_000, "one_time_keys": .object(asked)],
            deadline: .seconds(60)
        )
    }

    /// Hands messages to devices: contents by user and device.
    func sendToDevices(_ type: String, _ messages: [ToDeviceMessage], transaction: String) async throws(MatrixError) {
        var users: [String: JSONValue] = [:]
        for message in messages {
            var devices = users[message.to.user]?.object ?? [:]
            devices[message.to.device] = message.content
            users[message.to.user] = .object(devices)
        }
        try await call(
            .put,
            ["sendToDevice", type, transaction],
            body: ["messages": .object(users)],
            deadline: .seconds(60)
        )
    }
}
