import CentralStore
import ChannelAccounts
import ChannelKit
import Core
import GRDB
import LinuxIO
import Logging
import Synchronization

/// Brings each card to its platform, and its end; one card at a time has one worker, so that nothing overtakes.
final class CardSender: Sendable {
    private let central: CentralStore
    private let registry: ChannelRegistry
    private let tasks: TaskScope
    private let time: any TimeSource
    private let logger: Logger
    /// Is told of a card that its channel will never take.
    let refused = Late<@Sendable (CardRow) async -> Void>()
    private struct Work {
        /// There is more to do.
        var isAgain = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }
    private let busy = Mutex<[CardID: Work]>([:])

    /// What earlier attempts at one message came to.
    private struct Attempts {
        /// The message's key.
        var key = ""
        /// Parts that are with the platform.
        var parts = 0
        /// The first that has no known outcome.
        var openSince: Duration?
    }

    init(
        central: CentralStore,
        registry: ChannelRegistry,
        tasks: TaskScope,
        time: any TimeSource,
        logger: Logger
    ) {
        self.central = central
        self.registry = registry
        self.tasks = tasks
        self.time = time
        self.logger = logger
    }

    /// Does what the card's row says is to be done.
    func attend(_ card: CardID) {
        let isFirst = busy.withLock { busy in
            if busy[card] == nil {
                busy[card] = Work()
                return true
            }
            busy[card]?.isAgain = true
            return false
        }
        guard isFirst else { return }
        guard tasks.add({ await self.work(card) }) else { return end(busy.withLock { $0.removeValue(forKey: card) }) }
    }

    /// Returns once nothing is under way for the card.
    func finished(_ card: CardID) async {
        await withCheckedContinuation { continuation in
            let isIdle = busy.withLock { busy in
                busy[card]?.waiting.append(continuation)
                return busy[card] == nil
            }
            if isIdle { continuation.resume() }
        }
    }

    private func end(_ work: Work?) {
        for continuation in work?.waiting ?? [] { continuation.resume() }
    }

    private func work(_ card: CardID) async {
        var pause: Duration = .seconds(1)
        var attempts = Attempts()
        while !Task.isCancelled {
            busy.withLock { $0[card]?.isAgain = false }
            var isDone = false
            do {
                isDone = try await step(card, &attempts)
            } catch {
                logger.error("A card could not be kept", metadata: ["card": "\(card)", "error": "\(error)"])
            }
            if isDone {
                let (isOver, work) = busy.withLock { busy in
                    if busy[card]?.isAgain == true { return (false, Work?.none) }
                    return (true, busy.removeValue(forKey: card))
                }
                end(work)
                if isOver { return }
                continue
            }
            guard (try? await time.sleep(for: pause)) != nil else { break }
            pause = min(pause * 2, .seconds(60))
        }
        end(busy.withLock { $0.removeValue(forKey: card) })
    }

    /// One thing for one card; true when nothing is left to do.
    private func step(_ id: CardID, _ attempts: inout Attempts) async throws -> Bool {
        guard let row = try await central.read({ db in try CardRow.fetchOne(db, key: id) }) else { return true }
        let card = try JSONText.decode(Card.self, row.content)
        switch row.state {
        case .open, .closed: return true
        case .unsent:
            if let end = row.expiresAt, time.now >= end { return true }
            switch await deliver(.card(card), key: row.id.rawValue, row, &attempts) {
            case .sent(let sent):
                crashPoint("approval.card-sent")
                try await opened(row.id, sent.lastMessageID)
            case .later: return false
            case .never(let why):
                logger.warning("A card was refused by its channel", metadata: ["card": "\(id)", "error": "\(why)"])
                try await end(row, "Its channel refused it: \(why)")
                await refused.wrapped?(row)
            }
            return true
        case .closing:
            // Nobody has seen it, so nobody has to be told.
            guard row.sentAt != nil else {
                try await closed(row)
                return true
            }
            let outcome = row.outcome ?? ""
            let body: OutboundMessage.Body
            if let capabilities = registry.adapter(for: row.address)?.capabilities, capabilities.edits,
                let message = row.platformMessageID
            {
                let text = CardText.closed(card, outcome: outcome, for: capabilities)
                body = .edit(platformMessageID: message, text: text)
            } else {
                body = .text(CardText.told(card, outcome: outcome), files: [])
            }
            let answer = await deliver(body, key: "\(row.id.rawValue)-\(row.updatedAt.milliseconds)", row, &attempts)
            if case .later = answer, time.now < row.updatedAt + .seconds(24 * 3600) { return false }
            crashPoint("card.end-told")
            try await closed(row)
            return true
        }
    }

    private enum Answer {
        case sent(SentMessage)
        case later
        case never(String)
    }

    private func deliver(
        _ body: OutboundMessage.Body,
        key: String,
        _ row: CardRow,
        _ attempts: inout Attempts
    ) async -> Answer {
        guard let adapter = registry.adapter(for: row.address) else { return .later }
        if attempts.key != key { attempts = Attempts(key: key) }
        let message = OutboundMessage(
            idempotencyKey: key,
            address: row.address,
            body: body,
            partsDone: attempts.parts,
            agentName: row.agentName,
            turn: .random()
        )
        let start = time.monotonic
        switch await AdapterCall.deliver(message, by: adapter, time: time) {
        case .sent(let sent): return .sent(sent)
        case .refused(let error):
            attempts.parts = max(attempts.parts, error.partsDone)
            guard error.code == .noAnswer else { return error.code == .rejected ? .never(error.description) : .later }
            // Shown twice it is answered as well as once, but it is not shown for ever.
            let since = attempts.openSince
            attempts.openSince = since ?? start
            guard let since, !adapter.capabilities.hidesRepeat(after: time.monotonic - since) else { return .later }
            return .never(error.description)
        }
    }

    private func opened(_ id: CardID, _ platformMessageID: String?) async throws {
        let now = time.now
        try await central.write(changesRouting: false) { db in
            try db.execute(
                sql: """
                    UPDATE cards SET state = CASE state WHEN 'unsent' THEN 'open' ELSE state END,
                        platform_message_id = ?, sent_at = ? WHERE id = ?
                    """,
                arguments: [platformMessageID, now, id]
            )
        }
        // It may have been closed while it was under way.
        attend(id)
    }

    /// Closes a card that nobody has seen.
    private func end(_ row: CardRow, _ why: String) async throws {
        try await central.write(changesRouting: false) { db in
            try db.execute(
                sql: "UPDATE cards SET state = 'closed', outcome = coalesce(outcome, ?) WHERE id = ?",
                arguments: [why, row.id]
            )
        }
    }

    /// Its chat knows this end; another may have come meanwhile.
    private func closed(_ row: CardRow) async throws {
        try await central.write(changesRouting: false) { db in
            try db.execute(
                sql: "UPDATE cards SET state = 'closed' WHERE id = ? AND state = 'closing' AND outcome = ?",
                arguments: [row.id, row.outcome]
            )
        }
        attend(row.id)
    }
}
