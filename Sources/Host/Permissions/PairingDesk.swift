import CentralStore
import ChannelKit
import Core
import GRDB
import Logging
import People
import Synchronization

/// Takes the codes that people send, before anything is routed, and makes those that they ask for.
///
/// While no code is open, and for messages that are no code, nothing is read or written.
final class PairingDesk: Sendable {
    private let central: CentralStore
    private let notices: NoticeSender
    private let time: any TimeSource
    private let logger: Logger
    /// A group was given a chat: its sessions are to know.
    private let groupChanged: @Sendable (AgentGroupID) async -> Void
    /// When the last open code expires; nil when none is open.
    private let openUntil: Mutex<Timestamp?>
    /// Events that were taken in as codes lately, oldest first: right ones, which are answered, and guesses too many.
    private let seen = Mutex<[(key: String, isAnswered: Bool)]>([])

    init(
        central: CentralStore,
        notices: NoticeSender,
        time: any TimeSource,
        logger: Logger,
        groupChanged: @escaping @Sendable (AgentGroupID) async -> Void
    ) async throws {
        self.central = central
        self.notices = notices
        self.time = time
        self.logger = logger
        self.groupChanged = groupChanged
        openUntil = Mutex(try await central.read { db in try Pairing.lastExpiry(db) })
    }

    /// What became of a message.
    enum Verdict: Sendable, Equatable {
        /// It is no code: route it.
        case route
        /// It was one, and is used up.
        case taken
        /// It was one and is used up; the link with its maker waits for an owner, who is to be asked.
        case waits(maker: UserID)
        /// The sender has guessed too often: it goes nowhere.
        case refused
    }

    /// Makes a code; throws ``PeopleError`` when the maker may not give what it would.
    func make(_ offer: PairingOffer, by maker: UserID, isHomeOwner: Bool) async throws -> Pairing.Made {
        let now = time.now
        let made = try await central.write(changesRouting: false) { db in
            try Pairing.make(offer, by: maker, isHomeOwner: isHomeOwner, now: now, db)
        }
        openUntil.withLock { $0 = max($0 ?? made.expiresAt, made.expiresAt) }
        logger.notice("A pairing code was made", metadata: ["by": "\(maker)", "for": "\(offer.purpose)"])
        return made
    }

    /// Looks whether a message is a code, and carries out what it gives.
    ///
    /// `isPrivate`: nobody but the sender reads the chat.
    func take(_ event: InboundEvent, from sender: UserID?, isPrivate: Bool) async throws -> Verdict {
        guard let sender, !event.isBot, let code = PairingCode(message: event.content.text) else { return .route }
        let key = Self.key(event)
        // The platform brings it again: the code is used up, and the agent is not to read it.
        if tookCode(event) == true { return .taken }
        seen.withLock { $0.removeAll { $0.key == key } }
        let now = time.now
        guard isAnyOpen(now) else { return .route }
        let who = Pairing.Sender(
            user: sender,
            name: event.senderName,
            handle: event.senderHandle,
            chat: event.address.chat,
            isGroup: event.isGroup,
            isPrivate: isPrivate
        )
        var verdict = Verdict.taken
        let outcome = try await central.write { db in try Pairing.redeem(code, from: who, now: now, db) }
        switch outcome {
        case .noneOpen, .wrong: return .route
        case .refused:
            note(key, isAnswered: false)
            logger.warning("A pairing code was not compared: too many tries", metadata: ["sender": "\(sender)"])
            return .refused
        case .void(let reason): say("That code gives nothing: \(reason).", event)
        case .waits(let maker):
            logger.notice("A link waits for an owner", metadata: ["user": "\(maker)", "with": "\(sender)"])
            say(
                "This would give one of you more rights, so an owner has to agree: "
                    + "`nanoclaw users link \(maker) \(sender)`.",
                event
            )
            verdict = .waits(maker: maker)
        case .paired(let offer, let maker):
            logger.notice(
                "A person was paired",
                metadata: ["user": "\(sender)", "by": "\(maker)", "for": "\(offer.purpose)"]
            )
            if let group = offer.wires { await groupChanged(group) }
            say(try await confirmation(offer, maker), event)
        }
        note(key, isAnswered: true)
        return verdict
    }

    /// What became of an event that was taken in as a code: true for one that is answered, false for a guess too many; nil
    /// for any other message.
    func tookCode(_ event: InboundEvent) -> Bool? {
        guard PairingCode(message: event.content.text) != nil else { return nil }
        let key = Self.key(event)
        return seen.withLock { seen in seen.first { $0.key == key }?.isAnswered }
    }

    private func note(_ key: String, isAnswered: Bool) {
        seen.withLock { seen in
            seen.append((key, isAnswered))
            if seen.count > 100 { seen.removeFirst() }
        }
    }

    private static func key(_ event: InboundEvent) -> String { "\(event.address.chat)|\(event.dedupKey)" }

    private func isAnyOpen(_ now: Timestamp) -> Bool {
        openUntil.withLock { until in
            guard let last = until else { return false }
            if last <= now { until = nil }
            return last > now
        }
    }

    private func confirmation(_ offer: PairingOffer, _ maker: UserID) async throws -> String {
        switch offer.purpose {
        case .owner: return "You are an owner now."
        case .link: return "You and \(maker) are one person now."
        case .member(let group, _):
            let name = try await central.read { db in try AgentGroup.fetchOne(db, key: group)?.name }
            return "You may write to \(name ?? "the agent") now."
        }
    }

    private func say(_ text: String, _ event: InboundEvent) {
        notices.send(text, to: event.address, as: "NanoClaw")
    }
}
