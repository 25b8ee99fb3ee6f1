import ChannelNetwork
import Core

/// How an attachment is encrypted: the object `EncryptedFile` of the specification, version `v2`.
struct AttachmentKey: Sendable, Equatable {
    /// 32 bytes for AES-256.
    var key: [UInt8]
    /// 16 bytes: the counter's first value.
    var counter: [UInt8]
    /// The SHA-256 of the encrypted bytes.
    var sha256: [UInt8]

    init(key: [UInt8], counter: [UInt8], sha256: [UInt8]) {
        self.key = key
        self.counter = counter
        self.sha256 = sha256
    }

    /// Reads the object; nil for another algorithm or sizes that do not fit.
    init?(_ file: JSONValue) {
        guard file[key: "v"]?.string == "v2", let jwk = file[key: "key"], jwk[key: "kty"]?.string == "oct",
            jwk[key: "alg"]?.string == "A256CTR",
            let key = jwk[key: "k"]?.string.flatMap(UnpaddedBase64.decodeURL), key.count == 32,
            let counter = file[key: "iv"]?.string.flatMap(UnpaddedBase64.decode), counter.count == 16,
            let hash = file[key: "hashes"]?[key: "sha256"]?.string.flatMap(UnpaddedBase64.decode), hash.count == 32
        else { return nil }
        self.init(key: key, counter: counter, sha256: hash)
    }

    /// The object for a file at this place.
    func json(url: String) -> JSONValue {
        [
            "v": "v2", "url": .string(url), "iv": .string(UnpaddedBase64.encode(counter)),
            "hashes": ["sha256": .string(UnpaddedBase64.encode(sha256))],
            "key": [
                "kty": "oct", "alg": "A256CTR", "ext": true, "key_ops": ["encrypt", "decrypt"],
                "k": .string(UnpaddedBase64.encodeURL(key)),
            ],
        ]
    }
}

/// Base64 without padding, as Matrix writes binary values (specification, appendices, "Unpadded Base64").
enum UnpaddedBase64 {
    static func encode(_ bytes: [UInt8]) -> String {
        String(Base64.encode(bytes).prefix { $0 != "=" })
    }

    /// The bytes; padding is taken too, nil for other text.
    static func decode(_ text: String) -> [UInt8]? {
        let bare = text.hasSuffix("=") ? text.prefix { $0 != "=" } : text[...]
        let padding = String(repeating: "=", count: (4 - bare.utf8.count % 4) % 4)
        return Base64.decode(bare + padding)
    }

    /// The alphabet for URLs (RFC 4648 §5), as keys in JSON have it.
    static func encodeURL(_ bytes: [UInt8]) -> String {
        String(encode(bytes).map { $0 == "+" ? "-" : $0 == "/" ? "_" : $0 })
    }

    static func decodeURL(_ text: String) -> [UInt8]? {
        decode(String(text.map { $0 == "-" ? "+" : $0 == "_" ? "/" : $0 }))
    }
}
