import COpenSSL

/// Keyed hashes over raw bytes (RFC 2104, by libcrypto), and how platforms compare them.
package enum HMACSignature {
    /// The hash beneath.
    package enum Hash: String, Sendable, Hashable {
        case sha256 = "SHA256"
        case sha1 = "SHA1"
    }

    /// The code of the message: 32 or 20 bytes.
    package static func code(_ hash: Hash, key: [UInt8], _ message: [UInt8]) -> [UInt8] {
        var code = [UInt8](repeating: 0, count: 64)
        var length = 0
        // libcrypto takes no null pointer for an empty message or key.
        let key = key.isEmpty ? [0] : key
        let result = EVP_Q_mac(
            nil,
            "HMAC",
            nil,
            hash.rawValue,
            nil,
            key,
            key.count,
            message,
            message.count,
            &code,
            code.count,
            &length
        )
        // Without the algorithm nothing can be verified: an empty code equals no signature.
        return result == nil ? [] : Array(code.prefix(length))
    }

    /// Compares in a time that depends on the lengths only; an empty text equals nothing.
    package static func areEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        !left.isEmpty && left.count == right.count && CRYPTO_memcmp(left, right, left.count) == 0
    }

    /// Whether `signature` is the hexadecimal code of the message.
    package static func isValid(
        hex signature: some StringProtocol,
        _ hash: Hash,
        key: [UInt8],
        _ message: [UInt8]
    ) -> Bool {
        guard !key.isEmpty, let bytes = Hex.decode(signature) else { return false }
        return areEqual(bytes, code(hash, key: key, message))
    }

    /// Whether `signature` is the base64 code of the message.
    package static func isValid(
        base64 signature: some StringProtocol,
        _ hash: Hash,
        key: [UInt8],
        _ message: [UInt8]
    ) -> Bool {
        guard !key.isEmpty, let bytes = Base64.decode(signature) else { return false }
        return areEqual(bytes, code(hash, key: key, message))
    }
}

/// Ed25519 signatures (RFC 8032, by libcrypto), as Discord signs HTTP interactions.
package enum Ed25519 {
    /// Whether the 64 bytes of `signature` sign the message by this public key of 32 bytes.
    package static func isValid(_ signature: [UInt8], publicKey: [UInt8], _ message: [UInt8]) -> Bool {
        guard signature.count == 64, publicKey.count == 32,
            let key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nil, publicKey, publicKey.count)
        else { return false }
        defer { EVP_PKEY_free(key) }
        guard let context = EVP_MD_CTX_new() else { return false }
        defer { EVP_MD_CTX_free(context) }
        guard EVP_DigestVerifyInit(context, nil, nil, nil, key) == 1 else { return false }
        return EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
    }

    /// Whether a Discord interaction is signed: `X-Signature-Ed25519` in hex over the text of
    /// `X-Signature-Timestamp` and the raw body.
    package static func isDiscord(
        signature: String,
        timestamp: String,
        publicKey: String,
        body: [UInt8]
    ) -> Bool {
        guard let signature = Hex.decode(signature), let key = Hex.decode(publicKey) else { return false }
        return isValid(signature, publicKey: key, Array(timestamp.utf8) + body)
    }
}
