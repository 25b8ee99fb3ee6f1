import Core

/// A device of a person.
struct DeviceID: Sendable, Hashable {
    var user: String
    var device: String
}

/// A device's public keys, whose own signature was checked.
struct DeviceKeys: Sendable, Hashable {
    var id: DeviceID
    /// What messages to it are encrypted with.
    var curve25519: String
    /// What it signs with: its fingerprint.
    var ed25519: String

    init(id: DeviceID, curve25519: String, ed25519: String) {
        self.id = id
        self.curve25519 = curve25519
        self.ed25519 = ed25519
    }

    /// Reads what a server tells of a device; nil unless it is of this device and signed by its own key.
    init?(_ json: JSONValue, id: DeviceID) {
        guard json[key: "user_id"]?.string == id.user, json[key: "device_id"]?.string == id.device,
            let curve = json[key: "keys"]?[key: "curve25519:\(id.device)"]?.string,
            let ed = json[key: "keys"]?[key: "ed25519:\(id.device)"]?.string,
            // libolm takes no padding.
            curve.utf8.count == 43, UnpaddedBase64.decode(curve)?.count == 32,
            json[key: "algorithms"]?.array?.contains(.string(Megolm.algorithm)) == true,
            SignedJSON.isSigned(json, by: id, key: ed)
        else { return nil }
        self.init(id: id, curve25519: curve, ed25519: ed)
    }
}

/// Signatures of JSON objects (specification, appendices, "Signing JSON").
enum SignedJSON {
    /// Whether the object has a good signature of this device.
    static func isSigned(_ json: JSONValue, by device: DeviceID, key: String) -> Bool {
        guard let signature = json[key: "signatures"]?[key: device.user]?[key: "ed25519:\(device.device)"]?.string,
            let bytes = CanonicalJSON.signedBytes(json)
        else { return false }
        return Olm.isSigned(bytes, by: key, signature: signature)
    }

    /// The object with a signature of this device added.
    static func signed(_ json: JSONValue, by device: DeviceID, _ account: IdentityAccount) throws(OlmError) -> JSONValue
    {
        guard case .object(var fields) = json, let bytes = CanonicalJSON.signedBytes(json) else {
            throw OlmError(.other, "what is to be signed is no JSON object of whole numbers and texts")
        }
        fields["signatures"] = [device.user: ["ed25519:\(device.device)": .string(try account.sign(bytes))]].json
        return .object(fields)
    }
}

extension [String: [String: JSONValue]] {
    fileprivate var json: JSONValue { .object(mapValues { .object($0) }) }
}

/// A message to one device, not encrypted by itself.
struct ToDeviceMessage: Sendable, Equatable {
    var to: DeviceID
    var content: JSONValue
}

/// Names of the algorithms.
enum Megolm {
    static let algorithm = "m.megolm.v1.aes-sha2"
    static let olmAlgorithm = "m.olm.v1.curve25519-aes-sha2"
}
