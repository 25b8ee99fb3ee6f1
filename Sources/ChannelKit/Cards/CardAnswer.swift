package import Core

/// One press of a card's button, as the platform told its adapter.
package struct CardAnswer: Sendable, Codable, Equatable {
    /// Which of the card's choices.
    package enum Choice: Sendable, Codable, Equatable {
        /// The option's value.
        case value(String)
        /// The place among ``Card/choices``, from 0: what ``Card/button(_:)`` carries.
        case index(Int)
    }

    package var card: CardID
    package var choice: Choice
    /// Words that the person added.
    package var note: String?
    /// The chat in which the button was pressed, and the thread.
    package var address: ChatAddress
    /// The presser's stable id on this platform, as the platform's own authenticated event tells it; nil when it tells
    /// none.
    package var senderNativeID: String?
    /// The presser is a program.
    package var isBot: Bool
    /// The platform's id of the message that carried the button.
    package var platformMessageID: String?
    /// What makes a repeat of the same event recognisable, unique within the chat.
    package var dedupKey: String

    package init(
        card: CardID,
        choice: Choice,
        note: String? = nil,
        address: ChatAddress,
        senderNativeID: String?,
        isBot: Bool = false,
        platformMessageID: String? = nil,
        dedupKey: String
    ) {
        self.card = card
        self.choice = choice
        self.note = note
        self.address = address
        self.senderNativeID = senderNativeID
        self.isBot = isBot
        self.platformMessageID = platformMessageID
        self.dedupKey = dedupKey
    }

    /// The press of the option with this value.
    package init(
        card: CardID,
        value: String,
        note: String? = nil,
        address: ChatAddress,
        senderNativeID: String?,
        isBot: Bool = false,
        platformMessageID: String? = nil,
        dedupKey: String
    ) {
        self.init(
            card: card,
            choice: .value(value),
            note: note,
            address: address,
            senderNativeID: senderNativeID,
            isBot: isBot,
            platformMessageID: platformMessageID,
            dedupKey: dedupKey
        )
    }

    /// The option that was chosen; nil when the card has no such choice.
    package func option(of card: Card) -> CardOption? {
        switch choice {
        case .value(let value): card.choices.first { $0.value == value }
        case .index(let index): card.choices.indices.contains(index) ? card.choices[index] : nil
        }
    }
}

/// What became of an answer, for the adapter to show the person who gave it.
package enum CardReceipt: Sendable, Equatable {
    /// The answer counts.
    case taken
    /// It changes nothing; why, in words for the person.
    case refused(String)
}
