import Core
import Prompting

/// The elements that a prompt of these rows must have, stated without any markup.
struct ExpectedPrompt {
    let book: AddressBook
    let clock: ZoneClock

    /// Everything but white space between the elements.
    func elements(_ rows: [PromptRow], _ sent: [String]) -> [MarkupNode] {
        var nodes = [MarkupNode(name: "context", attributes: [["timezone", clock.zone]])]
        if !sent.isEmpty { nodes.append(interrupted(sent)) }
        var chats: [MarkupNode] = []
        func closeRun() {
            if chats.count > 1 {
                let lines = chats.flatMap { [MarkupNode(text: "\n"), $0] } + [MarkupNode(text: "\n")]
                nodes.append(MarkupNode(name: "messages", children: lines))
            } else {
                nodes += chats
            }
            chats = []
        }
        for row in rows {
            if case .chat(let chat) = row.content {
                chats.append(element(chat, row))
            } else {
                closeRun()
                nodes.append(element(row))
            }
        }
        closeRun()
        return nodes
    }

    private func interrupted(_ sent: [String]) -> MarkupNode {
        let note =
            "\nThis turn was begun before and cut off. These messages of it already went out; do not send them again:\n"
        var children = [MarkupNode(text: note)]
        for text in sent { children += [node("sent", [], text), MarkupNode(text: "\n")] }
        let attributes = [["action", "interrupted_turn"], ["status", "ok"]]
        return MarkupNode(name: "system_response", attributes: attributes, children: children)
    }

    private func element(_ chat: ChatContent, _ row: PromptRow) -> MarkupNode {
        let sender = chat.sender.flatMap { $0.isEmpty ? nil : $0 } ?? "Unknown"
        var attributes = head(row) + [["sender", line(sender)], ["time", clock.text(row.sentAt)]]
        if let quote = chat.replyTo { attributes.append(["reply_to", line(quote.platformMessageID)]) }
        var body = clean(chat.text)
        for file in chat.attachments {
            let type = file.type.isEmpty ? "file" : file.type
            let name = file.name.isEmpty ? "attachment" : file.name
            let end = file.path.map { " — saved to /workspace/inbound/\($0)" } ?? file.note.map { " — \($0)" } ?? ""
            let line = clean("[\(type): \(name)\(end)]")
            body += body.isEmpty && !(chat.replyTo?.sender != nil && chat.replyTo?.text != nil) ? line : "\n" + line
        }
        guard let quote = chat.replyTo, let from = quote.sender, let text = quote.text else {
            return node("message", attributes, body)
        }
        let quoted = node("quoted_message", [["from", line(from)]], clean(text))
        let children = [MarkupNode(text: "\n  "), quoted, MarkupNode(text: "\n" + body)]
        return MarkupNode(name: "message", attributes: attributes, children: children)
    }

    private func element(_ row: PromptRow) -> MarkupNode {
        let time = [["time", clock.text(row.sentAt)]]
        switch row.content {
        case .task(let task):
            let output = row.scriptOutput.map { "Script output:\n\($0)\n\n" } ?? ""
            return node("task", head(row) + time, "\(output)Instructions:\n\(task.prompt)")
        case .webhook(let hook):
            let names = [["source", line(hook.source)], ["event", line(hook.event)]]
            return node("webhook", head(row) + names + time, hook.payload)
        case .system(let system):
            let names = [["action", line(system.action)], ["status", line(system.status)]]
            return node("system_response", head(row) + names + time, system.text)
        case .chat(let chat): return element(chat, row)
        }
    }

    private func head(_ row: PromptRow) -> [[String]] {
        let from = book.name(of: row.address).map { [["from", line($0)]] } ?? []
        return [["id", "\(row.seq)"]] + from
    }

    private func node(_ name: String, _ attributes: [[String]], _ text: String) -> MarkupNode {
        let text = clean(text)
        return MarkupNode(name: name, attributes: attributes, children: text.isEmpty ? [] : [MarkupNode(text: text)])
    }

    /// Without control characters other than tab and line feed.
    private func clean(_ text: String) -> String {
        let kept = text.unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7F || [9, 10].contains($0.value) }
        return String(String.UnicodeScalarView(kept))
    }

    /// The same on one line.
    private func line(_ text: String) -> String {
        let breaks: [UInt32] = [0x09, 0x0A, 0x85, 0x2028, 0x2029]
        let scalars = clean(text).unicodeScalars.map { breaks.contains($0.value) ? " " : $0 }
        return String(String.UnicodeScalarView(scalars))
    }
}
