import COpenSSL

/// Base64 with padding (RFC 4648 §4), by libcrypto, read strictly.
package enum Base64 {
    /// The text of the bytes, in one line.
    package static func encode(_ bytes: [UInt8]) -> String {
        guard !bytes.isEmpty else { return "" }
        var text = [UInt8](repeating: 0, count: (bytes.count + 2) / 3 * 4 + 1)
        let count = EVP_EncodeBlock(&text, bytes, Int32(bytes.count))
        return String(decoding: text.prefix(Int(count)), as: UTF8.self)
    }

    /// The bytes of a text; nil for other characters, white space, missing padding or bits that are left over.
    package static func decode(_ text: some StringProtocol) -> [UInt8]? {
        let utf8 = Array(text.utf8)
        guard utf8.count.isMultiple(of: 4), utf8.count < 1 << 30 else { return nil }
        guard !utf8.isEmpty else { return [] }
        let padding = utf8.suffix(2).filter { $0 == UInt8(ascii: "=") }.count
        var bytes = [UInt8](repeating: 0, count: utf8.count / 4 * 3)
        guard EVP_DecodeBlock(&bytes, utf8, Int32(utf8.count)) == bytes.count else { return nil }
        bytes.removeLast(padding)
        // libcrypto skips white space and lets bits stand that the padding cuts off.
        return encode(bytes).utf8.elementsEqual(utf8) ? bytes : nil
    }
}
