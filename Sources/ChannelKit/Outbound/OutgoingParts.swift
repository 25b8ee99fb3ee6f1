import ChatMarkdown
import Core

/// A message as the parts in which one platform takes it: the one place where cards, long text and files that are too
/// large are fitted to what a channel can do.
///
/// Equal messages make equal parts, so that a message of which some parts are sent can be gone on with.
package struct OutgoingParts: Sendable {
    /// One request to the platform.
    package struct Part: Sendable {
        /// From 0; the parts before it are with the platform.
        package var index: Int
        package var content: Content
        /// The message that this part quotes; only the first part quotes one.
        package var quotes: String?
        /// The same on every attempt and another for each part, at most 48 bytes of letters, digits, `_` and `-`.
        package var idempotencyKey: String
        package var writing = Writing.finished

        /// The same as a new message, for a part whose place is gone; nil for any other.
        var anew: Part? {
            guard writing == .takesPlace, case .edit(_, let text) = content else { return nil }
            var anew = self
            anew.content = .text(text)
            anew.writing = .finished
            return anew
        }
    }

    /// What a part has to do with a message that is shown while it is being written.
    package enum Writing: Sendable {
        /// Nothing.
        case finished
        /// It is a state of such a message: a later one comes, so it is worth no wait and no second attempt.
        case unfinished
        /// It edits such a message to what it was to become.
        case takesPlace
    }

    /// What a part does.
    package enum Content: Sendable {
        case text(Text)
        /// New text for an earlier message.
        case edit(platformMessageID: String, Text)
        case file(OutboundFile)
        case reaction(platformMessageID: String, emoji: String)
    }

    /// Text of one part.
    package struct Text: Sendable, Equatable {
        /// As the platform's dialect writes it; plain text after the platform has refused that.
        package var rendered: String
        /// The same as Markdown.
        package var markdown: String
        /// The platform has refused the formatting: ``rendered`` has none.
        package var isPlain: Bool
        /// The options to show as buttons beneath it, of this card; nil for a part without.
        package var card: Card?

        /// The same without formatting.
        package var plain: Text {
            var plain = self
            plain.rendered = MarkdownDocument(parsing: markdown).rendered(.plain)
            plain.isPlain = true
            return plain
        }
    }

    package let parts: [Part]
    /// The message whose place the first part takes; nil when it takes none.
    let place: String?

    /// The parts of a message; at least one.
    package init(_ message: OutboundMessage, for capabilities: ChannelCapabilities) {
        let message = message.fitted(to: capabilities)
        var contents: [Content]
        switch message.body {
        case .text(let markdown, let files):
            contents = markdown.isEmpty ? [] : Self.texts(markdown, capabilities, message.unfinished).map(Content.text)
            contents += files.map { Self.file($0, capabilities) }
        case .card(let card):
            var texts = Self.texts(CardText.markdown(card), capabilities)
            texts[texts.count - 1].card = card
            contents = texts.map(Content.text)
        case .edit(let id, let markdown):
            var texts = Self.texts(markdown, capabilities, message.unfinished)
            let first = texts.removeFirst()
            contents = [.edit(platformMessageID: id, first)] + texts.map(Content.text)
        case .reaction(let id, let emoji):
            contents = [.reaction(platformMessageID: id, emoji: emoji)]
        }
        var place: String?
        if let replaced = message.replaces, case .text(let text) = contents.first, text.card == nil {
            contents[0] = .edit(platformMessageID: replaced, text)
            place = replaced
        }
        self.place = place
        parts = contents.enumerated().map { index, content in
            Part(
                index: index,
                content: content,
                quotes: index == 0 ? message.quotes : nil,
                idempotencyKey: "\(message.idempotencyKey)-\(index)",
                writing: message.unfinished != nil ? .unfinished : place != nil && index == 0 ? .takesPlace : .finished
            )
        }
    }

    /// Text as this channel takes it, in at least one part; unfinished text in exactly one, with the mark behind it.
    private static func texts(
        _ markdown: String,
        _ capabilities: ChannelCapabilities,
        _ mark: String? = nil
    ) -> [Text] {
        guard let mark else { return texts(markdown, capabilities) }
        var beginning = markdown
        if let rules = capabilities.text {
            // Twice the mark: a dialect may escape each of its characters.
            let room = rules.limit - 2 * rules.unit.count(mark) - 1
            beginning =
                MarkdownSplitter.split(markdown, limit: room, unit: rules.unit, dialect: rules.dialect).first ?? ""
        }
        // Behind a fence on its line the mark would make another line of it.
        let isFence = beginning.split(separator: "\n").last?.contains("```") == true
        return Array(texts(beginning + (isFence ? "\n" + mark.trimmingWhiteSpace : mark), capabilities).prefix(1))
    }

    private static func texts(_ markdown: String, _ capabilities: ChannelCapabilities) -> [Text] {
        guard let rules = capabilities.text else {
            return [Text(rendered: markdown, markdown: markdown, isPlain: false)]
        }
        let parts = MarkdownSplitter.split(markdown, limit: rules.limit, unit: rules.unit, dialect: rules.dialect)
        // Nothing in it can be seen: what the platform says of that is its own word.
        guard !parts.isEmpty else { return [Text(rendered: markdown, markdown: markdown, isPlain: true)] }
        return parts.map {
            Text(rendered: MarkdownDocument(parsing: $0).rendered(rules.dialect), markdown: $0, isPlain: false)
        }
    }

    /// A file, or in words why it stays here: an attachment that does not fit never takes the text with it.
    private static func file(_ file: OutboundFile, _ capabilities: ChannelCapabilities) -> Content {
        guard let largest = capabilities.largestFile, file.size > largest else { return .file(file) }
        let text =
            "[The file \(file.name) stays here: it has \(file.size >> 10) KiB and this channel takes \(largest >> 10).]"
        return .text(Text(rendered: text, markdown: text, isPlain: true))
    }
}
