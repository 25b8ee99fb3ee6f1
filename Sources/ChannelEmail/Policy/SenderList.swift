import Core

/// Who may write to an account, as the operator lists it: addresses, and whole domains as `*@example.org`.
struct SenderList: Sendable, Equatable {
    /// The most entries.
    private static let most = 500

    private let addresses: Set<MailAddress>
    private let domains: Set<String>

    /// Reads a list with commas; throws naming the entry that is neither an address nor a domain.
    init(_ text: String) throws(MailError) {
        let entries = text.split(separator: ",").map { String($0).trimmingWhiteSpace.lowercased() }
        guard !entries.isEmpty, entries.count <= Self.most else {
            throw MailError(.failed, "must name 1 to \(Self.most) addresses or domains")
        }
        var (addresses, domains): (Set<MailAddress>, Set<String>) = ([], [])
        for entry in entries {
            if entry.hasPrefix("*@"), MailAddress.isDomain(String(entry.dropFirst(2))) {
                domains.insert(String(entry.dropFirst(2)))
            } else if !entry.contains("*"), let address = MailAddress(entry) {
                addresses.insert(address)
            } else {
                throw MailError(.failed, "has \"\(entry.prefix(80))\": write ann@example.org or *@example.org")
            }
        }
        self.addresses = addresses
        self.domains = domains
    }

    /// True for an address that is listed itself, or whose domain is; a domain below a listed one is another.
    func contains(_ address: MailAddress) -> Bool {
        addresses.contains(address) || domains.contains(address.domain)
    }
}
