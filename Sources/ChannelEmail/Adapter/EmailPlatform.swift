package import ChannelKit
import Core

/// Mail over IMAP and SMTP.
package struct EmailPlatform: ChannelPlatform {
    package let channel = EmailSettings.channel
    package let title = "Email"

    package init() {}

    package var fields: [ChannelField] { EmailSettings.fields }

    /// Logs in to both servers, opens the mailbox, and looks whose word on senders the newest mail carries.
    package func identify(
        _ values: ChannelValues,
        _ tools: ChannelTools
    ) async throws(ChannelSetupError) -> ChannelIdentity {
        let settings = try EmailSettings(values)
        let tls = try Self.tls(settings)
        var faults: [MailFault] = []
        var seen: String?
        do {
            seen = try await Self.checkIMAP(settings, tls)
        } catch {
            faults.append(MailFault(settings.imap, error))
        }
        do {
            try await SMTPClient(
                server: settings.smtp,
                user: settings.user,
                password: settings.password,
                tls: tls
            ).check()
        } catch {
            faults.append(MailFault(settings.smtp, error))
        }
        if let error = Self.error(faults, settings) { throw error }
        guard settings.trust != nil else {
            let hint = seen.map { "the newest mail there has \"\($0)\"" } ?? "no mail there tells a name yet"
            throw EmailSettings.invalid(
                "authserv-id",
                "is missing: name the server whose Authentication-Results count (\(hint)), or write none to trust nobody"
            )
        }
        return ChannelIdentity(
            account: EmailSettings.escaped(settings.address.description),
            title: settings.address.description
        )
    }

    package func adapter(
        _ account: ChannelAccount,
        _ tools: ChannelTools
    ) throws(ChannelSetupError) -> any ChannelAdapter {
        try EmailAdapter(try EmailSettings(account.values), tools)
    }

    package func pairing(_ account: ChannelAccount, code: String) -> String? {
        "mailto:\(account.values["address"])?subject=\(code)"
    }

    /// What checks certificates; nil where both servers are on this machine and spoken to in the clear.
    static func tls(_ settings: EmailSettings) throws(ChannelSetupError) -> MailTLS? {
        guard settings.imap.security != .plain || settings.smtp.security != .plain else { return nil }
        do throws(MailError) {
            return try MailTLS(trusting: settings.certificates)
        } catch {
            throw EmailSettings.invalid("certificates", "cannot be used: \(error.message)")
        }
    }

    /// The server that wrote the topmost word on the sender of the newest mail; nil without one.
    private static func checkIMAP(_ settings: EmailSettings, _ tls: MailTLS?) async throws -> String? {
        try await MailLink.with(settings.imap, tls) { link in
            let client = IMAPClient(link)
            try await client.logIn(user: settings.user, password: settings.password)
            let mailbox = try await client.examine(settings.mailbox)
            var seen: String?
            let first = mailbox.next.map { $0 > 50 ? $0 - 50 : 1 } ?? 1
            if let uid = try await client.uids(from: first).last,
                let piece = try await client.piece(uid, from: 0, count: 64 << 10)
            {
                var parser = MailParser()
                for case .header(let header) in parser.feed(piece.bytes) + parser.finish() {
                    seen = header["authentication-results"].flatMap { AuthenticationResults($0)?.server }
                }
            }
            await client.logOut()
            return seen
        }
    }

    /// What is wrong with one of the two servers.
    private struct MailFault {
        let server: MailServer
        let isRefusal: Bool
        let words: String

        init(_ server: MailServer, _ error: any Error) {
            self.server = server
            switch error {
            case let error as MailError:
                isRefusal = error.code == .refused || error.code == .failed
                words = error.message
            case let error as SMTPFailure:
                isRefusal = true
                words = error.message
            default:
                isRefusal = false
                words = "\(error)"
            }
        }
    }

    private static func error(_ faults: [MailFault], _ settings: EmailSettings) -> ChannelSetupError? {
        guard let first = faults.first else { return nil }
        let words = faults.map { "\($0.server.kind.rawValue): \($0.words)" }.joined(separator: "; ")
        let other = first.server.kind == .imap ? "SMTP works" : "IMAP works"
        let hint =
            faults.contains { $0.isRefusal } ? "; many providers want an app password, and IMAP to be switched on" : ""
        return ChannelSetupError(
            faults.allSatisfy(\.isRefusal) ? .refused : .unreachable,
            words + (faults.count == 1 ? "; \(other)" : "") + hint
        )
    }
}
