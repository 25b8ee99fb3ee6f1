import Core
import Prompting

/// Rows of every kind with any text in every place, rendered for the model and read again by a strict reader.
///
/// The elements are exactly those of the rows, each value comes out as what went in: no text has closed an element,
/// made one, or left its attribute (T54).
struct PromptTarget: FuzzTarget {
    static let name = "prompt"

    func run(_ input: [UInt8]) {
        var choices = Choices(input)
        var rows: [PromptRow] = []
        let book = book(&choices)
        let sent = (0..<choices.below(3)).map { _ in choices.text() }
        while !choices.isEmpty, rows.count < 6 { rows.append(row(&choices, Int64(2 * rows.count + 2))) }
        let clock = ZoneClock(zone: choices.flag() ? "Europe/Berlin" : choices.text(64))
        let text = Self.rendered(Prompt(book: book, clock: clock).text(rows, alreadySent: sent))
        guard let found = MarkupReader.read(text) else { violated("a prompt is well formed: \(text)") }
        let wanted = ExpectedPrompt(book: book, clock: clock).elements(rows, sent)
        require(
            found.filter { !$0.isBlank } == wanted,
            "a prompt holds its rows and nothing else:\n\(found)\n\(wanted)"
        )
        notes(rows, book)
        systemPrompt(book)
    }

    private static func rendered(_ text: String) -> String {
        #if PLANTED
        // One tag that the escaping has forgotten.
        return text.replacing("&lt;/task", with: "</task")
        #else
        return text
        #endif
    }

    private func book(_ choices: inout Choices) -> AddressBook {
        AddressBook(
            (0..<choices.below(3)).map { _ in
                PromptDestination(
                    name: PathSegment.localName(choices.text(20)),
                    displayName: choices.optionalText(),
                    address: address(&choices) ?? ChatAddress(channel: "cli", platformID: "c")
                )
            }
        )
    }

    private func address(_ choices: inout Choices) -> ChatAddress? {
        choices.flag() ? ChatAddress(channel: choices.text(20), platformID: choices.text(40)) : nil
    }

    private func row(_ choices: inout Choices, _ seq: Int64) -> PromptRow {
        let content: InboundContent
        switch choices.below(4) {
        case 0: content = .chat(chat(&choices))
        case 1: content = .task(TaskContent(prompt: choices.text()))
        case 2:
            content = .webhook(
                WebhookContent(source: choices.text(40), event: choices.text(40), payload: choices.text())
            )
        default:
            content = .system(
                SystemContent(action: choices.text(40), status: choices.text(10), about: nil, text: choices.text())
            )
        }
        return PromptRow(
            id: MessageID(unchecked: "m_\(seq)"),
            seq: seq,
            content: content,
            sentAt: Timestamp(milliseconds: choices.integer()),
            address: address(&choices),
            scriptOutput: choices.optionalText()
        )
    }

    private func chat(_ choices: inout Choices) -> ChatContent {
        var chat = ChatContent(text: choices.text(), sender: choices.optionalText())
        if choices.flag() {
            chat.replyTo = ChatContent.Quote(
                platformMessageID: choices.text(40),
                sender: choices.optionalText(),
                text: choices.optionalText()
            )
        }
        for _ in 0..<choices.below(3) {
            chat.attachments.append(
                ChatContent.Attachment(
                    type: choices.text(12),
                    name: choices.text(60),
                    path: choices.optionalText(),
                    note: choices.optionalText()
                )
            )
        }
        return chat
    }

    /// What the host tells a model about its own words is one element, whatever those were.
    private func notes(_ rows: [PromptRow], _ book: AddressBook) {
        let names = rows.compactMap { row in
            if case .chat(let chat) = row.content { chat.text } else { nil }
        }
        var reminder = Reminder()
        let notes = [
            Reminder.unknownNames(names, book: book),
            reminder.note(for: Reply(leftover: names.first ?? "x"), sentSomething: false, book: book) ?? "",
        ]
        for (index, note) in notes.enumerated() where !note.isEmpty {
            // The reminder shows the model a block to write.
            let inner = index == 1 ? 1 : 0
            guard let found = MarkupReader.read(note), found.count == 1, found[0].name == "system_response" else {
                violated("a note is one element: \(note)")
            }
            require(found[0].children.count { !$0.name.isEmpty } == inner, "a note holds no other element: \(note)")
        }
    }

    /// Names that people gave make no line and no tag of the system prompt.
    private func systemPrompt(_ book: AddressBook) {
        let plain = AddressBook(book.destinations.map { PromptDestination(name: $0.name, address: $0.address) })
        let text = SystemPrompt.text(instructions: "", agentName: "Nano", book: book)
        let bare = SystemPrompt.text(instructions: "", agentName: "Nano", book: plain)
        for sign in [UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "\n")] {
            require(
                text.utf8.count { $0 == sign } == bare.utf8.count { $0 == sign },
                "a display name adds no tag and no line: \(text)"
            )
        }
    }
}
