import ChannelKit
import ChannelNetwork
import Core
import LinuxIO
import Logging

/// Hands messages to the homeserver: in clear text, or encrypted where the room asks for it, never the one for the other.
struct MessageSender: Sendable {
    let session: MatrixSession

    private var time: any TimeSource { session.tools.time }

    /// Sends one message; returns when the server has all of it.
    func deliver(
        _ message: OutboundMessage,
        _ capabilities: ChannelCapabilities
    ) async throws(ChannelError) -> SentMessage {
        guard let id = MatrixID.room(message.address, account: session.me) else {
            throw ChannelError(.rejected, "\(message.address) is no room of this account")
        }
        let room = try await record(id)
        let thread = message.address.thread
        var card: String?
        if case .card(let shown) = message.body { card = shown.id.rawValue }
        let shown = card
        let sent = try await OutgoingParts(message, for: capabilities)
            .send(from: message.partsDone, time: time) { part throws(PartFailure) in
                let event = try await hand(part, to: room, thread: thread)
                if let event, let shown { await keep(card: shown, event: event) }
                return event
            }
        if message.unfinished == nil { await session.setTyping(false, in: id) }
        return sent
    }

    /// Says a few words of the host's own; failures are only logged.
    func tell(
        _ words: String,
        to person: String,
        in room: String,
        thread: String?,
        about target: String,
        transaction: String
    ) async {
        let relation = OutgoingContent.relation(thread: thread, latest: nil, quotes: target)
        do {
            let record = try await record(room)
            _ = try await put(
                OutgoingContent.notice(words, to: person, relation: relation),
                type: "m.room.message",
                to: record,
                transaction: transaction
            )
        } catch {
            session.logger.warning("A person could not be told", metadata: ["error": "\(error)"])
        }
    }

    // MARK: - Parts

    private func hand(
        _ part: OutgoingParts.Part,
        to room: RoomRecord,
        thread: String?
    ) async throws(PartFailure) -> String? {
        let relation = OutgoingContent.relation(
            thread: thread,
            latest: thread.flatMap { session.latest(in: $0) },
            quotes: part.quotes
        )
        let event: String
        switch part.content {
        case .text(let text):
            event = try await post(OutgoingContent.text(text, relation: relation), to: room, part)
            crashPoint("channel.matrix-sent")
        case .edit(let target, let text):
            if part.writing == .takesPlace, await isGone(target, in: room) {
                throw .failed(ChannelError(.rejected, "the message that is to be edited is gone"))
            }
            return try await edit(target, to: text, in: room, part)
        case .reaction(let target, let emoji): return try await react(target, emoji, to: room, part)
        case .file(let file):
            let content = try await upload(file, for: room, relation)
            crashPoint("channel.matrix-file-uploaded")
            event = try await post(content, to: room, part)
            crashPoint("channel.matrix-file-sent")
        }
        if let thread {
            session.noteLatest(event, in: thread)
            // Only for what happens to the message later; the message itself is with the server.
            try? await session.store.keep(thread: thread, of: event, at: time.now)
        }
        return event
    }

    /// Answers with the id of the message, not with that of the edit, by which nobody can name it.
    private func edit(
        _ target: String,
        to text: OutgoingParts.Text,
        in room: RoomRecord,
        _ part: OutgoingParts.Part
    ) async throws(PartFailure) -> String {
        _ = try await post(OutgoingContent.edit(target, text), to: room, part)
        crashPoint("channel.matrix-edited")
        return target
    }

    /// Whether a message was taken away: servers take edits of one, and show them to nobody.
    private func isGone(_ target: String, in room: RoomRecord) async -> Bool {
        do {
            return try await session.client.event(target, in: room.room)?.isRedacted ?? false
        } catch {
            return error.code.isMissing
        }
    }

    private func post(
        _ content: JSONValue,
        to room: RoomRecord,
        _ part: OutgoingParts.Part
    ) async throws(PartFailure) -> String {
        do {
            return try await put(content, type: "m.room.message", to: room, transaction: part.idempotencyKey)
        } catch let error as MatrixError {
            if case .refused(413, _) = error.code { throw .formatting(error.message) }
            throw .failed(error.channelError)
        } catch let error as ChannelError {
            throw .failed(error)
        } catch {
            throw .failed(ChannelError(.transient, "the message cannot be encrypted now", cause: error))
        }
    }

    private func react(
        _ target: String,
        _ emoji: String,
        to room: RoomRecord,
        _ part: OutgoingParts.Part
    ) async throws(PartFailure) -> String? {
        do {
            try await session.gate.waits(for: room.room)
            // As all clients do, in encrypted rooms too: servers count reactions.
            return try await session.client.send(
                OutgoingContent.reaction(target, emoji),
                type: "m.reaction",
                to: room.room,
                transaction: part.idempotencyKey
            )
        } catch let error as MatrixError {
            if error.code.errcode == "M_DUPLICATE_ANNOTATION" { return nil }
            await hold(error)
            throw .failed(error.channelError)
        } catch {
            throw .failed(ChannelError(.transient, "the reaction was not sent", cause: error))
        }
    }

    private func put(
        _ content: JSONValue,
        type: String,
        to room: RoomRecord,
        transaction: String
    ) async throws -> String {
        try await session.gate.waits(for: room.room)
        var room = room
        // Encryption may have been switched on while the message waited.
        if !room.isEncrypted, let now = try await session.store.room(room.room), now.isEncrypted {
            guard content[key: "url"] == nil else {
                throw ChannelError(.transient, "the room has become encrypted: the file goes out anew")
            }
            room = now
        }
        do {
            var type = type
            var content = content
            if room.isEncrypted {
                guard let crypto = session.crypto else {
                    throw ChannelError(.rejected, "the room is encrypted: \(session.cryptoProblem)")
                }
                content = try await crypto.encrypt(content, type: type, for: room)
                type = "m.room.encrypted"
            }
            return try await session.client.send(content, type: type, to: room.room, transaction: transaction)
        } catch let error as MatrixError {
            await hold(error)
            throw error
        }
    }

    private func hold(_ error: MatrixError) async {
        guard case .limited(let wait) = error.code else { return }
        session.health.limited(for: wait)
        await session.gate.hold(.account, for: wait)
    }

    // MARK: - Files

    /// Puts a file on the server, encrypted for an encrypted room; answers with the content of its message.
    private func upload(
        _ file: OutboundFile,
        for room: RoomRecord,
        _ relation: JSONValue?
    ) async throws(PartFailure) -> JSONValue {
        do {
            guard room.isEncrypted else {
                let url = try await session.client.upload(
                    file.descriptor,
                    size: Int64(file.size),
                    type: MediaType.of(file.name),
                    name: file.name
                )
                return OutgoingContent.file(file, at: url, cipher: nil, relation: relation)
            }
            let copy = try await session.tools.media.make()
            do {
                let key = try await AttachmentCipher().encrypt(file.descriptor, size: file.size, to: copy.descriptor)
                // Neither its name nor its type are the server's business.
                let url = try await session.client.upload(
                    copy.descriptor,
                    size: Int64(file.size),
                    type: "application/octet-stream",
                    name: nil
                )
                await session.tools.media.remove(paths: [copy.path])
                return OutgoingContent.file(file, at: url, cipher: key, relation: relation)
            } catch {
                await session.tools.media.remove(paths: [copy.path])
                throw error
            }
        } catch let error as MatrixError {
            await hold(error)
            throw .failed(error.channelError)
        } catch {
            throw .failed(ChannelError(.transient, "the file \(file.name) cannot be sent now", cause: error))
        }
    }

    // MARK: - What is kept

    /// What is known of a room; of one that no sync has shown, whether it is encrypted is asked for.
    private func record(_ id: String) async throws(ChannelError) -> RoomRecord {
        do {
            let known = try await session.store.room(id)
            if let known, known.isJoined || known.isEncrypted { return known }
            let encryption = try await session.client.state("m.room.encryption", of: id)
            guard let encryption else { return known ?? RoomRecord(room: id) }
            let text = try encryption.text()
            return try await session.store.update(id) { if $0.encryption == nil { $0.encryption = text } }
        } catch let error as MatrixError {
            throw error.channelError
        } catch {
            throw ChannelError(.transient, "the account's store cannot be used", cause: error)
        }
    }

    private func keep(card: String, event: String) async {
        do { try await session.store.keep(card: card, event: event, at: time.now) } catch {
            session.logger.warning("A card cannot be answered by a reaction", metadata: ["error": "\(error)"])
        }
    }
}
