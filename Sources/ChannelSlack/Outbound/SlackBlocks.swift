package import ChannelKit
package import Core

/// Block Kit for cards (docs.slack.dev, reference/block-kit).
package enum SlackBlocks {
    /// Limits of Block Kit, in UTF-16 units as Slack counts text.
    private static let longestSection = 3000
    private static let longestLabel = 75
    private static let mostInRow = 25
    private static let longestURL = 3000

    /// The card's text, and its options as buttons beneath it.
    package static func card(_ card: Card, text: String, isPlain: Bool) -> JSONValue {
        var blocks: [JSONValue] = sections(text).map { part in
            ["type": "section", "text": ["type": isPlain ? "plain_text" : "mrkdwn", "text": .string(part)]]
        }
        let buttons = self.buttons(card)
        for start in stride(from: 0, to: buttons.count, by: mostInRow) {
            let row = Array(buttons[start..<min(start + mostInRow, buttons.count)])
            blocks.append(["type": "actions", "elements": .array(row)])
        }
        return .array(blocks)
    }

    private static func buttons(_ card: Card) -> [JSONValue] {
        var choices = 0
        return card.options.enumerated().compactMap { place, option in
            var button: [String: JSONValue] = [
                "type": "button", "text": ["type": "plain_text", "text": .string(label(option.label))],
            ]
            if let url = option.url {
                guard url.utf16.count <= longestURL else { return nil }
                button["url"] = .string(url)
                button["action_id"] = .string("link:\(place)")
            } else {
                button["action_id"] = .string(card.button(choices))
                button["value"] = .string(card.button(choices))
                choices += 1
            }
            if option.style != .plain { button["style"] = .string(option.style.rawValue) }
            return .object(button)
        }
    }

    /// Text in pieces that a section takes; the splitter makes one of almost every text.
    private static func sections(_ text: String) -> [String] { pieces(text, longestSection) }

    private static func label(_ text: String) -> String {
        let text = text.isEmpty ? "…" : text
        guard text.utf16.count > longestLabel else { return text }
        return (pieces(text, longestLabel - 1).first ?? "") + "…"
    }

    /// Cut between characters, each piece at most `limit` UTF-16 units where no single character is longer.
    static func pieces(_ text: String, _ limit: Int) -> [String] {
        var pieces: [String] = []
        var piece = ""
        var size = 0
        for character in text {
            let length = character.utf16.count
            if size + length > limit, !piece.isEmpty {
                pieces.append(piece)
                (piece, size) = ("", 0)
            }
            piece.append(character)
            size += length
        }
        return piece.isEmpty ? pieces : pieces + [piece]
    }
}
