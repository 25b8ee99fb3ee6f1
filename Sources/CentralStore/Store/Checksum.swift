import COpenSSL
import Core

/// SHA-256 by libcrypto.
enum Checksum {
    /// The digest of the text's UTF-8 as 64 hexadecimal digits.
    static func sha256(_ text: String) throws -> String {
        var digest = [UInt8](repeating: 0, count: 32)
        var length: UInt32 = 0
        let bytes = Array(text.utf8)
        guard EVP_Digest(bytes, bytes.count, &digest, &length, EVP_sha256(), nil) == 1, length == 32 else {
            throw StoreError(.unusable, "libcrypto made no SHA-256 digest")
        }
        return digest.map { byte in
            let text = String(byte, radix: 16)
            return byte < 16 ? "0" + text : text
        }.joined()
    }
}
