package import Core
import FoundationEssentials

/// Where the requests of one profile go.
package struct ModelUpstream: Sendable {
    package var kind: ProviderKind
    package var baseURL: BaseURL
    /// The secret; added to requests here in the host and told to nobody.
    ///
    /// Nil for servers that want none.
    package var key: String?

    package init(kind: ProviderKind, baseURL: BaseURL, key: String?) {
        self.kind = kind
        self.baseURL = baseURL
        self.key = key
    }
}

/// A model server's address as the official SDK of its kind takes it: `http://127.0.0.1:11434/v1` for `openai`,
/// `https://api.anthropic.com` for `anthropic`.
///
/// The wire's own path is put behind it.
package struct BaseURL: Sendable, Hashable, CustomStringConvertible {
    /// Without a slash at its end.
    private let text: String

    /// Checks the address: http or https, a host, no user, query or fragment, and for `anthropic` no `/v1`, which that
    /// kind adds itself.
    ///
    /// Throws ``EgressError`` that says how to write it right.
    package init(_ text: String, kind: ProviderKind) throws {
        func refused(_ reason: String) -> EgressError {
            EgressError(.invalid, "\"\(text.prefix(200))\" is no base URL: \(reason)")
        }
        guard kind != .offline else { throw refused("a provider of kind offline has none.") }
        guard text.utf8.count <= 2000, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw refused("write it without spaces, in ASCII.")
        }
        guard let parts = URLComponents(string: text), let scheme = parts.scheme?.lowercased(),
            ["http", "https"].contains(scheme), let host = parts.host, !host.isEmpty
        else { throw refused("write it like \(Self.example(kind)).") }
        guard parts.user == nil, parts.password == nil else {
            throw refused("a user or password does not belong into it; give the key with --key-file.")
        }
        guard parts.query == nil, parts.fragment == nil else { throw refused("leave off what begins with ? or #.") }
        if let port = parts.port, !(1...65535).contains(port) { throw refused("the port is not between 1 and 65535.") }
        var path = parts.percentEncodedPath
        while path.hasSuffix("/") { path.removeLast() }
        if kind == .anthropic, path.hasSuffix("/v1") {
            throw refused("leave off /v1: the kind anthropic adds it, as its SDK does.")
        }
        let shown = host.contains(":") && !host.hasPrefix("[") ? "[\(host)]" : host
        self.text = "\(scheme)://\(shown)\(parts.port.map { ":\($0)" } ?? "")\(path)"
    }

    private static func example(_ kind: ProviderKind) -> String {
        kind == .anthropic ? "https://api.anthropic.com" : "http://127.0.0.1:11434/v1"
    }

    package var description: String { text }

    /// The address of a path below the base; `path` begins with a slash.
    func url(_ path: String) -> String { text + path }
}
