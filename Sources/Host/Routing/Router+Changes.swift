package import ChannelKit
import Core
import Logging
import SessionStoreHost

extension Router {
    /// Takes what became of an earlier message, or of a chat.
    ///
    /// A new text wakes the agents that have the message; one that no agent has is a message of its own, because the
    /// change may have addressed the agent. What was deleted and how somebody reacted wakes nobody: it stands before the
    /// next message of the conversations that have the message.
    package func note(_ change: ChatChange) async throws {
        func content(_ kind: ChatContent.Change.Kind, _ id: String, _ text: String) -> ChatContent {
            ChatContent(text: text, change: .init(kind: kind, platformMessageID: id))
        }
        switch change.kind {
        case .edited(let id, let text):
            let event = event(change, content(.edited, id, text), about: id)
            if try await !tell(event, about: id, as: .deliver) { try await accept(event) }
        case .deleted(let id):
            _ = try await tell(event(change, content(.deleted, id, ""), about: id), about: id, as: .accumulate)
        case .reaction(let id, let emoji, let isAdded):
            let content = content(isAdded ? .reaction : .reactionRemoved, id, emoji)
            _ = try await tell(event(change, content, about: id), about: id, as: .accumulate)
        case .membership(let isMember):
            logger.notice(
                isMember ? "The agent was brought into a chat" : "The agent left a chat",
                metadata: ["chat": "\(change.address)", "by": "\(change.senderNativeID ?? "")"]
            )
        case .moved(let platformID):
            let moved = ChatAddress(channel: change.address.channel, platformID: platformID)
            try await central.moveChat(change.address, to: moved)
        }
    }

    /// The numbers that messages of this conversation have for the agent, in place of the platform's ids.
    func number(_ content: inout ChatContent, at address: ChatAddress, in handle: SessionHandle) async throws {
        if let quoted = content.replyTo?.platformMessageID {
            content.replyTo?.seq = try await handle.store.message(platformID: quoted, in: address.chat)?.seq
        }
        if let changed = content.change?.platformMessageID {
            content.change?.seq = try await handle.store.message(platformID: changed, in: address.chat)?.seq
        }
    }

    private func event(_ change: ChatChange, _ content: ChatContent, about id: String) -> InboundEvent {
        InboundEvent(
            address: change.address,
            platformMessageID: id,
            dedupKey: change.dedupKey,
            sentAt: change.at,
            senderNativeID: change.senderNativeID,
            senderName: change.senderName,
            isBot: change.isBot,
            content: content,
            isMention: change.isMention || !change.isGroup,
            isGroup: change.isGroup
        )
    }

    /// Adds a row to each conversation that has the message; false when none has.
    private func tell(_ event: InboundEvent, about id: String, as outcome: RouteOutcome) async throws -> Bool {
        let (event, sender, channelHasThreads) = normalised(event)
        let facts = try await routes.facts(event, sender: sender, channelHasThreads: channelHasThreads)
        guard let chat = facts.chat else { return false }
        let origin = Origin(sender: sender, channelHasThreads: channelHasThreads)
        var isKnown = false
        for decision in RouteDecider.hearers(event, facts) {
            guard let session = try await sessions.existing(key(decision, event, origin, chat)) else { continue }
            let handle = try await sessions.session(session)
            guard try await handle.store.message(platformID: id, in: event.address.chat) != nil else { continue }
            var decision = decision
            decision.outcome = outcome
            isKnown = true
            try await store(decision, event, origin, chat)
        }
        return isKnown
    }
}
