import ChannelNetwork
import Core

/// Speaks IMAP4rev1 (RFC 3501) over one connection, one command at a time.
///
/// It belongs to one task. It asks for mails without marking them as read, and changes nothing in the mailbox.
final class IMAPClient {
    /// The longest that a server may be silent while a command runs.
    private static let patience: Duration = .seconds(60)

    private let link: MailLink
    private var reader = IMAPLineReader()
    private var nextTag = 0
    private(set) var capabilities: Set<String> = []
    /// Mails in the selected mailbox, as far as the server has told.
    private(set) var exists = 0
    /// The server has told of mails since this was last set to false.
    var hasNews = false
    /// Called with everything that comes.
    private let heard: () -> Void

    init(_ link: MailLink, heard: @escaping () -> Void = {}) {
        self.link = link
        self.heard = heard
    }

    // MARK: - Getting in

    /// Takes the greeting, sets TLS up where it is to follow, and logs in.
    func logIn(user: String, password: String) async throws(MailError) {
        guard case .status(nil, let greeting) = try await next(within: Self.patience), greeting.kind != .bye else {
            throw MailError(.unreachable, "the \(link.server.place) does not greet: is IMAP spoken at this port?")
        }
        if link.server.security == .starttls {
            let status = try await command("STARTTLS")
            guard status.kind == .ok, reader.isEmpty else {
                throw MailError(.tls, "the \(link.server.place) offers no STARTTLS: use host:993/tls (\(status.text))")
            }
            try await link.startTLS()
        }
        _ = try await command("CAPABILITY")
        let status: IMAPStatus
        if capabilities.contains("AUTH=PLAIN") {
            let secret = Base64.encode([0] + Array(user.utf8) + [0] + Array(password.utf8))
            status = try await command("AUTHENTICATE PLAIN", answering: secret)
        } else if capabilities.contains("LOGINDISABLED") {
            throw MailError(
                .refused,
                "the \(link.server.place) takes no password on this connection: use tls or starttls"
            )
        } else {
            guard let user = Self.quoted(user), let password = Self.quoted(password) else {
                throw MailError(.refused, "the \(link.server.place) takes user and password in ASCII only")
            }
            status = try await command("LOGIN \(user) \(password)")
        }
        guard status.kind == .ok else {
            throw MailError(.refused, "the \(link.server.place) refuses the login of \(user): \(status.text)")
        }
        // What a server can do may differ once it knows who asks.
        _ = try await command("CAPABILITY")
    }

    func logOut() async { _ = try? await command("LOGOUT", patience: .seconds(5)) }

    /// A quoted string (RFC 3501 `quoted`); nil for text that cannot be one.
    static func quoted(_ text: String) -> String? {
        guard text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) else { return nil }
        return "\"" + text.map { $0 == "\"" || $0 == "\\" ? "\\\($0)" : String($0) }.joined() + "\""
    }

    // MARK: - Mails

    /// The state of a mailbox.
    struct Mailbox: Sendable, Equatable {
        var validity: UInt32
        /// The number that the next mail will have at least; nil where the server does not say.
        var next: UInt32?
    }

    /// Opens a mailbox for reading.
    func examine(_ name: String) async throws(MailError) -> Mailbox {
        guard let quoted = Self.quoted(name) else {
            throw MailError(.failed, "the mailbox \(name.prefix(80)) cannot be named: use ASCII")
        }
        var validity: UInt32?
        var next: UInt32?
        exists = 0
        let status = try await command("EXAMINE \(quoted)") { response in
            guard case .status(nil, let status) = response else { return }
            if status.code == "UIDVALIDITY" { validity = UInt32(status.argument) }
            if status.code == "UIDNEXT" { next = UInt32(status.argument) }
        }
        guard status.kind == .ok else {
            throw MailError(.failed, "the mailbox \(name) cannot be opened: \(status.text)")
        }
        guard let validity else {
            throw MailError(.malformed, "the \(link.server.place) gives its mailbox no UIDVALIDITY")
        }
        return Mailbox(validity: validity, next: next)
    }

    /// Numbers of the mails from this one on, in order.
    func uids(from first: UInt32) async throws(MailError) -> [UInt32] {
        // The end `*` is the newest mail, also when its number is below the first (RFC 3501 §6.4.8).
        try await search("UID \(first):*").filter { $0 >= first }
    }

    /// Numbers of the mails that came on this day or later.
    func uids(since day: String) async throws(MailError) -> [UInt32] { try await search("SINCE \(day)") }

    private func search(_ what: String) async throws(MailError) -> [UInt32] {
        var found: [UInt32] = []
        let status = try await command("UID SEARCH \(what)") { response in
            if case .search(let numbers) = response { found += numbers }
        }
        try check(status, "search")
        return found.sorted()
    }

    /// A piece of a mail.
    struct Piece: Sendable, Equatable {
        /// When the server took the mail in.
        var arrivedAt: Timestamp?
        /// The whole mail's size in bytes.
        var size: Int
        var flags: Set<String>
        var bytes: [UInt8]
    }

    /// Bytes of a mail from `offset` on; nil when there is no such mail any more.
    func piece(_ uid: UInt32, from offset: Int, count: Int) async throws(MailError) -> Piece? {
        var found: Piece?
        let items = "(UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[]<\(offset).\(count)>)"
        let status = try await command("UID FETCH \(uid) \(items)") { response in
            guard case .fetch(let values) = response, values["UID"]?.number == Int(uid),
                let body = values.first(where: { $0.key.hasPrefix("BODY[]") })?.value
            else { return }
            var flags: Set<String> = []
            if case .list(let list)? = values["FLAGS"] { flags = Set(list.compactMap { $0.text?.lowercased() }) }
            found = Piece(
                arrivedAt: values["INTERNALDATE"]?.text.flatMap { MailDate.internalDate($0.trimmingWhiteSpace) },
                size: values["RFC822.SIZE"]?.number ?? 0,
                flags: flags,
                bytes: body.bytes ?? []
            )
        }
        try check(status, "fetch")
        guard (found?.bytes.count ?? 0) <= count else {
            throw MailError(.malformed, "the \(link.server.place) sends more of a mail than was asked for")
        }
        return found
    }

    /// Asks whether there is anything new.
    func poll() async throws(MailError) { try check(try await command("NOOP"), "NOOP") }

    /// Waits until the server tells of mails, or for the time given (RFC 2177).
    ///
    /// Servers end what is idle for 30 minutes, and a connection that is dead shows only when something is said.
    func idle(for limit: Duration, _ time: any TimeSource) async throws {
        let tag = makeTag()
        try await link.write(Array("\(tag) IDLE\r\n".utf8))
        guard case .continuation = try await nextBefore(tag) else {
            // It says that it can and does not: it is asked again and again instead.
            capabilities.remove("IDLE")
            return
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { [link] in
                try await time.sleep(for: limit)
                try await link.write(Array("DONE\r\n".utf8))
            }
            defer { group.cancelAll() }
            var isDone = false
            while true {
                // Before the wait: what came while IDLE was taken is news already.
                if hasNews, !isDone {
                    isDone = true
                    group.cancelAll()
                    // The timer may have said it already: a second DONE would be a command that is none.
                    if await Self.wasCancelled(&group) { try await link.write(Array("DONE\r\n".utf8)) }
                }
                // A server that says nothing until the end is to answer DONE at once.
                let response = try await next(within: isDone ? Self.patience : limit + Self.patience)
                if case .status(let told?, let status) = response, told == tag {
                    return try check(status, "IDLE")
                }
            }
        }
    }

    /// True when the timer of an idle connection was stopped before it said anything.
    private static func wasCancelled(_ group: inout ThrowingTaskGroup<Void, any Error>) async -> Bool {
        do {
            try await group.next()
            return false
        } catch {
            return error is CancellationError
        }
    }

    // MARK: - The wire

    private func check(_ status: IMAPStatus, _ what: String) throws(MailError) {
        guard status.kind != .ok else { return }
        throw MailError(.failed, "the \(link.server.place) refuses a command (\(what)): \(status.text)")
    }

    private func makeTag() -> String {
        nextTag += 1
        return "n\(nextTag)"
    }

    /// Sends a command and takes what comes up to its end; `answer` follows when the server asks for more.
    private func command(
        _ text: String,
        answering answer: String? = nil,
        patience: Duration = IMAPClient.patience,
        _ take: (IMAPResponse) -> Void = { _ in }
    ) async throws(MailError) -> IMAPStatus {
        let tag = makeTag()
        try await link.write(Array("\(tag) \(text)\r\n".utf8))
        var answer = answer
        while true {
            let response = try await next(within: patience)
            take(response)
            switch response {
            case .status(let told?, let status) where told == tag: return status
            case .continuation:
                guard let text = answer else {
                    throw MailError(.malformed, "the \(link.server.place) asks for more where nothing is missing")
                }
                answer = nil
                try await link.write(Array("\(text)\r\n".utf8))
            default: break
            }
        }
    }

    /// The next response that is a continuation or the end of this command.
    private func nextBefore(_ tag: String) async throws(MailError) -> IMAPResponse {
        while true {
            let response = try await next(within: Self.patience)
            switch response {
            case .continuation: return response
            case .status(let told?, _) where told == tag: return response
            default: break
            }
        }
    }

    private func next(within limit: Duration) async throws(MailError) -> IMAPResponse {
        while true {
            if let pieces = try reader.next() {
                let response = IMAPResponse(pieces)
                try note(response)
                return response
            }
            guard let bytes = try await link.read(within: limit) else {
                throw MailError(.closed, "the \(link.server.place) closed the connection")
            }
            heard()
            reader.feed(bytes)
        }
    }

    private func note(_ response: IMAPResponse) throws(MailError) {
        switch response {
        case .exists(let count):
            if count > exists { hasNews = true }
            exists = count
        case .expunge: exists = max(0, exists - 1)
        case .capability(let names): capabilities = names
        case .status(_, let status):
            if status.code == "CAPABILITY" {
                capabilities = Set(status.argument.split(separator: " ").map { $0.uppercased() })
            }
            // The answer to LOGOUT comes behind it; nothing else is worth waiting for.
            if status.kind == .bye {
                throw MailError(.closed, "the \(link.server.place) ends the connection: \(status.text)")
            }
        default: break
        }
    }
}
