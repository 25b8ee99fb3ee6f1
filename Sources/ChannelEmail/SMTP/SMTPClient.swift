import ChannelKit
import ChannelNetwork
import Core

/// Hands mails to a submission server, each over a connection of its own.
struct SMTPClient: Sendable {
    /// The longest that the server may take for an answer; RFC 5321 §4.5.3.2 allows minutes, the host allows one in all.
    private static let patience: Duration = .seconds(25)

    let server: MailServer
    let user: String
    let password: String
    let tls: MailTLS?

    /// Logs in and leaves again.
    func check() async throws {
        try await MailLink.with(server, tls) { link in
            _ = try await talk(link, nil) { _ in }
        }
    }

    /// Hands one mail over; `write` is given what sends its bytes.
    ///
    /// Throws ``ChannelKit/ChannelError``: when the connection ends after the mail's last byte, whether the server has it
    /// is not known, and the error is `noAnswer`.
    func send(
        _ envelope: SMTPDialogue.Envelope,
        _ write: @escaping @Sendable (MailLink) async throws -> Void
    ) async throws(ChannelError) {
        do {
            try await MailLink.with(server, tls) { link in
                try await talk(link, envelope, write)
            }
        } catch let error as SMTPFailure {
            throw error.error
        } catch let error as MailError {
            throw ChannelError(Self.code(error), error.message)
        } catch let error as ChannelError {
            throw error
        } catch {
            throw ChannelError(.transient, "the mail could not be sent", cause: error)
        }
    }

    private static func code(_ error: MailError) -> ChannelError.Code {
        switch error.code {
        case .unreachable, .tls, .refused: .notConnected
        case .closed, .failed, .malformed, .notStored, .cancelled: .transient
        }
    }

    private func talk(
        _ link: MailLink,
        _ envelope: SMTPDialogue.Envelope?,
        _ write: (MailLink) async throws -> Void
    ) async throws {
        var reader = SMTPReplyReader()
        var dialogue = SMTPDialogue(server, user: user, password: password, envelope)
        while true {
            let reply: SMTPReply
            do throws(MailError) {
                reply = try await Self.next(link, &reader)
            } catch {
                // The mail is out: servers deliver a repeat as well.
                if dialogue.stage == .content { throw ChannelError(.noAnswer, error.message) }
                throw error
            }
            switch try dialogue.next(reply) {
            case .send(let line): try await link.write(Array("\(line)\r\n".utf8))
            case .startTLS:
                guard reader.isEmpty else {
                    throw MailError(.malformed, "the \(server.place) says more before TLS than it may")
                }
                try await link.startTLS()
                try await link.write(Array("\(SMTPDialogue.hello)\r\n".utf8))
            case .content:
                try await write(link)
                try await link.write(Array(".\r\n".utf8))
            case .done:
                try? await link.write(Array("QUIT\r\n".utf8), within: .seconds(2))
                return
            }
        }
    }

    private static func next(_ link: MailLink, _ reader: inout SMTPReplyReader) async throws(MailError) -> SMTPReply {
        while true {
            if let reply = try reader.next() { return reply }
            guard let bytes = try await link.read(within: patience) else {
                throw MailError(.closed, "the \(link.server.place) closed the connection")
            }
            reader.feed(bytes)
        }
    }
}

extension SMTPClient: CustomStringConvertible, CustomReflectable {
    /// Without the secrets.
    var description: String { "a client of the \(server.place)" }

    var customMirror: Mirror { Mirror(self, children: []) }
}
