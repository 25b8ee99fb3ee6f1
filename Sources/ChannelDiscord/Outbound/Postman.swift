import ChannelKit
import ChannelNetwork
import Core
import LinuxIO
import Logging

/// Sends the parts of messages.
struct Postman: Sendable {
    /// Discord's code for an emoji that it does not know.
    private static let unknownEmoji = 10014
    /// Discord's codes for a channel that takes no messages itself: voice without text, forums.
    private static let noTextChannel: Set<Int> = [50008, 50024]
    private static let longestPostName = 100
    /// How far Discord's clock may lie behind ours.
    private static let skew: Duration = .seconds(600)
    /// Asks for the coloured form of a character.
    private static let coloured = "\u{FE0F}"

    let api: DiscordAPI
    let health: HealthKeeper
    let forums: ForumPosts
    let time: any TimeSource

    /// Hands one part over; answers with the id of the message.
    func hand(
        _ part: OutgoingParts.Part,
        of key: String,
        to address: DiscordAddress
    ) async throws(PartFailure) -> String? {
        let nonce = Nonce.of(part.idempotencyKey)
        let quotes = part.quotes.flatMap { Snowflake.isValid($0) ? $0 : nil }
        switch part.content {
        case .text(let text):
            let body = MessageBody(
                content: text.rendered,
                rows: text.card.map(Button.rows),
                quotes: quotes,
                nonce: nonce
            )
            return try await asked(isPlain: text.isPlain) { () async throws(DiscordError) in
                let id = try await send(body, of: key, to: address)
                crashPoint("channel.discord-sent")
                return id
            }
        case .file(let file):
            return try await asked(isPlain: true) { () async throws(DiscordError) in
                let id = try await send(
                    file,
                    MessageBody(quotes: quotes, nonce: nonce, files: [file.name]),
                    of: key,
                    to: address
                )
                crashPoint("channel.discord-file-sent")
                return id
            }
        case .edit(let id, let text):
            guard Snowflake.isValid(id) else { throw Self.noMessage(id) }
            // A card that is over has no buttons any more.
            let body = MessageBody(content: text.rendered, rows: [])
            return try await asked(isPlain: text.isPlain, isRepeatable: true) { () async throws(DiscordError) in
                // A state of a draft that cannot go at once is not worth the wait: the next one says more.
                let patience: Duration = part.writing == .unfinished ? .zero : .seconds(5)
                let target = await place(of: id, address)
                _ = try await api.ask(.edit(id, in: target), .json(body.json), patience: patience)
                crashPoint("channel.discord-edited")
                return id
            }
        case .reaction(let id, let emoji):
            guard Snowflake.isValid(id) else { throw Self.noMessage(id) }
            return try await asked(isPlain: true, isRepeatable: true) { () async throws(DiscordError) in
                try await react(emoji, to: id, in: await place(of: id, address))
                return nil
            }
        }
    }

    /// Where the rest of a delivery goes, or where a message of ours is, by the key of the one or the id of the other.
    private func place(of name: String, _ address: DiscordAddress) async -> String {
        guard address.isGroup, address.thread == nil, case .post(let post)? = await forums.known(name) else {
            return address.target
        }
        return post
    }

    private func send(
        _ body: MessageBody,
        of key: String,
        to address: DiscordAddress
    ) async throws(DiscordError) -> String {
        let target = await place(of: key, address)
        do {
            return try await send(.json(body.json), into: target, of: address)
        } catch {
            guard Self.isForum(error, address) else { throw error }
            return try await begin(body, of: key, in: address).firstMessage
        }
    }

    private func send(
        _ content: HTTPCall.Body,
        into target: String,
        of address: DiscordAddress,
        deadline: Duration = .seconds(20)
    ) async throws(DiscordError) -> String {
        let id = try await api.ask(.send(target), content, as: WireID.self, deadline: deadline).id
        if target != address.target { await forums.note(.post(target), of: id) }
        return id
    }

    private static func isForum(_ error: DiscordError, _ address: DiscordAddress) -> Bool {
        guard case .invalid(let code) = error.code else { return false }
        return noTextChannel.contains(code) && address.thread == nil
    }

    /// A forum takes no messages but posts, which are threads.
    ///
    /// A post has no nonce: of an attempt whose answer was lost Discord is asked what came of it, before the next.
    private func begin(
        _ body: MessageBody,
        of key: String,
        in address: DiscordAddress
    ) async throws(DiscordError) -> WirePost {
        var body = body
        body.nonce = nil
        body.quotes = nil
        let firstLine = (body.content ?? "").split(separator: "\n").first.map(String.init)?.trimmingWhiteSpace ?? ""
        let name = firstLine.isEmpty ? "Message" : String(firstLine.unicodeScalars.prefix(Self.longestPostName))
        let known = await forums.known(key)
        if case .attempt(let since)? = known, let post = try await find(name, since: since, in: address) {
            return await began(WirePost(id: post), key)
        }
        if known == nil {
            await forums.note(.attempt(since: Snowflake.lowest(at: time.now - Self.skew)), of: key)
        }
        do {
            let route = DiscordRoute.post(forum: address.channel)
            return try await began(api.ask(route, .json(body.post(named: name)), as: WirePost.self), key)
        } catch {
            if !error.code.mayBeDone { await forums.note(nil, of: key) }
            throw error
        }
    }

    private func began(_ post: WirePost, _ key: String) async -> WirePost {
        await forums.note(.post(post.id), of: key)
        await forums.note(.post(post.id), of: post.firstMessage)
        return post
    }

    /// A post that was begun lately and is no known one.
    private func find(
        _ name: String,
        since: String,
        in address: DiscordAddress
    ) async throws(DiscordError) -> String? {
        guard let guild = address.guild else { return nil }
        for thread in try await api.activeThreads(of: guild) {
            let isLate = Snowflake.later(thread.id, since) == thread.id
            guard isLate, thread.parentID == address.channel, thread.name == name else { continue }
            if await !forums.isKnown(post: thread.id) { return thread.id }
        }
        return nil
    }

    private func send(
        _ file: OutboundFile,
        _ body: MessageBody,
        of key: String,
        to address: DiscordAddress
    ) async throws(DiscordError) -> String {
        let parts = [
            MultipartPart(name: "payload_json", type: "application/json", content: .bytes(Array(body.json.utf8))),
            .file(
                "files[0]",
                fileName: file.name,
                type: "application/octet-stream",
                file.descriptor,
                size: Int64(file.size)
            ),
        ]
        let target = await place(of: key, address)
        do {
            return try await send(.multipart(parts), into: target, of: address, deadline: .seconds(60))
        } catch {
            if Self.isForum(error, address) {
                let post = try await begin(MessageBody(content: file.name), of: key, in: address)
                return try await send(.multipart(parts), into: post.id, of: address, deadline: .seconds(60))
            }
            guard error.code == .tooLarge else { throw error }
            var words = body
            words.files = []
            words.content = "[The file \(file.name) stays here: Discord says that it is too large.]"
            return try await send(words, of: key, to: address)
        }
    }

    private func react(_ emoji: String, to message: String, in channel: String) async throws(DiscordError) {
        do {
            _ = try await api.ask(.react(emoji, to: message, in: channel))
        } catch {
            // Some characters count as emoji only with the mark of their coloured form, and some only without.
            guard error.code == .invalid(code: Self.unknownEmoji) else { throw error }
            let isMarked = emoji.unicodeScalars.last == Self.coloured.unicodeScalars.first
            let other = isMarked ? String(emoji.unicodeScalars.dropLast()) : emoji + Self.coloured
            _ = try await api.ask(.react(other, to: message, in: channel))
        }
    }

    /// Runs requests and says what their failure means for the part.
    private func asked<Value>(
        isPlain: Bool,
        isRepeatable: Bool = false,
        _ body: () async throws(DiscordError) -> Value
    ) async throws(PartFailure) -> Value {
        do {
            return try await body()
        } catch {
            switch error.code {
            case .unauthorized: health.lost(error.message)
            case .limited(let delay): health.limited(for: delay)
            case .invalid where !isPlain: throw .formatting(error.message)
            default: break
            }
            throw .failed(error.asChannelError(isRepeatable: isRepeatable))
        }
    }

    private static func noMessage(_ id: String) -> PartFailure {
        .failed(ChannelError(.rejected, "\"\(id.prefix(80))\" is no message of Discord"))
    }
}
