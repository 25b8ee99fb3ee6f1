import CentralStore
import ChannelKit
import Core
import GRDB

/// Whoever opens cards, and decides who may answer them and what an answer does.
protocol CardOwner: Sendable {
    /// True when this person may answer this card now; read from the central database each time, never kept.
    func mayAnswer(_ card: OpenCard, _ user: UserID) async throws -> Bool

    /// Takes an answer of somebody who may answer; checks that again in the transaction that decides.
    ///
    /// Returns once the decision is durable. ``CardChoice/record(_:)`` belongs into that transaction.
    func answer(_ card: OpenCard, _ choice: CardChoice) async throws -> CardReceipt

    /// Its channel will never take this card: whoever was to be asked has not seen it, and it is closed.
    func wasRefused(_ card: OpenCard) async
}

/// A card that can be answered.
struct OpenCard: Sendable {
    let card: Card
    /// What it asks about, by an id of its owner.
    let subject: String
    /// Where it was sent.
    let address: ChatAddress
}

/// One person's choice among a card's options.
struct CardChoice: Sendable {
    let value: String
    let note: String?
    let user: UserID
    /// The event that brought it.
    let source: String
    let card: CardID
    let time: Timestamp

    /// Remembers the event, so that its repeat answers no other card; the same twice changes nothing.
    func record(_ db: Database) throws { try record(isTaken: true, db) }

    func record(isTaken: Bool, _ db: Database) throws {
        try CardAnswerRow(
            source: source,
            cardID: card,
            userID: user,
            value: value,
            isTaken: isTaken,
            answeredAt: time
        ).insert(db, onConflict: .ignore)
    }
}

/// A card to be opened.
struct NewCard: Sendable {
    /// The name under which its owner is registered.
    var purpose: String
    /// What it asks about, by an id of its owner.
    var subject: String
    var address: ChatAddress
    /// Under which name it is sent.
    var agentName: String
    /// Its code is set when it is opened.
    var card: Card
}
