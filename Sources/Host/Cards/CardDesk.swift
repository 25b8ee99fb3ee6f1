import CentralStore
import ChannelKit
import Core
import GRDB
import Logging
import Synchronization

/// Opens cards in people's chats, takes their answers and tells each chat how its card ended.
///
/// Every step is a row before it is an act, so that a host that starts goes on where the last one ended. An answer is a
/// button's event or, on every channel, a message that is nothing but a number.
final class CardDesk: Sendable {
    private let central: CentralStore
    private let sender: CardSender
    private let notices: NoticeSender
    private let time: any TimeSource
    private let logger: Logger
    private let owners = Mutex<[String: any CardOwner]>([:])

    /// How long an answer to a card that nobody answered in time is recognised as one.
    private static let lateAnswers: Duration = .seconds(600)
    /// Platforms that tell time in whole seconds cut this much off.
    private static let cutOff: Duration = .milliseconds(999)

    init(central: CentralStore, sender: CardSender, notices: NoticeSender, time: any TimeSource, logger: Logger) {
        self.central = central
        self.sender = sender
        self.notices = notices
        self.time = time
        self.logger = logger
        sender.refused.set { [weak self] row in await self?.wasRefused(row) }
    }

    private func wasRefused(_ row: CardRow) async {
        guard let card = known(row) else { return }
        await owner(card)?.wasRefused(card.open)
    }

    /// Registers whoever answers for the cards of a purpose.
    func register(_ owner: any CardOwner, for purpose: String) { owners.withLock { $0[purpose] = owner } }

    // MARK: - Opening and closing

    /// Writes a card in the caller's transaction; ``send(_:)`` after it is committed.
    func insert(_ new: NewCard, _ db: Database) throws -> CardID {
        var card = new.card
        guard let code = CardCode.free(besides: try CardRow.codes(in: new.address, db)) else {
            throw HostError(.unavailable, "\(new.address) has \(CardCode.count) open cards: answer some first")
        }
        card.code = code
        try CardRow(
            id: card.id,
            purpose: new.purpose,
            subject: new.subject,
            address: new.address,
            code: code,
            agentName: new.agentName,
            content: try JSONText.encode(card),
            expiresAt: card.expiresAt,
            createdAt: time.now
        ).insert(db)
        return card.id
    }

    /// Sends a card that was written, or tells how it ended; in the background, as often as it takes.
    func send(_ card: CardID) { sender.attend(card) }

    /// Returns once nothing is under way for the card.
    func finished(_ card: CardID) async { await sender.finished(card) }

    /// Ends every card about this, and tells their chats; `isLapsed` when nobody answered in time.
    func close(purpose: String, subject: String, outcome: String, isLapsed: Bool = false) async throws {
        let now = time.now
        let closed = try await central.write(changesRouting: false) { db in
            try CardRow.close(
                purpose: purpose,
                subject: subject,
                outcome: outcome,
                isLapsed: isLapsed,
                now: now,
                db
            )
        }
        for card in closed { send(card) }
    }

    /// Goes on with what an earlier host left.
    func recover() async throws {
        for row in try await central.read(CardRow.unfinished) { send(row.id) }
    }

    // MARK: - Answers

    /// Takes a message that answers a card; false for one that is an ordinary message.
    func take(_ event: InboundEvent) async throws -> Bool {
        guard let (reply, user) = reply(in: event) else { return false }
        let source = Self.source(event.address, event.dedupKey)
        if try await earlier(source) != nil { return true }
        let cards = try await openCards(in: event.address)
        let fitting = cards.filter { reply.fits($0.card) }
        if let code = reply.code {
            guard let card = fitting.first(where: { $0.card.code == code }) else { return false }
            return try await settle(card, reply, user, event, source)
        }
        var mine: [KnownCard] = []
        for card in fitting where card.wasSeen(at: event.sentAt) {
            if try await owner(card)?.mayAnswer(card.open, user) == true {
                mine.append(card)
            } else {
                refused(card, user, "a message with its number")
            }
        }
        guard let only = mine.first else { return fitting.isEmpty ? try await isLate(reply, user, event) : false }
        guard mine.count == 1 else {
            // No time between two cards proves which of them was read.
            let ways = mine.prefix(8).map { "\(reply.number) \($0.card.code) for \"\($0.card.title)\"" }
            notices.send(
                "Several cards are open: answer \(ways.joined(separator: ", or ")).",
                to: event.address,
                as: only.row.agentName
            )
            return true
        }
        return try await settle(only, reply, user, event, source)
    }

    /// Takes a message for the answer to this card; of somebody who may not give it, it stays an ordinary message.
    private func settle(
        _ card: KnownCard,
        _ reply: CardReply,
        _ user: UserID,
        _ event: InboundEvent,
        _ source: String
    ) async throws -> Bool {
        guard try await owner(card)?.mayAnswer(card.open, user) == true else {
            refused(card, user, "a message with its number and code")
            return false
        }
        let receipt = try await decide(card, card.card.choices[reply.number - 1], reply.note, user, source)
        if case .refused(let why) = receipt { notices.send(why, to: event.address, as: card.row.agentName) }
        return true
    }

    /// True when ``take(_:)`` would take it, as far as can be told without deciding anything.
    func wouldTake(_ event: InboundEvent) async throws -> Bool {
        guard let (reply, user) = reply(in: event) else { return false }
        for card in try await openCards(in: event.address) where reply.fits(card.card) {
            guard reply.code.map({ $0 == card.card.code }) ?? card.wasSeen(at: event.sentAt) else { continue }
            if try await owner(card)?.mayAnswer(card.open, user) == true { return true }
        }
        return false
    }

    /// Takes the press of a button.
    func answer(_ answer: CardAnswer) async throws -> CardReceipt {
        guard let native = answer.senderNativeID, !native.isEmpty else {
            logger.warning("An answer without a sender was refused", metadata: ["card": "\(answer.card)"])
            return .refused("The platform does not say who you are.")
        }
        let user = UserID(channel: answer.address.channel, native: native)
        let row = try await central.read { db in try CardRow.fetchOne(db, key: answer.card) }
        guard let row, let card = known(row), row.address.chat == answer.address.chat else {
            logger.warning(
                "An answer to no card of this chat was refused",
                metadata: ["card": "\(answer.card)", "user": "\(user)", "chat": "\(answer.address)"]
            )
            return .refused("There is no such card here.")
        }
        guard !answer.isBot else {
            refused(card, user, "a program's press")
            return .refused("Programs may not answer.")
        }
        let source = Self.source(answer.address, answer.dedupKey)
        if let earlier = try await earlier(source) {
            return earlier.isTaken ? .taken : .refused("You may not answer this.")
        }
        guard row.state == .open || row.state == .unsent else {
            return .refused(row.outcome.map { "This is decided: \($0)" } ?? "This is decided.")
        }
        guard let option = answer.option(of: card.card) else {
            refused(card, user, "an answer that it does not have")
            return .refused("The card has no such answer.")
        }
        return try await decide(card, option, answer.note, user, source)
    }

    private func decide(
        _ card: KnownCard,
        _ option: CardOption,
        _ note: String?,
        _ user: UserID,
        _ source: String
    ) async throws -> CardReceipt {
        let choice = CardChoice(
            value: option.value,
            note: option.takesNote ? note : nil,
            user: user,
            source: source,
            card: card.card.id,
            time: time.now
        )
        guard let owner = owner(card), try await owner.mayAnswer(card.open, user) else {
            refused(card, user, "an answer")
            try await central.write(changesRouting: false) { db in try choice.record(isTaken: false, db) }
            return .refused("You may not answer this.")
        }
        if let end = card.card.expiresAt, time.now >= end { return .refused("It is too late: the card has expired.") }
        let receipt = try await owner.answer(card.open, choice)
        try await central.write(changesRouting: false) { db in
            try choice.record(isTaken: receipt == .taken, db)
        }
        return receipt
    }

    // MARK: - Finding

    private struct KnownCard {
        let row: CardRow
        let card: Card
        var open: OpenCard { OpenCard(card: card, subject: row.subject, address: row.address) }

        /// True when the card stood in its chat before this: a number without a code cannot mean one that nobody saw.
        func wasSeen(at time: Timestamp) -> Bool {
            row.state == .open && row.sentAt.map { $0 <= time + CardDesk.cutOff } ?? false
        }
    }

    private func reply(in event: InboundEvent) -> (CardReply, UserID)? {
        guard !event.isBot, event.attachments.isEmpty, let native = event.senderNativeID, !native.isEmpty,
            let reply = CardReply(event.content.text), reply.code != nil || !event.requiresCode
        else { return nil }
        return (reply, UserID(channel: event.address.channel, native: native))
    }

    private func openCards(in chat: ChatAddress) async throws -> [KnownCard] {
        let rows = try await central.read { db in try CardRow.open(in: chat, db) }
        return rows.compactMap(known)
    }

    private func known(_ row: CardRow) -> KnownCard? {
        guard let card = try? JSONText.decode(Card.self, row.content) else { return nil }
        return KnownCard(row: row, card: card)
    }

    private func owner(_ card: KnownCard) -> (any CardOwner)? { owners.withLock { $0[card.row.purpose] } }

    /// What the same event came to before.
    private func earlier(_ source: String) async throws -> CardAnswerRow? {
        try await central.read { db in try CardAnswerRow.fetchOne(db, key: source) }
    }

    /// An answer to a card that has just ended by itself wakes nobody.
    private func isLate(_ reply: CardReply, _ user: UserID, _ event: InboundEvent) async throws -> Bool {
        let since = time.now - Self.lateAnswers
        let lapsed = try await central.read { db in try CardRow.lapsed(in: event.address, since: since, db) }
        let fitting = lapsed.compactMap(known).first { reply.fits($0.card) }
        guard let card = fitting, try await owner(card)?.mayAnswer(card.open, user) == true else { return false }
        notices.send(
            "\"\(card.card.title)\" has expired: your answer came too late and was given to nobody.",
            to: event.address,
            as: card.row.agentName
        )
        return true
    }

    private static func source(_ address: ChatAddress, _ key: String) -> String { "\(address.chat)|\(key)" }

    private func refused(_ card: KnownCard, _ user: UserID, _ what: String) {
        logger.warning(
            "An answer was refused: this person may not give it",
            metadata: [
                "card": "\(card.card.id)", "subject": "\(card.row.subject)", "user": "\(user)", "what": "\(what)",
            ]
        )
    }
}
