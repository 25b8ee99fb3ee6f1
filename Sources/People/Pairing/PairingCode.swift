import COpenSSL
import Core

/// A one-time code: eight letters without vowels and look-alikes, 34.5 bits (RFC 8628 §6.1).
package struct PairingCode: Sendable, Equatable {
    /// The 20 letters of RFC 8628 §6.1: none of them reads as another, and no word can be made of them.
    package static let alphabet = Array("BCDFGHJKLMNPQRSTVWXZ".utf8)
    package static let length = 8

    /// Eight letters of the alphabet.
    package let letters: [UInt8]

    /// A fresh code, from the kernel's generator.
    package static func random() -> PairingCode {
        var generator = SystemRandomNumberGenerator()
        return random(using: &generator)
    }

    /// A fresh code, each letter as likely as any other.
    package static func random(using generator: inout some RandomNumberGenerator) -> PairingCode {
        PairingCode(
            letters: (0..<length).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &generator)] }
        )
    }

    private init(letters: [UInt8]) { self.letters = letters }

    /// Reads a message that is a code and nothing else: `BCDF-GHJK` or `BCDFGHJK`, in upper or lower case, white space
    /// around it.
    package init?(message: String) {
        guard message.utf8.count <= 64 else { return nil }
        var bytes = Array(message.trimmingWhiteSpace.utf8)
        if bytes.count == Self.length + 1, bytes[Self.length / 2] == UInt8(ascii: "-") {
            bytes.remove(at: Self.length / 2)
        }
        guard bytes.count == Self.length else { return nil }
        let letters = bytes.map { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) ? $0 - 32 : $0 }
        guard letters.allSatisfy(Self.alphabet.contains) else { return nil }
        self.letters = letters
    }

    /// As it is shown: `BCDF-GHJK`.
    package var text: String {
        let half = Self.length / 2
        return String(decoding: letters[..<half] + [UInt8(ascii: "-")] + letters[half...], as: UTF8.self)
    }

    /// SHA-256 of salt and letters: what is stored in place of the code.
    package func digest(salt: [UInt8]) throws -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 32)
        var length: UInt32 = 0
        let bytes = salt + letters
        guard EVP_Digest(bytes, bytes.count, &digest, &length, EVP_sha256(), nil) == 1, length == 32 else {
            throw PeopleError(.failed, "libcrypto made no SHA-256 digest")
        }
        return digest
    }

    /// Whether this code has the digest, in the same time whatever the answer.
    package func matches(_ digest: [UInt8], salt: [UInt8]) throws -> Bool {
        let own = try self.digest(salt: salt)
        return digest.count == own.count && CRYPTO_memcmp(own, digest, own.count) == 0
    }
}
