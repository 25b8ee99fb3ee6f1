package import ChannelKit
import ChannelNetwork
import ChatMarkdown
package import Core

/// An account of the platform Loop: all that an adapter must do, in its shortest form; ``LoopReader`` reads what comes.
package final class LoopChannel: ChannelAdapter {
    package static let name = "loop"

    package let channel = LoopChannel.name
    package let account: String?
    package let capabilities = ChannelCapabilities(
        threads: true,
        edits: true,
        reactions: true,
        idempotencyKeys: true,
        files: true,
        buttons: true,
        drafts: .edits(every: .seconds(1)),
        echoes: true,
        text: TextRules(limit: LoopServer.longestText, unit: .utf16, dialect: .markdown),
        largestFile: LoopServer.largestFile
    )
    package var health: ChannelHealth { keeper.health }

    private let server: LoopServer
    private let token: String
    private let tools: ChannelTools
    private let keeper: HealthKeeper
    private let reader: LoopReader

    package init(server: LoopServer, account: ChannelAccount, tools: ChannelTools) {
        self.server = server
        self.account = account.identity.account
        self.tools = tools
        token = account.values["token"]
        keeper = HealthKeeper(transport: "long poll", time: tools.time)
        reader = LoopReader(account: account.identity.account, tools: tools)
    }

    // MARK: - In

    package func run(_ inbox: any ChannelInbox) async throws {
        var backoff = Backoff(floor: .milliseconds(100), ceiling: .seconds(30))
        var next = try await tools.state.value("next").flatMap(Int.init) ?? 0
        while true {
            do {
                _ = try await server.me(token)
                keeper.heard()
                for update in try await server.updates(token, from: next) {
                    try await take(update, inbox)
                    // Only what the host has is confirmed, and only in order.
                    next = update.number + 1
                    try await tools.state.set("next", "\(next)")
                }
                backoff.succeeded(at: tools.time.monotonic)
            } catch {
                try Task.checkCancellation()
                keeper.lost((error as? LoopRefusal)?.words ?? "what Loop has told could not be taken: \(error)")
                try await tools.time.sleep(for: backoff.failed(at: tools.time.monotonic))
            }
        }
    }

    private func take(_ update: LoopUpdate, _ inbox: any ChannelInbox) async throws {
        switch try await reader.read(update) {
        case .event(let event):
            do { try await inbox.accept(event) } catch {
                await tools.media.remove(event.attachments)
                throw error
            }
            await tools.media.remove(event.attachments)
        case .change(let change): try await inbox.note(change)
        case .answer(let answer):
            if case .refused(let words) = try await inbox.answer(answer) { await server.tell(words) }
        case .own(let id): tools.echoes.saw(id)
        case .nothing: break
        }
    }

    // MARK: - Out

    package func deliver(_ message: OutboundMessage) async throws(ChannelError) -> SentMessage {
        guard let chat = reader.chat(message.address) else {
            throw ChannelError(.rejected, "\(message.address) is no chat of this account")
        }
        let parts = OutgoingParts(message, for: capabilities)
        return try await parts.send(from: message.partsDone, time: tools.time) { part throws(PartFailure) in
            do {
                return try await send(part, to: chat, message.address.thread)
            } catch {
                throw failure(error)
            }
        }
    }

    private func send(_ part: OutgoingParts.Part, to chat: String, _ thread: String?) async throws -> String? {
        var draft = LoopDraft(chat: chat, thread: thread, quotes: part.quotes, key: part.idempotencyKey)
        switch part.content {
        case .text(let text):
            draft.text = text.rendered
            draft.isFormatted = !text.isPlain
            draft.hasPreviews = false
            draft.buttons = text.card.map(reader.buttons) ?? []
        case .file(let file): draft.file = (file.name, try await FileDigest.bytes(of: file))
        case .edit(let id, let text):
            try await server.edit(token, id, to: text.rendered, isFormatted: !text.isPlain)
            return id
        case .reaction(let id, let emoji):
            try await server.react(token, id, emoji)
            return nil
        }
        return try await server.send(token, draft)
    }

    private func failure(_ error: any Error) -> PartFailure {
        guard let refusal = error as? LoopRefusal else {
            return .failed(ChannelError(.transient, "a file could not be read", cause: error))
        }
        if case .tooMany(let seconds) = refusal { keeper.limited(for: .seconds(seconds)) }
        return refusal.failure
    }

    package func setTyping(_ address: ChatAddress) async { await show(true, address) }

    package func endTyping(_ address: ChatAddress) async { await show(false, address) }

    private func show(_ isTyping: Bool, _ address: ChatAddress) async {
        if let chat = reader.chat(address) { await server.setTyping(isTyping, in: chat) }
    }

    package func openDM(_ user: UserID) async throws -> ChatAddress? {
        guard user.channel == channel else { return nil }
        return try await server.openDM(token, user.native).map { reader.address($0) }
    }

    package func isNativeID(_ text: String) -> Bool { Int(text) != nil }
}
