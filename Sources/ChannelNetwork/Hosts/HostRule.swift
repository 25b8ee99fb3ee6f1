import Core

/// Where a URL that came from outside may lead (against server-side request forgery).
///
/// Hosts of the list are reached by https only, at port 443 unless another is named, and only at public addresses,
/// whatever their name resolves to. Origins are the operator's: they are reached as configured, in a private network too.
package struct HostRule: Sendable {
    private struct Host: Sendable {
        let name: String
        let isSuffix: Bool
        let port: Int

        func holds(_ host: String) -> Bool { isSuffix ? host.hasSuffix("." + name) : host == name }
    }

    private let hosts: [Host]
    private let origins: Set<String>

    /// Hosts as `cdn.example.com`, `cdn.example.com:8443`, or `*.example.com` for every name below it, and base URLs of
    /// the configuration.
    ///
    /// Throws `invalidURL` for what is neither.
    package init(hosts: [String], origins: [String] = []) throws(NetworkError) {
        var known: [Host] = []
        for text in hosts {
            let isSuffix = text.hasPrefix("*.")
            let name = isSuffix ? String(text.dropFirst(2)) : text
            let address = try WebAddress("https://\(name)")
            // A suffix of one label would be a whole top-level domain.
            guard address.target == "/", !isSuffix || address.host.contains(".") else {
                throw NetworkError(
                    .invalidURL,
                    "\"\(text.prefix(80))\" is no host: write cdn.example.com or *.example.com"
                )
            }
            known.append(Host(name: address.host, isSuffix: isSuffix, port: address.port))
        }
        self.hosts = known
        var own: Set<String> = []
        for text in origins { own.insert(Self.normal(try WebAddress(text, schemes: ["http", "https", "ws", "wss"]))) }
        self.origins = own
    }

    /// How a URL that the rule allows is reached.
    enum Reach: Sendable, Hashable {
        /// As configured.
        case trusted
        /// Only at an address that was checked to be public.
        case checked
    }

    /// Throws `refusedHost` for a URL that leads elsewhere.
    func reach(_ address: WebAddress) throws(NetworkError) -> Reach {
        if origins.contains(Self.normal(address)) { return .trusted }
        let matching = hosts.filter { $0.holds(address.host) }
        guard !matching.isEmpty else {
            throw NetworkError(.refusedHost, "\(address.host) is not among the hosts this channel may fetch from")
        }
        guard address.isSecure else {
            throw NetworkError(.refusedHost, "\(address.host) may be reached by https only, not \(address.scheme)")
        }
        guard matching.contains(where: { $0.port == address.port }) else {
            throw NetworkError(.refusedHost, "\(address.host) may not be reached at port \(address.port)")
        }
        return .checked
    }

    /// The host's addresses when all of them are public; one that is not spoils them all.
    static func checkedAddresses(
        of host: String,
        _ resolver: any HostResolver,
        _ permits: @Sendable (IPAddress) -> Bool
    ) async throws -> [IPAddress] {
        let found = if let address = IPAddress(host) { [address] } else { try await resolver.addresses(of: host) }
        guard !found.isEmpty else { throw NetworkError(.cannotConnect, "The name \(host) has no address") }
        guard let special = found.first(where: { !permits($0) }) else { return found }
        throw NetworkError(.refusedHost, "\(host) leads to \(special), which is no public address")
    }

    private static func normal(_ address: WebAddress) -> String {
        "\(address.isSecure ? "s" : "p") \(address.host) \(address.port)"
    }
}
