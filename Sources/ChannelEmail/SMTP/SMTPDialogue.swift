import ChannelNetwork
import Core

/// What to say to an SMTP server next (RFC 5321, submission of RFC 6409), by what it has answered: no I/O.
struct SMTPDialogue: Sendable {
    /// What to do.
    enum Action: Sendable, Equatable {
        case send(String)
        /// Go over to TLS, then say hello again: ``SMTPDialogue/hello``.
        case startTLS
        /// Send the mail and the line with a dot.
        case content
        /// The server has the mail, or, without one, has let us in.
        case done
    }

    /// How far it has come: what the answer is to.
    enum Stage: String, Sendable {
        case greeting, hello, startTLS = "STARTTLS", login, sender, recipient, data, content
    }

    /// Where a mail goes.
    struct Envelope: Sendable, Equatable {
        var sender: MailAddress
        var recipient: MailAddress
        /// In bytes, as it is sent.
        var size: Int

        var needsUTF8: Bool { !sender.isASCII || !recipient.isASCII }
    }

    /// What a server can do, by the keywords of its answer to EHLO.
    struct Extensions: Sendable, Equatable {
        var startsTLS = false
        var mechanisms: Set<String> = []
        /// The largest mail in bytes; nil when it does not say.
        var largest: Int?
        var takesUTF8 = false
        var declaresSize = false

        init() {}

        init(_ lines: [String]) {
            for line in lines.dropFirst() {
                let words = line.uppercased().split(whereSeparator: { $0 == " " || $0 == "=" }).map(String.init)
                switch words.first {
                case "STARTTLS": startsTLS = true
                case "AUTH": mechanisms.formUnion(words.dropFirst())
                case "SIZE":
                    declaresSize = true
                    // Zero means that there is no fixed bound (RFC 1870 §4).
                    largest = words.dropFirst().first.flatMap { Int($0) }.flatMap { $0 > 0 ? $0 : nil }
                case "SMTPUTF8": takesUTF8 = true
                default: break
                }
            }
        }
    }

    /// A client behind any router calls itself by the address that it has here.
    static let hello = "EHLO [127.0.0.1]"

    private let server: MailServer
    private let user: String
    private let password: String
    private let envelope: Envelope?
    private(set) var stage = Stage.greeting
    private(set) var extensions = Extensions()
    private var isSecret: Bool
    /// Answers that a login of several steps still wants.
    private var steps: [String] = []

    /// Without an envelope it ends once the login is done.
    init(_ server: MailServer, user: String, password: String, _ envelope: Envelope?) {
        self.server = server
        self.user = user
        self.password = password
        self.envelope = envelope
        isSecret = server.security != .starttls
    }

    /// Takes an answer and says what follows; throws when the dialogue ends here.
    mutating func next(_ reply: SMTPReply) throws(SMTPFailure) -> Action {
        switch stage {
        case .greeting:
            try expect(reply, 220)
            return go(.hello, Self.hello)
        case .hello:
            try expect(reply, 250)
            extensions = Extensions(reply.lines)
            return try afterHello()
        case .startTLS:
            try expect(reply, 220)
            isSecret = true
            stage = .hello
            return .startTLS
        case .login:
            if reply.code == 334, !steps.isEmpty { return .send(steps.removeFirst()) }
            try expect(reply, 235)
            return try afterLogin()
        case .sender:
            try expect(reply, 250)
            guard let envelope else { return .done }
            return go(.recipient, "RCPT TO:<\(envelope.recipient)>")
        case .recipient:
            if reply.code != 251 { try expect(reply, 250) }
            return go(.data, "DATA")
        case .data:
            try expect(reply, 354)
            stage = .content
            return .content
        case .content:
            try expect(reply, 250)
            return .done
        }
    }

    private func expect(_ reply: SMTPReply, _ code: Int) throws(SMTPFailure) {
        guard reply.code == code else { throw SMTPFailure(stage, reply, server) }
    }

    private mutating func go(_ next: Stage, _ line: String) -> Action {
        stage = next
        return .send(line)
    }

    private mutating func afterHello() throws(SMTPFailure) -> Action {
        guard isSecret else {
            guard extensions.startsTLS else {
                throw SMTPFailure(.startTLS, "the \(server.place) offers no STARTTLS: use host:465/tls", server)
            }
            return go(.startTLS, "STARTTLS")
        }
        if extensions.mechanisms.contains("PLAIN") {
            let secret = Base64.encode([0] + Array(user.utf8) + [0] + Array(password.utf8))
            return go(.login, "AUTH PLAIN \(secret)")
        }
        if extensions.mechanisms.contains("LOGIN") {
            steps = [Base64.encode(Array(user.utf8)), Base64.encode(Array(password.utf8))]
            return go(.login, "AUTH LOGIN")
        }
        throw SMTPFailure(
            .login,
            "the \(server.place) offers no login by PLAIN or LOGIN: is this the submission port?",
            server
        )
    }

    private mutating func afterLogin() throws(SMTPFailure) -> Action {
        guard let envelope else { return .done }
        if let largest = extensions.largest, envelope.size > largest {
            throw SMTPFailure(
                .sender,
                "the mail has \(envelope.size >> 10) KiB and the \(server.place) takes \(largest >> 10)",
                server
            )
        }
        guard !envelope.needsUTF8 || extensions.takesUTF8 else {
            throw SMTPFailure(.sender, "the \(server.place) takes no addresses beyond ASCII (SMTPUTF8)", server)
        }
        var line = "MAIL FROM:<\(envelope.sender)>"
        if extensions.declaresSize { line += " SIZE=\(envelope.size)" }
        if envelope.needsUTF8 { line += " SMTPUTF8" }
        return go(.sender, line)
    }
}

extension SMTPDialogue: CustomStringConvertible, CustomReflectable {
    /// Without the secrets.
    var description: String { "a dialogue with the \(server.place)" }

    var customMirror: Mirror { Mirror(self, children: []) }
}
