import ChannelNetwork

/// Message ids in fields (RFC 5322 §3.6.4), without their angle brackets.
enum MessageIDs {
    /// The longest id in bytes that is taken as it is.
    static let longest = 250
    /// The most ids of one field that are read, and written.
    static let most = 20

    /// All ids of a field in order; of a long list the first and the newest.
    static func all(in field: String?) -> [String] {
        var ids: [String] = []
        var rest = (field ?? "")[...]
        while let open = rest.firstIndex(of: "<"), let close = rest[open...].firstIndex(of: ">") {
            let id = String(rest[rest.index(after: open)..<close].filter { !$0.isWhitespace })
            if isPlain(id) { ids.append(id) }
            rest = rest[rest.index(after: close)...]
        }
        return shortened(ids)
    }

    /// The first id of a field.
    static func first(in field: String?) -> String? { all(in: field).first }

    /// The first and the newest of a list that is too long (RFC 5322 §3.6.4 lets the middle be left out).
    static func shortened(_ ids: [String]) -> [String] {
        ids.count <= most ? ids : Array(ids.prefix(1)) + ids.suffix(most - 1)
    }

    /// True for what can stand in a field as it is: no white space, brackets or control characters.
    static func isPlain(_ id: String) -> Bool {
        (1...longest).contains(id.utf8.count)
            && id.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F && $0 != 0x3C && $0 != 0x3E }
    }
}

/// The message ids that an account gives its mails, made of the parts' keys and known again.
///
/// The same on every attempt: servers do not look at them, but many mail programs show a repeat once.
struct OwnMessageIDs: Sendable, Equatable {
    private let ending: String

    init(_ account: MailAddress) {
        let tag = HMACSignature.code(.sha256, key: Array("nanoclaw email".utf8), Array(account.description.utf8))
        // The domain of an address may be beyond ASCII, a message id here never is.
        let domain = account.domain.utf8.allSatisfy { $0 < 0x80 } ? account.domain : "nanoclaw.invalid"
        ending = ".\(Hex.encode(tag.prefix(5))).nanoclaw@\(domain)"
    }

    func id(forPart key: String) -> String {
        String(
            key.unicodeScalars.filter {
                $0.isASCII && ($0.properties.isAlphabetic || ("0"..."9").contains($0) || $0 == "-" || $0 == "_")
            }
        )
            + ending
    }

    func isOurs(_ id: String) -> Bool { id.hasSuffix(ending) }
}
