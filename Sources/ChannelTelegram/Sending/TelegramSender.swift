import ChannelKit
import Core
import LinuxIO
import Logging
import Synchronization

/// Sends parts of messages, and finds out where a chat has moved to.
final class TelegramSender: Sendable {
    /// Where a part goes.
    struct Target: Sendable {
        var chat: Int64
        var topic: Int64?
    }

    /// Time for a request with a file, beside that of its bytes; the host waits longer.
    private static let uploadDeadline: Duration = .seconds(50)

    let api: TelegramAPI
    let gate: SendGate
    let health: HealthKeeper
    private let logger: Logger
    /// Told when a chat has another id: old and new.
    private let moved: @Sendable (Int64, Int64) async -> Void
    private let newIDs = Mutex<[Int64: Int64]>([:])

    init(
        api: TelegramAPI,
        gate: SendGate,
        health: HealthKeeper,
        logger: Logger,
        moved: @escaping @Sendable (Int64, Int64) async -> Void
    ) {
        self.api = api
        self.gate = gate
        self.health = health
        self.logger = logger
        self.moved = moved
    }

    /// Sends one part; answers with the id of the message that it made or changed.
    func send(_ part: OutgoingParts.Part, to target: Target) async throws(PartFailure) -> String? {
        do {
            switch part.content {
            case .text(let text):
                let id = try await send(text, quoting: part.quotes, to: target)
                crashPoint("channel.telegram-sent")
                return id
            case .edit(let id, let text):
                let id = try await edit(id, to: text, in: target)
                crashPoint("channel.telegram-edited")
                return id
            case .file(let file):
                let id = try await send(file, quoting: part.quotes, to: target)
                crashPoint("channel.telegram-file-sent")
                return id
            case .reaction(let id, let emoji): return try await react(id, emoji, in: target)
            }
        } catch {
            if error.code == .formatting { throw .formatting(error.message) }
            switch part.content {
            case .text, .file: throw .failed(error.forSender(isRepeatable: false))
            case .edit, .reaction: throw .failed(error.forSender(isRepeatable: true))
            }
        }
    }

    // MARK: - What is sent

    private func send(
        _ text: OutgoingParts.Text,
        quoting quotes: String?,
        to target: Target
    ) async throws(TelegramFailure) -> String? {
        var parameters = base(quoting: quotes, target)
        write(text, to: &parameters)
        if let card = text.card { parameters["reply_markup"] = Keyboard.markup(card) }
        return try await message("sendMessage", parameters, in: target.chat)
    }

    private func edit(
        _ id: String,
        to text: OutgoingParts.Text,
        in target: Target
    ) async throws(TelegramFailure) -> String? {
        // Without a keyboard in the request the message loses the one it had.
        var parameters: [String: JSONValue] = ["message_id": try number(id)]
        write(text, to: &parameters)
        do {
            return try await message("editMessageText", parameters, in: target.chat)
        } catch {
            if error.code == .notModified { return id }
            guard error.message.contains("no text in the message") else { throw error }
        }
        parameters["caption"] = parameters.removeValue(forKey: "text")
        parameters["link_preview_options"] = nil
        do {
            return try await message("editMessageCaption", parameters, in: target.chat)
        } catch {
            if error.code == .notModified { return id }
            throw error
        }
    }

    private func send(
        _ file: OutboundFile,
        quoting quotes: String?,
        to target: Target
    ) async throws(TelegramFailure) -> String? {
        var parameters = base(quoting: quotes, target)
        guard file.size > 0 else {
            // Telegram takes none without a byte; the rest of the message shall not fail with it.
            parameters["text"] = .string("[The file \(file.name) is empty.]")
            return try await message("sendMessage", parameters, in: target.chat)
        }
        let kind = OutgoingKind.of(file.name, size: file.size)
        do {
            return try await message(kind.method, parameters, file: file, as: kind, in: target.chat)
        } catch {
            // What is no picture to Telegram is still a file.
            guard error.code == .refused, kind != .document else { throw error }
            logger.debug("A file goes as it is", metadata: ["why": "\(error)"])
        }
        return try await message(OutgoingKind.document.method, parameters, file: file, as: .document, in: target.chat)
    }

    private func react(_ id: String, _ emoji: String, in target: Target) async throws(TelegramFailure) -> String? {
        var list: [JSONValue] = []
        if !emoji.isEmpty {
            // Another emoji would say something else: none is better.
            guard let known = ReactionChoice.nearest(to: emoji) else { return id }
            list = [["type": "emoji", "emoji": .string(known)]]
        }
        do {
            _ = try await call(
                "setMessageReaction",
                ["message_id": try number(id), "reaction": .array(list)],
                in: target.chat
            )
        } catch {
            guard error.code == .refused, error.message.contains("REACTION_INVALID") else { throw error }
            logger.debug("The chat does not allow a reaction", metadata: ["why": "\(error)"])
        }
        return id
    }

    private func base(quoting quotes: String?, _ target: Target) -> [String: JSONValue] {
        var parameters: [String: JSONValue] = [:]
        parameters["message_thread_id"] = target.topic.map(JSONValue.integer)
        if let quotes = quotes.flatMap({ Int64($0) }) {
            parameters["reply_parameters"] = ["message_id": .integer(quotes), "allow_sending_without_reply": true]
        }
        return parameters
    }

    private func write(_ text: OutgoingParts.Text, to parameters: inout [String: JSONValue]) {
        parameters["text"] = .string(text.rendered)
        if !text.isPlain { parameters["parse_mode"] = "MarkdownV2" }
        // Telegram's servers would fetch the link: what it holds is for the reader alone.
        parameters["link_preview_options"] = ["is_disabled": true]
    }

    private func number(_ id: String) throws(TelegramFailure) -> JSONValue {
        guard let number = Int64(id) else {
            throw TelegramFailure(.refused, "\"\(id.prefix(40))\" is no message of Telegram: its ids are numbers")
        }
        return .integer(number)
    }

    // MARK: - Calls

    private struct Sent: Decodable, Sendable {
        var id: Int64

        enum CodingKeys: String, CodingKey { case id = "message_id" }
    }

    private func message(
        _ method: String,
        _ parameters: [String: JSONValue],
        file: OutboundFile? = nil,
        as kind: OutgoingKind = .document,
        in chat: Int64
    ) async throws(TelegramFailure) -> String? {
        guard let file else { return "\(try await call(method, parameters, in: chat, as: Sent.self).id)" }
        let upload = TelegramAPI.Upload(
            field: kind.field,
            name: file.name,
            mediaType: kind.mediaType,
            descriptor: file.descriptor,
            size: file.size
        )
        let deadline = Self.uploadDeadline + file.transferTime
        return "\(try await call(method, parameters, upload, within: deadline, in: chat, as: Sent.self).id)"
    }

    /// Calls a method of a chat within its rates; once more when the chat has moved.
    private func call<Result: Decodable & Sendable>(
        _ method: String,
        _ parameters: [String: JSONValue],
        _ upload: TelegramAPI.Upload? = nil,
        within deadline: Duration = .seconds(25),
        in chat: Int64,
        as type: Result.Type = JSONValue.self
    ) async throws(TelegramFailure) -> Result {
        let chat = newIDs.withLock { $0[chat] } ?? chat
        do {
            return try await callOnce(method, parameters, upload, deadline, chat, type)
        } catch {
            guard case .moved(let new) = error.code, new != chat else { throw error }
            newIDs.withLock { $0[chat] = new }
            await moved(chat, new)
            return try await callOnce(method, parameters, upload, deadline, new, type)
        }
    }

    private func callOnce<Result: Decodable & Sendable>(
        _ method: String,
        _ parameters: [String: JSONValue],
        _ upload: TelegramAPI.Upload?,
        _ deadline: Duration,
        _ chat: Int64,
        _ type: Result.Type
    ) async throws(TelegramFailure) -> Result {
        try await gate.pass(chat)
        var parameters = parameters
        parameters["chat_id"] = .integer(chat)
        do {
            return try await api.call(method, parameters, upload: upload, deadline: deadline, as: type)
        } catch {
            if case .tooMany(let pause) = error.code {
                gate.hold(chat, for: pause)
                health.limited(for: pause)
            }
            throw error
        }
    }
}
