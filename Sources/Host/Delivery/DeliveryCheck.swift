import CentralStore
import ChannelAccounts
import ChannelKit
import Core
import SessionStore
import SessionStoreHost

/// What a row that a sandbox wrote comes to when the host looks at it.
enum CheckedRow: Sendable {
    case send(ChatAddress, OutboundMessage.Body)
    /// Something for the host to do, if it will.
    case act(OutboundAction)
    /// To another agent, which the courier decides on.
    case forward(AgentGroupID, OutboundChat)
    /// Nothing to send; why the agent is refused.
    case refuse(String)
}

/// Decides for each row whether it may go where it wants to: authority is the host's, at this moment.
struct DeliveryCheck: Sendable {
    let central: CentralStore
    let registry: ChannelRegistry

    /// Checks a recorded row against destinations and the channel's capabilities, and opens its files.
    ///
    /// Throws when a store does not answer; the row then waits.
    func check(_ delivery: Delivery, of handle: SessionHandle) async throws -> CheckedRow {
        let content: OutboundContent
        do {
            content = try OutboundContent(kind: delivery.kind, json: delivery.content.utf8)
        } catch {
            return .refuse("the row's content cannot be read: \(error)")
        }
        switch content {
        case .chat(let chat): return try await checkChat(chat, delivery, handle)
        case .edit(let edit):
            return try await checkReference(edit.seq, delivery, handle, ownOnly: true) {
                .edit(platformMessageID: $0, text: edit.text)
            }
        case .reaction(let reaction):
            return try await checkReference(reaction.seq, delivery, handle, ownOnly: false) {
                .reaction(platformMessageID: $0, emoji: reaction.emoji)
            }
        case .system(let action):
            return .act(action)
        }
    }

    private func checkChat(
        _ chat: OutboundChat,
        _ delivery: Delivery,
        _ handle: SessionHandle
    ) async throws -> CheckedRow {
        guard var address = delivery.address else { return .refuse("the row names no destination") }
        if address.channel == ChatAddress.agents {
            guard let target = address.agentGroup else {
                return .refuse("\"\(address.platformID.prefix(80))\" is no agent group")
            }
            return .forward(target, chat)
        }
        // What the host itself tells somebody is no claim of a sandbox.
        if delivery.seq != 0, let refusal = try await refusal(of: &address, delivery, handle) {
            return .refuse(refusal)
        }
        var text = chat.text
        var files: [OutboundFile] = []
        let takesFiles = registry.adapter(for: address)?.capabilities.files ?? true
        for name in chat.files {
            do {
                guard takesFiles else {
                    text += "\n[The file \(name) stays here: channel \(address.channel) takes no files.]"
                    continue
                }
                let file = try await handle.store.openOutboxFile(message: delivery.message, name: name)
                files.append(OutboundFile(name: file.name, descriptor: file.descriptor, size: file.size))
            } catch let error as SessionStore.StoreError where error.code == .inputOutput {
                // The file is there, and can be read when this has passed.
                throw error
            } catch {
                text += "\n[The file \(name) could not be attached: \(error)]"
            }
        }
        if let card = chat.card {
            if let fault = card.fault { return .refuse(fault) }
            if registry.adapter(for: address)?.capabilities.buttons == true, files.isEmpty {
                let links = card.links.map { CardOption(label: $0.label, value: "", url: $0.url) }
                return .send(address, .card(Card(title: card.title, body: card.body, options: links)))
            }
        }
        guard !text.isEmpty || !files.isEmpty else { return .refuse("the message is empty") }
        return .send(address, .text(text, files: files))
    }

    /// Why this row may not go there; nil when it may.
    private func refusal(
        of address: inout ChatAddress,
        _ delivery: Delivery,
        _ handle: SessionHandle
    ) async throws -> String? {
        if let origin = handle.origin, origin.chat == address.chat {
            // A session of one thread speaks in that thread.
            if handle.mode == .perThread { address.thread = origin.thread }
        } else {
            var isAllowed = try await central.mayReach(address, from: handle.agentGroup)
            if !isAllowed { isAllowed = try await handle.store.knowsChat(address.chat) }
            guard isAllowed else {
                return "\(address) is neither this conversation's chat nor one of the agent's destinations"
            }
        }
        guard let inReplyTo = delivery.inReplyTo else { return nil }
        var answered = handle.origin(of: inReplyTo)?.address
        if answered == nil { answered = try await handle.store.inbound([inReplyTo])[inReplyTo]?.address }
        guard let answered, answered.chat != address.chat else { return nil }
        return "it answers a message of \(answered) but goes to \(address)"
    }

    private func checkReference(
        _ seq: Int64,
        _ delivery: Delivery,
        _ handle: SessionHandle,
        ownOnly: Bool,
        _ body: (String) -> OutboundMessage.Body
    ) async throws -> CheckedRow {
        guard let target = try await handle.store.platformMessage(seq: seq) else {
            if let target = try await handle.store.delivery(seq: seq),
                target.state == .failed || target.state == .unknown
            {
                return .refuse("message \(seq) was not delivered: \(target.error ?? target.state.rawValue)")
            }
            return .refuse("there is no message \(seq) with an id of its platform")
        }
        guard target.isOwn || !ownOnly else { return .refuse("message \(seq) is not the agent's own") }
        guard target.address.channel != ChatAddress.agents else {
            return .refuse("message \(seq) is between agents: those take neither edits nor reactions")
        }
        let capabilities = registry.adapter(for: target.address)?.capabilities
        let body = body(target.platformMessageID)
        switch body {
        case .edit where capabilities?.edits == false:
            return .refuse("channel \(target.address.channel) cannot edit messages")
        case .reaction where capabilities?.reactions == false:
            return .refuse("channel \(target.address.channel) has no reactions")
        default: return .send(target.address, body)
        }
    }
}
