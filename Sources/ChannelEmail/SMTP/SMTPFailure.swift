import ChannelKit

/// Where a dialogue with an SMTP server ended, and what that means.
struct SMTPFailure: Error, Sendable, Equatable {
    let stage: SMTPDialogue.Stage
    /// What the server answered; nil when the dialogue ended for a reason of ours.
    let reply: SMTPReply?
    /// In words, for the operator or the agent.
    let message: String

    init(_ stage: SMTPDialogue.Stage, _ reply: SMTPReply, _ server: MailServer) {
        self.stage = stage
        self.reply = reply
        let what =
            switch stage {
            case .greeting, .hello: "does not let us in"
            case .startTLS: "refuses STARTTLS"
            case .login: "refuses the login"
            case .sender: "refuses the sender"
            case .recipient: "refuses the recipient"
            case .data, .content: "refuses the mail"
            }
        message = "the \(server.place) \(what): \(reply.words)"
    }

    init(_ stage: SMTPDialogue.Stage, _ message: String, _ server: MailServer) {
        self.stage = stage
        reply = nil
        self.message = message
    }

    /// What the failure means for the message (RFC 5321 §4.2.1, RFC 3463).
    var code: ChannelError.Code {
        guard let reply else { return stage == .sender ? .rejected : .notConnected }
        // Before the login nothing was said of the message.
        switch stage {
        case .greeting, .hello, .startTLS:
            return reply.code == 421 || reply.code / 100 == 4 ? .transient : .notConnected
        case .login: return reply.code / 100 == 4 ? .transient : .notConnected
        case .sender, .recipient, .data, .content: break
        }
        if reply.code == 530 || reply.code == 535 { return .notConnected }
        if isTooMany { return .rateLimited(retryAfter: .seconds(300)) }
        return reply.code / 100 == 4 ? .transient : .rejected
    }

    /// Servers tell in 4.7.x, or in words, that they want less; none of them says for how long.
    private var isTooMany: Bool {
        guard let reply, reply.code / 100 == 4 else { return false }
        if let status = reply.enhanced, status.subject == 7, [28, 29, 31].contains(status.detail) { return true }
        let words = reply.words.lowercased()
        return ["rate limit", "too many messages", "too many mails", "quota exceeded, try"].contains {
            words.contains($0)
        }
    }

    /// The same for whoever waits for the message to be sent.
    var error: ChannelError { ChannelError(code, message) }
}
