import ChannelNetwork
import Core

/// A mail server as the operator writes it: `imap.example.org`, `mail.example.org:143/starttls`.
struct MailServer: Sendable, Hashable {
    /// How the connection is made secret.
    enum Security: String, Sendable, Hashable, CaseIterable {
        /// TLS from the first byte (RFC 8314).
        case tls
        /// TLS after a word in the clear, without which nothing goes on.
        case starttls
        /// None: to this machine only.
        case plain
    }

    /// What the server speaks.
    enum Kind: String, Sendable, Hashable {
        case imap = "IMAP"
        case smtp = "SMTP"
    }

    let kind: Kind
    /// In lower case; an address without brackets.
    let host: String
    let port: Int
    let security: Security

    /// Reads `host`, `host:port`, `host/security` or `host:port/security`; throws in words what is wrong with it.
    init(_ text: String, _ kind: Kind) throws(MailError) {
        func wrong(_ reason: String) -> MailError {
            MailError(.failed, "\"\(text.prefix(80))\" is no \(kind.rawValue) server: \(reason)")
        }
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        let address: WebAddress
        do {
            address = try WebAddress("http://\(parts.first ?? "")")
        } catch {
            throw wrong("write host, host:port or host:port/starttls")
        }
        guard address.target == "/" else { throw wrong("write host, host:port or host:port/starttls") }
        let hasPort = (parts.first ?? "").contains(":") && !(parts.first ?? "").hasSuffix("]")
        host = address.host
        self.kind = kind
        if parts.count == 2 {
            guard let named = Security(rawValue: parts[1].lowercased()) else {
                throw wrong("behind the slash write tls, starttls or plain")
            }
            security = named
        } else {
            security = hasPort ? Self.usualSecurity(kind, address.port) : kind == .imap ? .tls : .starttls
        }
        port = hasPort ? address.port : Self.usualPort(kind, security)
        guard security != .plain || Self.isHere(host) else {
            throw wrong("plain is for a server on this machine only, use tls or starttls")
        }
    }

    private static func usualSecurity(_ kind: Kind, _ port: Int) -> Security {
        switch (kind, port) {
        case (.imap, 143), (.smtp, 587), (.smtp, 25): .starttls
        default: .tls
        }
    }

    private static func usualPort(_ kind: Kind, _ security: Security) -> Int {
        switch (kind, security) {
        case (.imap, .tls): 993
        case (.imap, _): 143
        case (.smtp, .tls): 465
        case (.smtp, _): 587
        }
    }

    private static func isHere(_ host: String) -> Bool {
        guard let address = IPAddress(host) else { return host == "localhost" }
        return address.bytes.count == 4 ? address.bytes[0] == 127 : address == IPAddress("::1")
    }

    /// How it is called in errors.
    var place: String { "\(kind.rawValue) server \(host.contains(":") ? "[\(host)]" : host):\(port)" }
}
