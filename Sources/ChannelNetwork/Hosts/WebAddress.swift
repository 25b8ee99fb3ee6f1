import Core

/// An absolute URL that was read strictly: scheme, host, port and target, without user, fragment or odd spellings.
///
/// It is written anew from its parts, so that nobody after this check can read it differently.
package struct WebAddress: Sendable, Hashable, CustomStringConvertible {
    /// `http`, `https`, `ws` or `wss`.
    package let scheme: String
    /// In lower case; an IPv6 address without its brackets.
    package let host: String
    package let port: Int
    /// Path and query, beginning with a slash.
    package let target: String

    private static let ports = ["http": 80, "https": 443, "ws": 80, "wss": 443]

    /// Reads a URL; throws `invalidURL` without repeating it, since it may hold a secret.
    package init(_ text: String, schemes: Set<String> = ["http", "https"]) throws(NetworkError) {
        func refused(_ reason: String) -> NetworkError {
            NetworkError(.invalidURL, "The URL cannot be used: \(reason)")
        }
        guard text.utf8.count <= 8192, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != 0x5C }) else {
            throw refused("write at most 8192 characters of visible ASCII without backslash, others as %XX")
        }
        guard let mark = text.firstRange(of: "://") else { throw refused("begin it with https://") }
        let scheme = text[..<mark.lowerBound].lowercased()
        guard let defaultPort = Self.ports[scheme], schemes.contains(scheme) else {
            throw refused("its scheme must be \(schemes.sorted().joined(separator: " or "))")
        }
        let rest = text[mark.upperBound...]
        let end = rest.firstIndex { "/?#".contains($0) } ?? rest.endIndex
        let authority = rest[..<end]
        guard !authority.contains("@") else { throw refused("a user or password does not belong into it") }
        let (host, port) = try Self.split(authority, refused)
        self.scheme = scheme
        self.host = host
        self.port = port ?? defaultPort
        let target = rest[end...].prefix { $0 != "#" }
        self.target = target.hasPrefix("/") ? String(target) : "/" + target
    }

    private static func split(
        _ authority: Substring,
        _ refused: (String) -> NetworkError
    ) throws(NetworkError) -> (String, Int?) {
        var host = authority
        var port: Substring?
        if authority.hasPrefix("[") {
            guard let close = authority.firstIndex(of: "]") else { throw refused("a bracket is not closed") }
            host = authority[authority.index(after: authority.startIndex)..<close]
            let after = authority[authority.index(after: close)...]
            guard after.isEmpty || after.hasPrefix(":") else { throw refused("only a port may follow the bracket") }
            port = after.isEmpty ? nil : after.dropFirst()
            guard let address = IPAddress(String(host)), address.bytes.count == 16 else {
                throw refused("what stands in brackets is no IPv6 address")
            }
            host = Substring(address.description)
        } else {
            if let colon = authority.firstIndex(of: ":") {
                host = authority[..<colon]
                port = authority[authority.index(after: colon)...]
            }
            let labels = host.split(separator: ".", omittingEmptySubsequences: false)
            let isPlain = host.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F: true
                default: false
                }
            }
            guard isPlain, host.utf8.count <= 253, labels.allSatisfy({ (1...63).contains($0.utf8.count) }) else {
                throw refused("its host is no name of letters, digits, - and ., nor an address")
            }
        }
        guard let port, !port.isEmpty else { return (host.lowercased(), nil) }
        guard port.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(port), (1...65535).contains(number)
        else { throw refused("its port is not between 1 and 65535") }
        return (host.lowercased(), number)
    }

    /// Whether the connection is to be encrypted.
    package var isSecure: Bool { scheme == "https" || scheme == "wss" }

    /// Scheme, host and port; the port only where it is not the scheme's own.
    package var origin: String {
        "\(scheme)://\(authority)"
    }

    /// Host and port as the field `Host` has them.
    package var authority: String {
        let shown = host.contains(":") ? "[\(host)]" : host
        return Self.ports[scheme] == port ? shown : "\(shown):\(port)"
    }

    package var description: String { origin + target }

    /// Where the field `Location` of an answer leads.
    package func following(_ location: String) throws(NetworkError) -> WebAddress {
        if location.firstRange(of: "://").map({ !location[..<$0.lowerBound].contains { "/?#".contains($0) } }) == true {
            return try WebAddress(location, schemes: [scheme, "https"])
        }
        if location.hasPrefix("//") { return try WebAddress("\(scheme):\(location)", schemes: [scheme]) }
        if location.hasPrefix("/") { return try WebAddress(origin + location, schemes: [scheme]) }
        let path = target.prefix { $0 != "?" }
        let folder = path.lastIndex(of: "/").map { path[...$0] } ?? "/"
        return try WebAddress(
            location.hasPrefix("?") ? origin + path + location : origin + folder + location,
            schemes: [scheme]
        )
    }
}
