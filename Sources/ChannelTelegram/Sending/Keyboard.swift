import ChannelKit
import Core

/// A card's options as an inline keyboard.
enum Keyboard {
    /// The platform takes no more buttons beneath one message.
    private static let most = 100
    /// Buttons share a row as long as their labels have no more characters than this together.
    private static let rowLength = 28
    private static let rowCount = 4

    /// The value of `reply_markup`; nil for a card without options.
    static func markup(_ card: Card) -> JSONValue? {
        var rows: [[JSONValue]] = []
        var length = 0
        var choice = 0
        for option in card.options.prefix(most) {
            let label = option.label.trimmingWhiteSpace.isEmpty ? "…" : option.label
            var button: [String: JSONValue] = ["text": .string(label)]
            if let url = option.url {
                button["url"] = .string(url)
            } else {
                button["callback_data"] = .string(card.button(choice))
                choice += 1
            }
            button["style"] = style(option.style)
            length += label.count
            if let row = rows.last, row.count < rowCount, length <= rowLength {
                rows[rows.count - 1].append(.object(button))
            } else {
                rows.append([.object(button)])
                length = label.count
            }
        }
        return rows.isEmpty ? nil : ["inline_keyboard": .array(rows.map(JSONValue.array))]
    }

    private static func style(_ style: CardOption.Style) -> JSONValue? {
        switch style {
        case .plain: nil
        case .primary: "primary"
        case .danger: "danger"
        }
    }
}
