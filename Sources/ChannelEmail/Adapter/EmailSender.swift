import ChannelKit
import ChannelNetwork
import ChatMarkdown
import Core
import Dispatch
import LinuxIO
import Logging

/// Sends what agents say as mails.
struct EmailSender: Sendable {
    /// The largest mail's files together, in bytes: with base64 around them they fit what most servers take, 25 MB.
    static let largestFiles = 17 << 20
    /// After this the mails that are left go with the next attempt: the host waits a minute for all.
    private static let patience: Duration = .seconds(20)
    /// Bytes of a file that are read at once: whole lines of base64.
    private static let stretch = Base64Lines.lineBytes * 2048

    let settings: EmailSettings
    let capabilities: ChannelCapabilities
    let client: SMTPClient
    let threads: MailThreads
    let limit: CorrespondentLimit
    let time: any TimeSource
    let logger: Logger
    private let ids: OwnMessageIDs
    private let files = DispatchQueue(label: "nanoclaw.email.sending")

    init(
        _ settings: EmailSettings,
        _ capabilities: ChannelCapabilities,
        _ client: SMTPClient,
        threads: MailThreads,
        limit: CorrespondentLimit,
        time: any TimeSource,
        logger: Logger
    ) {
        self.settings = settings
        self.capabilities = capabilities
        self.client = client
        self.threads = threads
        self.limit = limit
        self.time = time
        self.logger = logger
        ids = OwnMessageIDs(settings.address)
    }

    func deliver(_ message: OutboundMessage) async throws(ChannelError) -> SentMessage {
        guard let peer = settings.peer(of: message.address) else {
            throw ChannelError(.rejected, "\(message.address) is no chat of \(settings.address)")
        }
        let bundles = MailBundle.bundles(OutgoingParts(message, for: capabilities), largest: Self.largestFiles)
        guard !bundles.isEmpty else { throw ChannelError(.rejected, "mails can be neither changed nor reacted to") }
        let began = time.monotonic
        // The first mail's id is that of the message, also when an earlier attempt has sent it.
        let first = ids.id(forPart: bundles[0].key)
        for (index, bundle) in bundles.enumerated().dropFirst(message.partsDone) {
            if index > message.partsDone, time.monotonic - began > Self.patience {
                let error = "\(index) of \(bundles.count) mails are sent, the rest follows"
                throw ChannelError(.rateLimited(retryAfter: .seconds(1)), error, partsDone: index)
            }
            do throws(ChannelError) {
                try await send(bundle, of: message, to: peer, first: first)
            } catch {
                throw ChannelError(error.code, error.message, partsDone: index, cause: error.cause)
            }
        }
        return SentMessage(platformMessageID: first, parts: bundles.count)
    }

    private func send(
        _ bundle: MailBundle,
        of message: OutboundMessage,
        to peer: MailPeer,
        first: String
    ) async throws(ChannelError) {
        if let wait = limit.wait(for: peer.address, at: time.monotonic) {
            throw ChannelError(
                .rateLimited(retryAfter: wait),
                "more mails to \(peer.address) in an hour than an answer needs"
            )
        }
        let id = ids.id(forPart: bundle.key)
        // A message outside of all threads begins one, and its further mails belong to it.
        let root = message.address.thread ?? first
        let known: MailThreads.Thread?
        do { known = try await threads.thread(peer: peer, root: root) } catch {
            // Without its thread the answer would stand alone.
            throw ChannelError(.transient, "the thread of the mail cannot be looked up", cause: error)
        }
        let begins = known == nil && root == id
        let (subject, markdown) = begins ? bundle.opening(of: message.agentName) : (nil, bundle.markdown)
        let references = known?.references ?? (begins ? [] : [root])
        let mail = OutgoingMail(
            from: Mailbox(name: settings.name ?? message.agentName, address: settings.address),
            to: peer.address,
            subject: subject ?? MailSubject.answer(to: known?.subject ?? ""),
            id: id,
            inReplyTo: references.last { !$0.isEmpty && $0 != id },
            references: references.filter { $0 != id },
            date: time.now,
            plain: MarkdownDocument(parsing: markdown).rendered(.plain),
            html: MarkdownDocument(parsing: markdown).rendered(.emailHTML),
            files: bundle.files
        )
        let composer = MailComposer(mail)
        let envelope = SMTPDialogue.Envelope(sender: settings.address, recipient: peer.address, size: composer.size)
        try await client.send(envelope) { link in
            for piece in composer.pieces { try await write(piece, to: link) }
        }
        crashPoint("channel.email-sent")
        do {
            try await threads.add(id, to: root, peer: peer, subject: known?.subject ?? MailSubject.bare(subject ?? ""))
        } catch {
            // The mail is gone: what cannot be remembered costs its place in the thread, no more.
            logger.warning(
                "A mail's place in its thread is not kept",
                metadata: ["mail": "\(id)", "error": "\(error)"]
            )
        }
    }

    private func write(_ piece: MailComposer.Piece, to link: MailLink) async throws {
        switch piece {
        case .bytes(let bytes): try await link.write(bytes)
        case .file(let descriptor, let size):
            for start in stride(from: 0, to: size, by: Self.stretch) {
                let bytes = try await read(descriptor, start, min(Self.stretch, size - start))
                try await link.write(Base64Lines.encode(bytes))
            }
        }
    }

    private func read(_ descriptor: Descriptor, _ start: Int, _ count: Int) async throws -> [UInt8] {
        do {
            return try await withCheckedThrowingContinuation { continuation in
                files.async { continuation.resume(with: Result { try descriptor.read(count, from: start) }) }
            }
        } catch {
            throw ChannelError(.transient, "a file of the mail cannot be read", cause: error)
        }
    }
}
