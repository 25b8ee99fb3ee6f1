package import Core

/// A question to a person with answers to choose from, as data: every channel shows it in its own way.
package struct Card: Codable, Sendable, Equatable {
    package var id: CardID
    /// One line.
    package var title: String
    /// Markdown; all that the person must know to answer.
    package var body: String
    /// In the order in which they are shown and numbered, from 1; none for a card that only tells something.
    package var options: [CardOption]
    /// After this nobody can answer; nil without an end.
    package var expiresAt: Timestamp?
    /// Two characters that tell this card from the others open in its chat: `K7`.
    package var code: String

    package init(
        id: CardID = .random(),
        title: String,
        body: String,
        options: [CardOption],
        expiresAt: Timestamp? = nil,
        code: String = ""
    ) {
        self.id = id
        self.title = title
        self.body = body
        self.options = options
        self.expiresAt = expiresAt
        self.code = code
    }

    /// The options that can be chosen, in order: those that are no links.
    package var choices: [CardOption] { options.filter { $0.url == nil } }

    /// What a button for a choice carries on its platform: at most 64 bytes, read back by ``choice(button:)``.
    package func button(_ index: Int) -> String { "\(id.rawValue):\(index)" }

    /// The card and the index of the choice that a button carries; nil for other text.
    package static func choice(button text: String) -> (card: CardID, index: Int)? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let card = CardID(rawValue: String(parts[0])), parts[1].utf8.count <= 3,
            let index = Int(parts[1]), index >= 0
        else { return nil }
        return (card, index)
    }
}

/// One answer of a card.
package struct CardOption: Codable, Sendable, Equatable {
    /// How a button looks where a platform has such looks.
    package enum Style: String, Codable, Sendable, CaseIterable {
        case plain, primary, danger
    }

    /// What people read: one line.
    package var label: String
    /// What whoever asked is told.
    package var value: String
    package var style: Style
    /// The person may add words of their own.
    package var takesNote: Bool
    /// A link to open instead of an answer; it has no number and its value counts for nothing.
    package var url: String?

    package init(
        label: String,
        value: String,
        style: Style = .plain,
        takesNote: Bool = false,
        url: String? = nil
    ) {
        self.label = label
        self.value = value
        self.style = style
        self.takesNote = takesNote
        self.url = url
    }
}
