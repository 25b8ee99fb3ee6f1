import ChannelKit
import Core
import Logging

extension EventDesk {
    /// A new text; counts only when it comes from whoever wrote the message.
    func edit(_ target: String, _ content: MessageContent, _ event: RoomEvent, _ context: Context) async throws {
        var original: RoomEvent?
        try await session.insist("looking up an edited message") {
            do {
                original = try await session.client.event(target, in: context.room.room)
            } catch let error as MatrixError where !error.code.mayPass {
                original = nil
            }
        }
        // What came encrypted is changed only by what comes encrypted: a server can write anything in clear.
        guard let original, original.sender == event.sender,
            original.type != "m.room.encrypted" || context.isEncrypted
        else {
            return session.logger.info("An edit is not by the message's author", metadata: ["event": "\(event.id)"])
        }
        let thread = original.relation.thread
        try await note(.edited(platformMessageID: target, text: content.text), thread, event, context) { change in
            change.isMention = content.mentionsMe || context.room.isForTwo
            change.isBot = content.isNotice
        }
    }

    /// An emoji on a message: the answer to a card, when it is a number on one.
    func react(_ target: String, _ key: String, _ event: RoomEvent, _ context: Context) async throws {
        var card: CardID?
        var thread: String?
        try await session.insist("looking up a message") {
            card = try await session.store.card(shownBy: target).flatMap(CardID.init(rawValue:))
            thread = try await session.store.thread(of: target)
        }
        if let card, let number = Keycap.number(key) {
            // Reactions are never encrypted: whoever has the server could write one in anybody's name.
            guard !context.room.isEncrypted else {
                let words = "In an encrypted room a reaction decides nothing: write the number."
                return await tell(words, about: target, thread, event, context)
            }
            return try await answer(card, number, target, thread, event, context)
        }
        try await session.insist("keeping a reaction") {
            try await session.store.keep(reaction: event.id, target: target, emoji: key, at: session.tools.time.now)
        }
        try await note(.reaction(platformMessageID: target, emoji: key, isAdded: true), thread, event, context)
    }

    private func answer(
        _ card: CardID,
        _ number: Int,
        _ target: String,
        _ thread: String?,
        _ event: RoomEvent,
        _ context: Context
    ) async throws {
        let answer = CardAnswer(
            card: card,
            choice: .index(number - 1),
            address: session.address(context.room.room, thread: thread),
            senderNativeID: event.sender,
            platformMessageID: target,
            dedupKey: event.id
        )
        var receipt = CardReceipt.taken
        try await session.insist("handing over an answer") { receipt = try await inbox.answer(answer) }
        guard case .refused(let words) = receipt else { return }
        await tell(words, about: target, thread, event, context)
    }

    /// Says something to whoever reacted.
    private func tell(
        _ words: String,
        about target: String,
        _ thread: String?,
        _ event: RoomEvent,
        _ context: Context
    ) async {
        await sender.tell(
            words,
            to: event.sender,
            in: context.room.room,
            thread: thread,
            about: target,
            transaction: "refused-\(event.id.filter { $0.isLetter || $0.isNumber }.prefix(40))"
        )
    }

    /// Something was taken back: a reaction, or a message.
    func redact(_ target: String, _ event: RoomEvent, _ context: Context) async throws {
        var reaction: (target: String, emoji: String)?
        var thread: String?
        try await session.insist("looking up what was taken back") {
            reaction = try await session.store.reaction(target)
            thread = try await session.store.thread(of: reaction?.target ?? target)
        }
        if let reaction {
            let kind = ChatChange.Kind.reaction(
                platformMessageID: reaction.target,
                emoji: reaction.emoji,
                isAdded: false
            )
            return try await note(kind, thread, event, context)
        }
        try await session.insist("forgetting a message") { try await session.store.drop(pending: target) }
        try await note(.deleted(platformMessageID: target), thread, event, context)
    }

    /// Everybody goes on in another room; the account follows.
    func move(to replacement: String, _ event: RoomEvent, _ context: Context) async throws {
        var known: RoomRecord?
        try await session.insist("reading a room") { known = try await session.store.room(replacement) }
        if known?.isJoined == true {
            _ = try await succession.settle(
                replacement,
                after: context.room.room,
                by: event.sender,
                isGroup: !context.room.isForTwo
            )
            return
        }
        let next = PendingInvite(
            room: replacement,
            inviter: event.sender,
            isDirect: context.room.isForTwo,
            succeeds: context.room.room
        )
        try await session.insist("keeping a room's successor") {
            try await session.store.keep(next, at: session.tools.time.now)
        }
    }

    /// The account came into a room or left it.
    func membership(_ isMember: Bool, _ event: RoomEvent?, _ room: RoomRecord) async throws {
        let change = ChatChange(
            .membership(isMember: isMember),
            address: session.address(room.room),
            isGroup: !room.isForTwo,
            senderNativeID: event?.sender,
            dedupKey: event?.id ?? "membership-\(isMember)-\(session.tools.time.now.milliseconds)",
            at: event?.sentAt ?? session.tools.time.now
        )
        try await session.insist("handing over a membership") { try await inbox.note(change) }
    }

    private func note(
        _ kind: ChatChange.Kind,
        _ thread: String?,
        _ event: RoomEvent,
        _ context: Context,
        _ adjust: (inout ChatChange) -> Void = { _ in }
    ) async throws {
        var change = ChatChange(
            kind,
            address: session.address(context.room.room, thread: thread),
            isGroup: !context.room.isForTwo,
            senderNativeID: event.sender,
            senderName: context.name,
            dedupKey: event.id,
            at: event.sentAt
        )
        adjust(&change)
        let ready = change
        try await session.insist("handing over a change") { try await inbox.note(ready) }
    }
}
