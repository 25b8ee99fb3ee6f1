package import ChannelKit
import ChannelNetwork
import ChatMarkdown
import Core

/// The platform Loop by the shortest adapter that a host takes: begin with a copy of this file.
///
/// `HostOptions.platforms = BuiltInChannels.all + [ShortPlatform(server: LoopServer())]` is all it takes to add it;
/// ``LoopPlatform`` does all that an adapter can. On purpose the two repeat each other: each is read alone.
package struct ShortPlatform: ChannelPlatform {
    package let channel = LoopChannel.name
    package let title = "Short"
    package let fields = [ChannelField("token", "the token of the account", isSecret: true)]
    let server: LoopServer

    package func identify(_ values: ChannelValues, _: ChannelTools) async throws(ChannelSetupError) -> ChannelIdentity {
        do {
            let me = try await server.me(values["token"])
            return ChannelIdentity(account: me.id, title: "@\(me.name)")
        } catch {
            throw ChannelSetupError(.refused, "token: Loop does not know it; take the one that its tests name")
        }
    }

    package func adapter(_ account: ChannelAccount, _ tools: ChannelTools) -> any ChannelAdapter {
        ShortChannel(server: server, me: account.identity.account, token: account.values["token"], tools: tools)
    }
}

/// Text both ways; what else people do is said in words or left out.
final class ShortChannel: ChannelAdapter {
    let channel = LoopChannel.name
    var account: String? { me }
    let capabilities = ChannelCapabilities(
        idempotencyKeys: true,
        typing: false,
        echoes: true,
        text: TextRules(limit: LoopServer.longestText, unit: .utf16, dialect: .markdown)
    )
    var health: ChannelHealth { keeper.health }
    private let server: LoopServer
    private let me: String
    private let token: String
    private let tools: ChannelTools
    private let keeper: HealthKeeper

    init(server: LoopServer, me: String, token: String, tools: ChannelTools) {
        self.server = server
        self.me = me
        self.token = token
        self.tools = tools
        keeper = HealthKeeper(transport: "long poll", time: tools.time)
    }

    func run(_ inbox: any ChannelInbox) async throws {
        var backoff = Backoff(floor: .milliseconds(100), ceiling: .seconds(30))
        var next = try await tools.state.value("next").flatMap(Int.init) ?? 0
        while true {
            do {
                _ = try await server.me(token)
                keeper.heard()
                for update in try await server.updates(token, from: next) {
                    if case .written(let message) = update.what { try await take(message, inbox) }
                    // Only what the host has is confirmed, and only in order.
                    next = update.number + 1
                    try await tools.state.set("next", "\(next)")
                }
                backoff.succeeded(at: tools.time.monotonic)
            } catch {
                try Task.checkCancellation()
                keeper.lost((error as? LoopRefusal)?.words ?? "what Loop has told could not be taken: \(error)")
                // Throws when the account is stopped: the one way out.
                try await tools.time.sleep(for: backoff.failed(at: tools.time.monotonic))
            }
        }
    }

    private func take(_ message: LoopMessage, _ inbox: any ChannelInbox) async throws {
        guard message.sender.id != me else { return tools.echoes.saw(message.id) }
        let mention = "@\(LoopServer.account.name) "
        let isMention = message.text.hasPrefix(mention)
        let notes = message.files.map { "\n[file \($0.name) was not fetched: this channel brings text alone]" }
        let text = (isMention ? String(message.text.dropFirst(mention.count)) : message.text) + notes.joined()
        let quote = message.replyTo.map { ChatContent.Quote(platformMessageID: $0.id, isFromAgent: $0.isAccounts) }
        let event = InboundEvent(
            address: ChatAddress(channel: channel, platformID: "loop:\(me):\(message.chat)"),
            platformMessageID: message.id,
            sentAt: message.at,
            senderNativeID: message.sender.id,
            senderName: message.sender.name,
            isBot: message.sender.isBot,
            content: ChatContent(text: text, sender: message.sender.name, replyTo: quote),
            isMention: isMention || !message.isGroup,
            isGroup: message.isGroup,
            repliesToAgent: message.replyTo?.isAccounts ?? false
        )
        try await inbox.accept(event)
    }

    func deliver(_ message: OutboundMessage) async throws(ChannelError) -> SentMessage {
        let (address, prefix) = (message.address.platformID, "loop:\(me):")
        guard address.hasPrefix(prefix) else {
            throw ChannelError(.rejected, "\(message.address) is no chat of this account")
        }
        let chat = String(address.dropFirst(prefix.count))
        let parts = OutgoingParts(message, for: capabilities)
        return try await parts.send(from: message.partsDone, time: tools.time) { part throws(PartFailure) in
            guard case .text(let text) = part.content else {
                throw .failed(ChannelError(.rejected, "this channel takes text alone"))
            }
            var draft = LoopDraft(chat: chat, quotes: part.quotes, key: part.idempotencyKey)
            draft.text = text.rendered
            draft.isFormatted = !text.isPlain
            draft.hasPreviews = false
            do throws(LoopRefusal) {
                return try await server.send(token, draft)
            } catch {
                if case .tooMany(let seconds) = error { keeper.limited(for: .seconds(seconds)) }
                throw error.failure
            }
        }
    }

    func setTyping(_ address: ChatAddress) async {}
    func openDM(_ user: UserID) async throws -> ChatAddress? { nil }
}
