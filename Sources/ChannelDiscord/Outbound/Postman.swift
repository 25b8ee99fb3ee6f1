import ChannelKit
import ChannelNetwork
import Core
import Logging

/// Sends the parts of messages.
struct Postman: Sendable {
    /// Discord's code for an emoji that it does not know.
    private static let unknownEmoji = 10014
    /// Discord's codes for a channel that takes no messages itself: voice without text, forums.
    private static let noTextChannel: Set<Int> = [50008, 50024]
    private static let longestPostName = 100
    /// Asks for the coloured form of a character.
    private static let coloured = "\u{FE0F}"

    let api: DiscordAPI
    let health: HealthKeeper
    let forums: ForumPosts

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
                try await send(body, of: key, to: address)
            }
        case .file(let file):
            return try await asked(isPlain: true) { () async throws(DiscordError) in
                try await send(
                    file,
                    MessageBody(quotes: quotes, nonce: nonce, files: [file.name]),
                    of: key,
                    to: address
                )
            }
        case .edit(let id, let text):
            guard Snowflake.isValid(id) else { throw Self.noMessage(id) }
            // A card that is over has no buttons any more.
            let body = MessageBody(content: text.rendered, rows: [])
            return try await asked(isPlain: text.isPlain) { () async throws(DiscordError) in
                // A state of a draft that cannot go at once is not worth the wait: the next one says more.
                let patience: Duration = part.writing == .unfinished ? .zero : .seconds(5)
                _ = try await api.ask(.edit(id, in: address.target), .json(body.json), patience: patience)
                return id
            }
        case .reaction(let id, let emoji):
            guard Snowflake.isValid(id) else { throw Self.noMessage(id) }
            return try await asked(isPlain: true) { () async throws(DiscordError) in
                try await react(emoji, to: id, in: address.target)
                return nil
            }
        }
    }

    private func send(
        _ body: MessageBody,
        of key: String,
        to address: DiscordAddress
    ) async throws(DiscordError) -> String {
        let target = await forums.post(of: key) ?? address.target
        do {
            return try await api.ask(.send(target), .json(body.json), as: WireID.self).id
        } catch {
            guard case .invalid(let code) = error.code, Self.noTextChannel.contains(code), address.thread == nil else {
                throw error
            }
            return try await begin(body, of: key, in: address.channel)
        }
    }

    /// A forum takes no messages but posts, which are threads.
    private func begin(_ body: MessageBody, of key: String, in forum: String) async throws(DiscordError) -> String {
        var body = body
        body.nonce = nil
        body.quotes = nil
        let firstLine = (body.content ?? "").split(separator: "\n").first.map(String.init)?.trimmingWhiteSpace ?? ""
        let name = firstLine.isEmpty ? "Message" : String(firstLine.unicodeScalars.prefix(Self.longestPostName))
        let post = try await api.ask(.post(forum: forum), .json(body.post(named: name)), as: WireID.self).id
        await forums.began(post, of: key)
        // The first message of a post has the post's id.
        return post
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
        let target = await forums.post(of: key) ?? address.target
        do {
            return try await api.ask(.send(target), .multipart(parts), as: WireID.self, deadline: .seconds(60)).id
        } catch {
            switch error.code {
            case .tooLarge:
                var words = body
                words.files = []
                words.content = "[The file \(file.name) stays here: Discord says that it is too large.]"
                return try await send(words, of: key, to: address)
            case .invalid(let code) where Self.noTextChannel.contains(code) && address.thread == nil:
                let name = MessageBody(content: file.name)
                let post = try await begin(name, of: key, in: address.channel)
                return try await api.ask(.send(post), .multipart(parts), as: WireID.self, deadline: .seconds(60)).id
            default: throw error
            }
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
            throw .failed(error.asChannelError)
        }
    }

    private static func noMessage(_ id: String) -> PartFailure {
        .failed(ChannelError(.rejected, "\"\(id.prefix(80))\" is no message of Discord"))
    }
}

/// Posts that were begun in forums for messages of several parts, so that the later parts follow the first.
actor ForumPosts {
    private static let most = 128

    private var posts: [String: String] = [:]
    private var order: [String] = []

    init() {}

    func post(of key: String) -> String? { posts[key] }

    func began(_ post: String, of key: String) {
        if posts.updateValue(post, forKey: key) == nil { order.append(key) }
        if order.count > Self.most { posts[order.removeFirst()] = nil }
    }
}
