import ChannelKit
import Core

/// Reads what Loop tells, for one account.
struct LoopReader: Sendable {
    /// What an update is to the host.
    enum Reading: Sendable {
        case event(InboundEvent)
        case change(ChatChange)
        case answer(CardAnswer)
        /// A message of the account's own.
        case own(String)
        case nothing
    }

    let account: String
    let tools: ChannelTools

    func address(_ chat: String, thread: String? = nil) -> ChatAddress {
        ChatAddress(channel: LoopChannel.name, platformID: "loop:\(account):\(chat)", thread: thread)
    }

    /// The platform's own name of a chat; nil for one of another account.
    func chat(_ address: ChatAddress) -> String? {
        let prefix = "loop:\(account):"
        guard address.channel == LoopChannel.name, address.platformID.hasPrefix(prefix) else { return nil }
        return String(address.platformID.dropFirst(prefix.count))
    }

    func buttons(_ card: Card) -> [LoopButton] {
        var choice = -1
        return card.options.map { option in
            if option.url == nil { choice += 1 }
            let data = option.url == nil ? card.button(choice) : nil
            return LoopButton(label: option.label, data: data, url: option.url)
        }
    }

    func read(_ update: LoopUpdate) async throws -> Reading {
        switch update.what {
        case .written(let message):
            return message.sender.id == account ? .own(message.id) : .event(try await event(message))
        case .edited(let message):
            return change(.edited(platformMessageID: message.id, text: message.text), message, message.sender, update)
        case .deleted(let message, let person):
            return change(.deleted(platformMessageID: message.id), message, person, update)
        case .reacted(let message, let emoji, let isAdded, let person):
            guard person.id != account else { return .nothing }
            let kind = ChatChange.Kind.reaction(platformMessageID: message.id, emoji: emoji, isAdded: isAdded)
            return change(kind, message, person, update)
        case .pressed(let message, let data, let person):
            guard let choice = Card.choice(button: data) else { return .nothing }
            return .answer(
                CardAnswer(
                    card: choice.card,
                    choice: .index(choice.index),
                    address: address(message.chat, thread: message.thread),
                    senderNativeID: person.id,
                    platformMessageID: message.id,
                    dedupKey: update.event
                )
            )
        }
    }

    private func event(_ message: LoopMessage) async throws -> InboundEvent {
        // The platform writes a mention in front.
        let mention = "@\(LoopServer.account.name) "
        let isMention = message.text.hasPrefix(mention)
        var text = isMention ? String(message.text.dropFirst(mention.count)) : message.text
        var files: [InboundFile] = []
        for file in message.files {
            if file.bytes.count > tools.media.largest {
                text += "\n[file \(file.name) (\(file.bytes.count >> 10) KiB) was not fetched: it is too large]"
            } else {
                files.append(InboundFile(name: file.name, source: .file(try await tools.media.make(file.bytes).path)))
            }
        }
        let quote = message.replyTo.map { ChatContent.Quote(platformMessageID: $0.id, isFromAgent: $0.isAccounts) }
        return InboundEvent(
            address: address(message.chat, thread: message.thread),
            platformMessageID: message.id,
            sentAt: message.at,
            senderNativeID: message.sender.id,
            senderName: message.sender.name,
            isBot: message.sender.isBot,
            content: ChatContent(text: text, sender: message.sender.name, replyTo: quote),
            isMention: isMention || !message.isGroup,
            isGroup: message.isGroup,
            repliesToAgent: message.replyTo?.isAccounts ?? false,
            attachments: files
        )
    }

    private func change(
        _ kind: ChatChange.Kind,
        _ message: LoopMessage,
        _ person: LoopPerson,
        _ update: LoopUpdate
    ) -> Reading {
        .change(
            ChatChange(
                kind,
                address: address(message.chat, thread: message.thread),
                isGroup: message.isGroup,
                senderNativeID: person.id,
                senderName: person.name,
                dedupKey: update.event,
                at: update.at
            )
        )
    }
}
