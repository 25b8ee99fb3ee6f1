/// Whom a chat is with: a person, or a mailing list.
///
/// The two are never one chat, also where the address is the same: any mail may name any address as its list.
struct MailPeer: Sendable, Hashable, CustomStringConvertible {
    /// No address has a colon.
    private static let listMark = "list:"

    let address: MailAddress
    let isList: Bool

    init(_ address: MailAddress, isList: Bool = false) {
        self.address = address
        self.isList = isList
    }

    /// Reads what ``description`` writes; nil for other text.
    init?(_ text: String) {
        let isList = text.hasPrefix(Self.listMark)
        guard let address = MailAddress(isList ? String(text.dropFirst(Self.listMark.count)) : text) else { return nil }
        self.init(address, isList: isList)
    }

    var description: String { isList ? "\(Self.listMark)\(address)" : "\(address)" }
}
