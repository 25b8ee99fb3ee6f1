import Core

/// The text of a user message to the model: rows of `messages_in` as elements, in the order of their numbers.
///
/// ```
/// <context timezone="Europe/Berlin" />
/// <message id="4" from="cli" sender="Ada" time="Sat 2026-03-28 14:05">hello</message>
/// ```
///
/// Every value is escaped: nothing that a person, a platform or a script wrote can close an element or make one.
package struct Prompt: Sendable {
    private let book: AddressBook
    private let clock: ZoneClock

    /// Prompts with these names and this zone.
    package init(book: AddressBook, clock: ZoneClock) {
        self.book = book
        self.clock = clock
    }

    /// The rows by rising number, after the context line; chat rows that follow each other share one `<messages>`.
    package func text(_ rows: [PromptRow], alreadySent: [String] = []) -> String {
        var lines = ["<context timezone=\"\(Markup.attribute(clock.zone))\" />"]
        if !alreadySent.isEmpty { lines.append(interrupted(alreadySent)) }
        var chats: [String] = []
        func closeRun() {
            if chats.count > 1 { chats = ["<messages>"] + chats + ["</messages>"] }
            lines += chats
            chats = []
        }
        for row in rows.sorted(by: { $0.seq < $1.seq }) {
            switch row.content {
            case .chat(let chat): chats.append(element(chat, row))
            case .task(let task):
                closeRun()
                lines.append(element(task, row))
            case .webhook(let webhook):
                closeRun()
                lines.append(element(webhook, row))
            case .system(let system):
                closeRun()
                lines.append(element(system, row))
            }
        }
        closeRun()
        return lines.joined(separator: "\n")
    }

    private func interrupted(_ texts: [String]) -> String {
        let sent = texts.map { "<sent>\(Markup.escape($0))</sent>" }.joined(separator: "\n")
        return """
            <system_response action="interrupted_turn" status="ok">
            This turn was begun before and cut off. These messages of it already went out; do not send them again:
            \(sent)
            </system_response>
            """
    }

    private func element(_ chat: ChatContent, _ row: PromptRow) -> String {
        var tag = Tag("message", row, book, clock)
        let sender = chat.sender.flatMap { $0.isEmpty ? nil : $0 } ?? "Unknown"
        tag.add("sender", sender)
        tag.addTime()
        tag.add("reply_to", chat.replyTo.map { $0.seq.map(String.init) ?? $0.platformMessageID })
        if let change = chat.change {
            tag.add(change.kind.rawValue, change.seq.map(String.init) ?? change.platformMessageID)
        }
        tag.add("details", chat.details.flatMap(Self.line))
        var body = Markup.escape(chat.text)
        if let quote = chat.replyTo, let from = quote.sender, let text = quote.text {
            let element = "<quoted_message from=\"\(Markup.attribute(from))\">\(Markup.escape(text))</quoted_message>"
            body = "\n  \(element)\n\(body)"
        }
        for attachment in chat.attachments {
            body += (body.isEmpty ? "" : "\n") + Markup.escape(Self.line(attachment))
        }
        return tag.closed(body)
    }

    /// The longest `details`, in characters.
    private static let longestDetails = 1000

    /// `encrypted=true; folder=INBOX`, sorted by key.
    private static func line(_ details: [String: JSONValue]) -> String? {
        let parts = details.sorted { $0.key < $1.key }.compactMap { key, value in
            (value.string ?? (try? value.text())).map { "\(key)=\($0)" }
        }
        let line = parts.joined(separator: "; ")
        return line.isEmpty ? nil : line.count > longestDetails ? "\(line.prefix(longestDetails))…" : line
    }

    /// `[image: cat.png — saved to /workspace/inbound/inbox/…]`, or the reason why it is not there.
    private static func line(_ attachment: ChatContent.Attachment) -> String {
        let name = attachment.name.isEmpty ? "attachment" : attachment.name
        let type = attachment.type.isEmpty ? "file" : attachment.type
        if let path = attachment.path { return "[\(type): \(name) — saved to /workspace/inbound/\(path)]" }
        if let note = attachment.note { return "[\(type): \(name) — \(note)]" }
        return "[\(type): \(name)]"
    }

    private func element(_ task: TaskContent, _ row: PromptRow) -> String {
        var tag = Tag("task", row, book, clock)
        tag.addTime()
        tag.add("task", task.task?.rawValue)
        tag.add("due", task.dueAt.map(clock.text))
        var body = ""
        if let output = row.scriptOutput { body = "Script output:\n\(Markup.escape(output))\n\n" }
        return tag.closed(body + "Instructions:\n" + Markup.escape(task.prompt))
    }

    private func element(_ webhook: WebhookContent, _ row: PromptRow) -> String {
        var tag = Tag("webhook", row, book, clock)
        tag.add("source", webhook.source)
        tag.add("event", webhook.event)
        tag.addTime()
        return tag.closed(Markup.escape(webhook.payload))
    }

    private func element(_ system: SystemContent, _ row: PromptRow) -> String {
        var tag = Tag("system_response", row, book, clock)
        tag.add("action", system.action)
        tag.add("status", system.status)
        tag.add("about", system.about?.rawValue)
        tag.addTime()
        return tag.closed(Markup.escape(system.text))
    }
}

/// A start tag in the making; every value is escaped as it is added.
private struct Tag {
    private let name: String
    private let row: PromptRow
    private let clock: ZoneClock
    private var text: String

    init(_ name: String, _ row: PromptRow, _ book: AddressBook, _ clock: ZoneClock) {
        self.name = name
        self.row = row
        self.clock = clock
        text = "<\(name) id=\"\(row.seq)\""
        add("from", book.name(of: row.address))
    }

    mutating func add(_ attribute: String, _ value: String?) {
        guard let value else { return }
        text += " \(attribute)=\"\(Markup.attribute(value))\""
    }

    mutating func addTime() { add("time", clock.text(row.sentAt)) }

    func closed(_ body: String) -> String { "\(text)>\(body)</\(name)>" }
}
