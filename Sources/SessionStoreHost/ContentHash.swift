import COpenSSL
import Core
import SessionStore

/// What tells whether two events with one id say the same.
enum ContentHash {
    /// SHA-256 of the row's kind, of what was said and by whom, and of the files; the bytes of a file count by name, type
    /// and size.
    ///
    /// Always the same for a row that its source alone tells.
    static func of(_ row: NewInbound, json: String) throws -> [UInt8] {
        if row.isKnownBySource { return try sha256([]) }
        var text = "\(row.content.kind.rawValue)\n\(try said(row.content) ?? json)\n"
        for file in row.attachments {
            let size =
                switch file.source {
                case .bytes(let bytes): bytes.count
                case .file, .open: 0
                }
            text += try JSONText.encode([file.type, file.name, file.mediaType ?? "", String(size)]) + "\n"
        }
        return try sha256(Array(text.utf8))
    }

    /// A chat message without what platforms tell otherwise, or not at all, when they tell of it again: names and details.
    private static func said(_ content: InboundContent) throws -> String? {
        guard case .chat(let chat) = content else { return nil }
        let change = chat.change
        return try JSONText.encode([
            chat.text, chat.senderID?.description ?? "", change?.kind.rawValue ?? "", change?.platformMessageID ?? "",
        ])
    }

    private static func sha256(_ bytes: [UInt8]) throws -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var length: UInt32 = 0
        guard EVP_Digest(bytes, bytes.count, &digest, &length, EVP_sha256(), nil) == 1 else {
            throw StoreError(.invalid, "libcrypto refused to compute SHA-256")
        }
        return Array(digest.prefix(Int(length)))
    }
}
