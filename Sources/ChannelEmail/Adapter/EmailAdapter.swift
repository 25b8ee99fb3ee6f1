import ChannelKit
import ChannelNetwork
import ChatMarkdown
import Core
import Logging

/// One account: reads its mailbox over IMAP and answers over SMTP.
final class EmailAdapter: ChannelAdapter {
    static let abilities = ChannelCapabilities(
        threads: true,
        // A repeat has the same message id, and servers deliver it all the same.
        idempotencyKeys: false,
        files: true,
        typing: false,
        codedCards: true,
        text: TextRules(limit: 512 << 10, unit: .bytes, dialect: .emailHTML),
        largestFile: EmailSender.largestFiles
    )

    /// The shortest pause after a login that was refused: providers lock out who tries more than some times in ten minutes.
    private static let pauseOfRefused: Duration = .seconds(300)

    let channel = EmailSettings.channel
    let account: String?
    let capabilities = EmailAdapter.abilities

    private let settings: EmailSettings
    private let tools: ChannelTools
    private let tls: MailTLS?
    private let threads: MailThreads
    private let sender: EmailSender
    private let keeper: HealthKeeper
    private let logger: Logger

    init(_ settings: EmailSettings, _ tools: ChannelTools) throws(ChannelSetupError) {
        self.settings = settings
        self.tools = tools
        account = EmailSettings.escaped(settings.address.description)
        tls = try EmailPlatform.tls(settings)
        threads = MailThreads(tools.state)
        var logger = tools.logger
        logger[metadataKey: "account"] = "\(settings.address)"
        self.logger = logger
        sender = EmailSender(
            settings,
            Self.abilities,
            SMTPClient(server: settings.smtp, user: settings.user, password: settings.password, tls: tls),
            threads: threads,
            limit: CorrespondentLimit(Rate(40, per: .seconds(3600), burst: 20)),
            time: tools.time,
            logger: logger
        )
        keeper = HealthKeeper(transport: "IMAP", time: tools.time)
    }

    var health: ChannelHealth { keeper.health }

    func run(_ inbox: any ChannelInbox) async throws {
        let receiver = MailReceiver(
            settings,
            tools,
            threads: threads,
            health: keeper,
            tls: tls,
            logger: logger
        )
        var backoff = Backoff()
        while !Task.isCancelled {
            backoff.succeeded(at: tools.time.monotonic)
            var shortest: Duration = .zero
            do {
                try await receiver.session(inbox)
            } catch {
                if Task.isCancelled { return }
                if (error as? MailError)?.code == .refused { shortest = Self.pauseOfRefused }
                keeper.lost((error as? MailError)?.description ?? "\(error)")
                logger.warning("The mailbox cannot be read and is tried again", metadata: ["error": "\(error)"])
            }
            // Cut short only by the end of the task, at which the loop looks.
            try? await tools.time.sleep(for: max(shortest, backoff.failed(at: tools.time.monotonic)))
        }
    }

    func deliver(_ message: OutboundMessage) async throws(ChannelError) -> SentMessage {
        do throws(ChannelError) {
            return try await sender.deliver(message)
        } catch {
            if case .rateLimited(let pause) = error.code { keeper.limited(for: pause) }
            throw error
        }
    }

    func setTyping(_ address: ChatAddress) async {}

    /// Mail needs no opening: anybody with an address can be written to.
    func openDM(_ user: UserID) async throws -> ChatAddress? {
        guard user.channel == channel else { return nil }
        return MailAddress(user.native).map { settings.chat(MailPeer($0)) }
    }

    func isNativeID(_ text: String) -> Bool { MailAddress(text)?.description == text }

    func nativeID(of handle: String) async throws -> String? { MailAddress(handle)?.description }
}
