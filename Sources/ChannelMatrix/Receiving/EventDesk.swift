import ChannelKit
import ChannelNetwork
import Core
import LinuxIO
import Logging

/// Hands over what happens in rooms: looks up what an event is about, fetches its files and tells the host.
///
/// Each call returns once the host has the event, however often that takes; it throws only with the task's end.
struct EventDesk: Sendable {
    let session: MatrixSession
    let inbox: any ChannelInbox
    let sender: MessageSender

    /// The longest text of a quoted message.
    private static let longestQuote = 2_000

    /// What is known of an event beside itself.
    struct Context: Sendable {
        var room: RoomRecord
        /// The sender's name in the room.
        var name: String?
        /// It came encrypted.
        var isEncrypted = false
        /// The agent was told of it when it could not be read.
        var isLate = false
    }

    /// Hands over an event that is in clear text.
    func handOver(_ event: RoomEvent, _ context: Context) async throws {
        guard event.sender != session.me else { return session.tools.echoes.saw(event.id) }
        switch EventReading(event, me: session.me) {
        case .message(let content, let relation): try await take(content, relation, event, context)
        case .edit(let target, let content): try await edit(target, content, event, context)
        case .reaction(let target, let key): try await react(target, key, event, context)
        case .redaction(let target): try await redact(target, event, context)
        case .tombstone(let replacement): try await move(to: replacement, event, context)
        case .nothing: break
        }
    }

    // MARK: - Messages

    private func take(
        _ content: MessageContent,
        _ relation: Relation,
        _ event: RoomEvent,
        _ context: Context
    ) async throws {
        if let thread = relation.thread {
            session.noteLatest(event.id, in: thread)
            try await session.insist("keeping a thread") {
                try await session.store.keep(thread: thread, of: event.id, at: session.tools.time.now)
            }
        }
        var message = message(event, context, thread: relation.thread, text: content.text)
        message.isMention = message.isMention || content.mentionsMe
        message.isBot = content.isNotice
        if let target = relation.repliesTo {
            let quote = await quote(target, in: context.room)
            message.content.replyTo = quote
            message.repliesToAgent = quote.isFromAgent
        }
        var metadata: [String: JSONValue] = [:]
        if content.kind != "m.text" { metadata["msgtype"] = .string(content.kind) }
        if context.isEncrypted { metadata["encrypted"] = true }
        // In clear in an encrypted room: anybody who has the server could have written it.
        if !context.isEncrypted, context.room.isEncrypted {
            metadata["encrypted"] = false
            // So its number decides nothing: the code of a card is only in what was encrypted, if anywhere.
            message.requiresCode = true
        }
        message.metadata = metadata.isEmpty ? nil : metadata
        try await accept(message, content.media, context)
    }

    private func accept(_ message: InboundEvent, _ media: MediaReference?, _ context: Context) async throws {
        try await session.insist("handing over a message") {
            var message = message
            if let media {
                switch try await MediaFetcher(session: session).fetch(media) {
                case .file(let file):
                    message.attachments = [file]
                    crashPoint("channel.matrix-fetched")
                case .refused(let why):
                    let line = "[file \(media.name)\(media.shownSize) was not fetched: \(why)]"
                    message.content.text += message.content.text.isEmpty ? line : "\n\(line)"
                }
            }
            do {
                if context.isLate, message.attachments.isEmpty {
                    try await inbox.note(late(message))
                } else {
                    if context.isLate { message.dedupKey += "/decrypted" }
                    try await inbox.accept(message)
                }
            } catch {
                await session.tools.media.remove(message.attachments)
                throw error
            }
            await session.tools.media.remove(message.attachments)
        }
    }

    /// What the agent was told of can be read now: it has another text.
    private func late(_ message: InboundEvent) -> ChatChange {
        ChatChange(
            .edited(platformMessageID: message.platformMessageID, text: message.content.text),
            address: message.address,
            isGroup: message.isGroup,
            senderNativeID: message.senderNativeID,
            senderName: message.senderName,
            isBot: message.isBot,
            isMention: message.isMention,
            dedupKey: "\(message.dedupKey)/decrypted",
            at: message.sentAt
        )
    }

    /// Tells of an encrypted event that cannot be read.
    func tellUnreadable(_ event: RoomEvent, _ context: Context, why: String) async throws {
        guard event.sender != session.me else { return session.tools.echoes.saw(event.id) }
        var message = message(
            event,
            context,
            thread: event.relation.thread,
            text: "[An encrypted message that could not be read: \(why).]"
        )
        message.metadata = ["encrypted": true, "undecryptable": true]
        try await session.insist("handing over a message") { try await inbox.accept(message) }
    }

    private func message(_ event: RoomEvent, _ context: Context, thread: String?, text: String) -> InboundEvent {
        InboundEvent(
            address: session.address(context.room.room, thread: thread),
            platformMessageID: event.id,
            sentAt: event.sentAt,
            senderNativeID: event.sender,
            senderName: context.name,
            content: ChatContent(text: text, sender: context.name),
            isMention: context.room.isForTwo,
            isGroup: !context.room.isForTwo
        )
    }

    /// The message that another one answers, as far as it can be learned.
    private func quote(_ target: String, in room: RoomRecord) async -> ChatContent.Quote {
        var quote = ChatContent.Quote(platformMessageID: target)
        guard var event = await lookUp(target, in: room.room) else { return quote }
        quote.sender = event.sender
        quote.isFromAgent = event.sender == session.me
        if event.type == "m.room.encrypted" {
            guard let crypto = session.crypto,
                case .clear(let type, let content)? = try? await crypto.decrypt(event, in: room.room)
            else { return quote }
            event.type = type
            event.content = content
        }
        if let content = MessageContent(event.content, type: event.type, me: session.me), !content.text.isEmpty {
            quote.text = String(content.text.prefix(Self.longestQuote))
        }
        return quote
    }

    /// An event of a room; nil when it is gone, not to be seen, or the server does not say in three attempts.
    private func lookUp(_ id: String, in room: String) async -> RoomEvent? {
        var backoff = Backoff()
        for _ in 0..<3 {
            do { return try await session.client.event(id, in: room) } catch {
                guard error.code.mayPass else { return nil }
                var pause = backoff.failed(at: session.tools.time.monotonic)
                if case .limited(let wait) = error.code { pause = wait }
                // Only the end of the task cuts a wait short.
                guard (try? await session.tools.time.sleep(for: pause)) != nil else { return nil }
            }
        }
        return nil
    }
}

extension MediaReference {
    /// The size that the sender tells, in parentheses.
    var shownSize: String { size.map { " (\(ByteCount.text($0)))" } ?? "" }
}

/// Sizes for people.
enum ByteCount {
    static func text(_ bytes: Int64) -> String {
        switch bytes {
        case ..<1024: "\(bytes) bytes"
        case ..<(1 << 20): "\(bytes >> 10) KiB"
        default: "\(bytes >> 20) MiB"
        }
    }
}
