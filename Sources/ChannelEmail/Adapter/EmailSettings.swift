import ChannelKit
import Core

/// An account as it is set up, checked.
struct EmailSettings: Sendable {
    var address: MailAddress
    /// The name in `From`; nil for the agent's own.
    var name: String?
    var user: String
    var password: String
    var imap: MailServer
    var smtp: MailServer
    var mailbox: String
    /// Whose word on senders counts; nil when the operator has named none yet.
    var trust: SenderTrust?
    /// Whose mails are read at all; nil leaves it to the host's lists of people.
    var senders: SenderList?
    /// How often a server without IDLE is asked.
    var poll: Duration
    /// A PEM file with certificates to trust.
    var certificates: String?

    static let fields = [
        ChannelField("address", "the account's address, bot@example.org: people write to it"),
        ChannelField("password", "its password, or an app password where the provider has such", isSecret: true),
        ChannelField("imap", "the IMAP server: host (TLS at 993), host:port or host:143/starttls"),
        ChannelField("smtp", "the submission server: host (STARTTLS at 587), host:port or host:465/tls"),
        ChannelField("user", "the login name; empty when it is the address", standard: ""),
        ChannelField(
            "authserv-id",
            "who writes Authentication-Results in mails to this account, mx.example.org or *.example.org; none trusts nobody",
            standard: "",
            isAsked: true
        ),
        ChannelField(
            "senders",
            "who may write at all, ann@example.org or *@example.org with commas; empty: the host's people decide",
            standard: ""
        ),
        ChannelField("name", "the name in From; empty for the agent's", standard: ""),
        ChannelField("mailbox", "the mailbox that is read", standard: "INBOX"),
        ChannelField("poll", "seconds between looks where the server has no IDLE, 10 to 3600", standard: "60"),
        ChannelField("certificates", "a PEM file with certificates to trust beside the system's", standard: ""),
    ]

    /// Reads values; throws naming the field that is wrong.
    init(_ values: ChannelValues) throws(ChannelSetupError) {
        guard let address = MailAddress(values["address"]) else {
            throw Self.invalid("address", "must be an address such as bot@example.org")
        }
        self.address = address
        password = values["password"]
        guard !password.isEmpty, !password.utf8.contains(0) else { throw Self.invalid("password", "is empty") }
        user = values["user"].isEmpty ? address.description : values["user"]
        guard !user.utf8.contains(where: { $0 < 0x20 }) else {
            throw Self.invalid("user", "must not hold control characters")
        }
        imap = try Self.server("imap", values, .imap)
        smtp = try Self.server("smtp", values, .smtp)
        name = values["name"].isEmpty ? nil : values["name"].onOneLine
        mailbox = values["mailbox"].isEmpty ? "INBOX" : values["mailbox"]
        guard mailbox.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }), mailbox.utf8.count <= 200 else {
            throw Self.invalid("mailbox", "must be ASCII")
        }
        trust = try Self.trust(values["authserv-id"])
        senders = try Self.senders(values["senders"])
        guard senders == nil || trust?.servers.isEmpty != true else {
            throw Self.invalid("senders", "needs authserv-id: without it nobody's address is proved")
        }
        guard let seconds = Int(values["poll"].isEmpty ? "60" : values["poll"]), (10...3600).contains(seconds) else {
            throw Self.invalid("poll", "must be a number of seconds from 10 to 3600")
        }
        poll = .seconds(seconds)
        certificates = values["certificates"].isEmpty ? nil : values["certificates"]
    }

    private static func server(
        _ field: String,
        _ values: ChannelValues,
        _ kind: MailServer.Kind
    ) throws(ChannelSetupError) -> MailServer {
        do throws(MailError) {
            return try MailServer(values[field], kind)
        } catch {
            throw invalid(field, "cannot be used: \(error.message)")
        }
    }

    private static func trust(_ text: String) throws(ChannelSetupError) -> SenderTrust? {
        guard !text.isEmpty else { return nil }
        guard text.lowercased() != "none" else { return SenderTrust(servers: []) }
        let names = text.lowercased().split(separator: ",").map { String($0).trimmingWhiteSpace }
        for name in names {
            let bare = name.hasPrefix("*.") ? String(name.dropFirst(2)) : name
            guard MailAddress.isDomain(bare), !name.hasPrefix("*.") || bare.contains(".") else {
                throw invalid("authserv-id", "must be a name such as mx.example.org or *.example.org, or none")
            }
        }
        return SenderTrust(servers: names)
    }

    private static func senders(_ text: String) throws(ChannelSetupError) -> SenderList? {
        guard !text.isEmpty else { return nil }
        do throws(MailError) {
            return try SenderList(text)
        } catch {
            throw invalid("senders", error.message)
        }
    }

    static func invalid(_ field: String, _ what: String) -> ChannelSetupError {
        ChannelSetupError(.invalid, "\(field) \(what)")
    }

    // MARK: - Addresses of chats

    static let channel = "email"

    /// The chat with a correspondent or a list.
    func chat(_ peer: MailPeer, thread: String? = nil) -> ChatAddress {
        ChatAddress(
            channel: Self.channel,
            platformID: "\(Self.channel):\(Self.escaped(address.description)):\(Self.escaped(peer.description))",
            thread: thread
        )
    }

    /// The correspondent or the list of a chat of this account; nil for another chat.
    func peer(of chat: ChatAddress) -> MailPeer? {
        let prefix = "\(Self.channel):\(Self.escaped(address.description)):"
        guard chat.channel == Self.channel, chat.platformID.hasPrefix(prefix) else { return nil }
        let rest = String(chat.platformID.dropFirst(prefix.count))
        return MailPeer(rest.replacingExactly("%3A", with: ":").replacingExactly("%25", with: "%"))
    }

    /// A part of a platform id.
    static func escaped(_ text: String) -> String {
        text.replacingExactly("%", with: "%25").replacingExactly(":", with: "%3A")
    }
}

extension EmailSettings: CustomStringConvertible, CustomReflectable {
    /// Without the secrets.
    var description: String { "the account \(address)" }

    var customMirror: Mirror { Mirror(self, children: []) }
}
