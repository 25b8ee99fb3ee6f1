import COpenSSL
import Core

/// SHA-256 of a canonical text (FIPS 180-4, by libcrypto): 32 bytes.
package struct PlanHash: Hashable, Sendable, CustomStringConvertible {
    package let bytes: [UInt8]

    /// The hash of these bytes.
    package init(of bytes: [UInt8]) throws {
        var digest = [UInt8](repeating: 0, count: 32)
        var length: UInt32 = 0
        guard EVP_Digest(bytes, bytes.count, &digest, &length, EVP_sha256(), nil) == 1, length == 32 else {
            throw ApprovalError(.invalidPlan, "libcrypto made no SHA-256 digest")
        }
        self.bytes = digest
    }

    /// Reads 64 hexadecimal digits in lower case; nil for other text.
    package init?(hex text: String) {
        let values = text.utf8.map { Self.digits.firstIndex(of: $0) }
        guard values.count == 64 else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: 64, by: 2) {
            guard let high = values[index], let low = values[index + 1] else { return nil }
            bytes.append(UInt8(high << 4 | low))
        }
        self.bytes = bytes
    }

    private static let digits = Array("0123456789abcdef".utf8)

    /// 64 hexadecimal digits in lower case.
    package var description: String {
        String(decoding: bytes.flatMap { [Self.digits[Int($0 >> 4)], Self.digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
