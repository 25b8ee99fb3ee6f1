package import CentralStore
package import ChannelKit
package import Core
import GRDB
import Glibc
import LinuxIO
import Synchronization

/// The channel of the machine's own people: chats `cli:local:<name>`, kept in the central database.
///
/// It is always connected: a message is delivered once it is committed to its chat's history. Clients of the control
/// socket read the history and are woken when it grows.
package final class CLIChannel: ChannelAdapter {
    /// The adapter's key.
    package static let name = "cli"
    /// The chat that a new home has.
    package static let mainChat = "cli:local:main"

    package let channel = CLIChannel.name
    package let capabilities = ChannelCapabilities(
        edits: true,
        reactions: true,
        idempotencyKeys: true,
        files: true,
        privateChats: false,
        typing: false
    )
    package var health: ChannelHealth { ChannelHealth(state: .connected, lastEvent: lastEvent.withLock(\.self)) }

    private let store: CentralStore
    private let files: CLIFiles
    private let time: any TimeSource
    private let lastEvent = Mutex<Timestamp?>(nil)
    /// What people write now, by its event: nobody else hands it over.
    private let inHand = Mutex<Set<String>>([])
    private let messages: CLIHistory

    /// The channel of a home; files that agents send are kept in `data/cli/`.
    package init(home: String, store: CentralStore, time: any TimeSource = SystemTime()) {
        self.store = store
        self.time = time
        messages = CLIHistory(store: store)
        files = CLIFiles(folder: "\(home)/data/cli")
    }

    /// The platform id of the chat with this name: `main`, or a whole `cli:local:<name>`; nil for no such name.
    package static func chat(named text: String) -> String? {
        let name = text.hasPrefix("cli:local:") ? String(text.dropFirst("cli:local:".count)) : text
        return PathSegment.isIdentifier(name) ? "cli:local:\(name)" : nil
    }

    // MARK: - As an adapter

    package func run(_ inbox: any ChannelInbox) async throws {
        // What a host that died had put into the history, and not taken.
        var failure: (any Error)?
        for row in try await store.read({ db in try CLIMessage.open(db) }) {
            guard let event = Self.event(row), !inHand.withLock({ $0.contains(Self.key(event)) }) else { continue }
            do {
                try await inbox.accept(event)
                await confirm(event)
            } catch {
                // One that cannot be taken holds up no other; it is tried again when the channel starts again.
                failure = error
            }
        }
        if let failure { throw failure }
        // What people write comes through the control socket; there is no link to hold.
        let (forever, _) = AsyncStream.makeStream(of: Void.self)
        for await _ in forever {}
        try Task.checkCancellation()
    }

    package func deliver(_ message: OutboundMessage) async throws(ChannelError) -> SentMessage {
        guard message.address.channel == channel, Self.chat(named: message.address.platformID) != nil else {
            throw ChannelError(
                .rejected,
                "\(message.address) is no chat of this machine: they are named cli:local:<name>"
            )
        }
        do {
            let body = try await body(of: message)
            let row = CLIMessage(
                platformID: message.address.platformID,
                direction: .out,
                messageID: message.idempotencyKey,
                agentName: message.agentName,
                inReplyTo: message.inReplyTo,
                content: try JSONText.encode(body),
                createdAt: time.now
            )
            try await messages.append(row)
            crashPoint("chat.delivered")
        } catch let error as ChannelError {
            throw error
        } catch {
            throw ChannelError(.transient, "the chat's history could not be written", cause: error)
        }
        return SentMessage(platformMessageID: message.idempotencyKey)
    }

    package func setTyping(_ address: ChatAddress) async {
        // Clients see the turn itself.
    }

    package func openDM(_ user: UserID) async throws -> ChatAddress? {
        user.channel == channel ? ChatAddress(channel: channel, platformID: Self.mainChat) : nil
    }

    package func isNativeID(_ text: String) -> Bool { UInt32(text) != nil }

    /// The uid of a login name of this machine.
    package func nativeID(of handle: String) async throws -> String? {
        var entry = passwd()
        var buffer = [CChar](repeating: 0, count: 4096)
        var found: UnsafeMutablePointer<passwd>?
        guard getpwnam_r(handle, &entry, &buffer, buffer.count, &found) == 0, let found else { return nil }
        return String(found.pointee.pw_uid)
    }

    private func body(of message: OutboundMessage) async throws -> CLIEntry.Body {
        switch message.body {
        case .text(let text, let outgoing):
            let kept = try await files.keep(outgoing, message: message.idempotencyKey)
            return CLIEntry.Body(text: text, files: kept.isEmpty ? nil : kept, turn: message.turn)
        case .card(let card):
            return CLIEntry.Body(text: CardText.numbered(card), turn: message.turn)
        case .edit(let about, let text):
            return CLIEntry.Body(kind: .edit, text: text, about: about, turn: message.turn)
        case .reaction(let about, let emoji):
            return CLIEntry.Body(kind: .reaction, text: emoji, about: about, turn: message.turn)
        }
    }

    // MARK: - For the control socket

    /// What a person writes into a chat, for the host.
    package static func event(
        _ id: String,
        _ text: String,
        in chat: String,
        by user: UserID,
        named name: String?,
        at time: Timestamp
    ) -> InboundEvent {
        InboundEvent(
            address: ChatAddress(channel: Self.name, platformID: chat),
            platformMessageID: id,
            sentAt: time,
            senderNativeID: user.native,
            senderName: name,
            content: ChatContent(text: text, sender: name, senderID: user),
            isMention: true
        )
    }

    private static func event(_ row: CLIMessage) -> InboundEvent? {
        guard let user = row.userID, let text = try? JSONText.decode(CLIEntry.Body.self, row.content).text else {
            return nil
        }
        return event(row.messageID, text, in: row.platformID, by: user, named: row.agentName, at: row.createdAt)
    }

    private static func key(_ event: InboundEvent) -> String {
        "\(event.address.platformID) \(event.platformMessageID)"
    }

    /// Puts what a person wrote into the chat's history; a repeat of the id changes nothing and answers false.
    ///
    /// Until ``confirm(_:)`` or ``withdraw(_:)`` it is open: should the host die, the next one takes it.
    @discardableResult
    package func record(_ event: InboundEvent, by user: UserID) async throws -> Bool {
        let row = CLIMessage(
            platformID: event.address.platformID,
            direction: .in,
            messageID: event.platformMessageID,
            userID: user,
            agentName: event.senderName,
            content: try JSONText.encode(CLIEntry.Body(text: event.content.text, isOpen: true)),
            createdAt: event.sentAt
        )
        lastEvent.withLock { $0 = event.sentAt }
        let isFirst = inHand.withLock { $0.insert(Self.key(event)).inserted }
        var isNew = false
        // A repeat is nobody's to confirm or to take back.
        defer { if isFirst, !isNew { inHand.withLock { _ = $0.remove(Self.key(event)) } } }
        isNew = try await messages.append(row)
        crashPoint("chat.recorded")
        return isNew
    }

    /// The host has taken the message.
    package func confirm(_ event: InboundEvent) async {
        crashPoint("chat.taken")
        // Where this fails the next host hands it over once more, and the session that has it knows it.
        try? await messages.close(event.platformMessageID, in: event.address.platformID)
        inHand.withLock { _ = $0.remove(Self.key(event)) }
        crashPoint("chat.confirmed")
    }

    /// Takes a message out of the history again that the host could not store.
    package func withdraw(_ event: InboundEvent) async throws {
        defer { inHand.withLock { _ = $0.remove(Self.key(event)) } }
        try await messages.remove(event.platformMessageID, from: event.address.platformID)
    }

    /// Entries after a position, oldest first.
    package func entries(of chat: String, after position: Int64, limit: Int) async throws -> [CLIEntry] {
        try await messages.entries(of: chat, after: position, limit: limit).map(CLIEntry.init)
    }

    /// The last entries of a chat, oldest first.
    package func lastEntries(of chat: String, limit: Int) async throws -> [CLIEntry] {
        try await store.read { db in try CLIMessage.last(limit, in: chat, db) }.map(CLIEntry.init)
    }

    /// The position of a chat's last entry; 0 when it has none.
    package func end(of chat: String) async throws -> Int64 {
        try await store.read { db in try CLIMessage.newest(in: chat, db) }
    }

    /// How far a person has read a chat; 0 before they ever looked.
    package func readPosition(of chat: String, user: UserID) async throws -> Int64 {
        try await store.read { db in try CLIReader.position(of: user, in: chat, db) }
    }

    /// A person has seen everything up to here; never goes back.
    package func markRead(_ chat: String, user: UserID, position: Int64) async throws {
        try await store.write(changesRouting: false) { db in
            try CLIReader(platformID: chat, userID: user, position: position).advance(db)
        }
    }

    /// Yields whenever the chat's history has grown, until the caller lets go of it.
    package func updates(of chat: String) -> AsyncStream<Void> { messages.updates(of: chat) }

    /// How many clients look at chats now.
    package var readerCount: Int { messages.readerCount }
}
