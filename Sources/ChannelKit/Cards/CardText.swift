import ChatMarkdown
import Core

/// A card where there are no buttons: its text with numbered answers.
package enum CardText {
    /// Title, body and end of the card as Markdown: what a platform with buttons shows above them.
    package static func markdown(_ card: Card) -> String {
        var parts = ["**\(card.title)**"]
        if !card.body.isEmpty { parts.append(card.body) }
        if let end = card.expiresAt { parts.append("Open until \(end).") }
        return parts.joined(separator: "\n\n")
    }

    /// The whole card as Markdown, with how to answer; `needsCode` where a number alone is no answer.
    package static func numbered(_ card: Card, needsCode: Bool = false) -> String {
        var lines = [markdown(card)]
        if !card.options.isEmpty { lines.append("") }
        var number = 0
        for option in card.options {
            if let url = option.url {
                lines.append("- \(option.label): \(url)")
            } else {
                number += 1
                lines.append("\(number). \(option.label)")
            }
        }
        if number > 0 { lines += ["", needsCode && !card.code.isEmpty ? codedHint(card) : hint(card)] }
        return lines.joined(separator: "\n")
    }

    private static func hint(_ card: Card) -> String {
        let count = card.choices.count
        var text = "Answer with \(count == 1 ? "1" : "a number from 1 to \(count)")"
        if !card.code.isEmpty { text += ", or \"1 \(card.code)\" when several cards are open" }
        if let index = card.choices.firstIndex(where: \.takesNote) { text += "; \"\(index + 1): words\" tells why" }
        return text + "."
    }

    private static func codedHint(_ card: Card) -> String {
        let numbers = card.choices.count == 1 ? "" : ", with a number from 1 to \(card.choices.count)"
        var text = "Answer with \"1 \(card.code)\"\(numbers) and nothing else"
        if let index = card.choices.firstIndex(where: \.takesNote) {
            text += "; \"\(index + 1) \(card.code): words\" tells why"
        }
        return text + "."
    }

    /// The card when nobody can answer any more, and what became of it, as one message of its channel: of what is longer
    /// the end, in place of the part with the buttons.
    package static func closed(_ card: Card, outcome: String, for capabilities: ChannelCapabilities) -> String {
        let text = ["**\(card.title)**", card.body, outcome].filter { !$0.isEmpty }.joined(separator: "\n\n")
        guard let rules = capabilities.text else { return text }
        return MarkdownSplitter.split(text, limit: rules.limit, unit: rules.unit, dialect: rules.dialect).last ?? text
    }

    /// What is said of a card that cannot be changed any more on its channel.
    package static func told(_ card: Card, outcome: String) -> String { "\(card.title): \(outcome)" }
}

extension OutboundMessage {
    /// The message as a channel with these capabilities can show it: the one place where a card becomes text.
    package func fitted(to capabilities: ChannelCapabilities) -> OutboundMessage {
        guard case .card(let card) = body, !capabilities.buttons else { return self }
        var message = self
        message.body = .text(CardText.numbered(card, needsCode: capabilities.codedCards), files: [])
        return message
    }
}
