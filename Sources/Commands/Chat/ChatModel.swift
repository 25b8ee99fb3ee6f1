import ControlProtocol
import Core

/// What an interactive chat does about what happens: no input, no output, no clock.
struct ChatModel: Sendable {
    /// What happens.
    enum Event: Sendable {
        case key(Key)
        case frame(ChatFrame)
        /// The host took a message.
        case sent(ChatSent)
        /// The host did not take it.
        case refused(id: String, text: String, reason: String)
        /// The host was asked to stop.
        case stopped(turns: Int)
        case resized
        /// The host ended the connection; another one is being made.
        case lost
        /// The terminal is gone, or somebody ended this process.
        case ended(status: Int32)
    }

    /// What to do.
    enum Action: Sendable, Equatable {
        case print(String)
        case stream(String)
        case endStream
        case prompt
        case send(id: String, text: String)
        case stop
        case seen(Int64)
        case resize
        case clearScreen
        case suspend
        case leave(Int32)
    }

    private(set) var buffer: LineBuffer
    private let chat: String
    /// What agents call this chat.
    private var names: [String] = []
    /// Own messages that no turn has ended for; how many turns are expected.
    private var waiting: [String: Int] = [:]
    /// Own messages that were shown when they were typed.
    private var own: Set<String> = []
    private var running: [TurnID: Set<MessageID>] = [:]
    /// What was streamed and has not been seen in the history.
    private var streamed = ""
    private var isStreaming = false
    private var shownThrough: Int64 = 0
    /// A new connection repeats entries up to here that the host was not told of.
    private var repeatedThrough: Int64 = 0
    private var isLost = false

    /// A chat with the lines that were typed in it before.
    init(chat: String, history: [String] = []) {
        self.chat = chat
        buffer = LineBuffer(history: history)
    }

    /// A turn of this chat runs, or is expected.
    var isBusy: Bool { !waiting.isEmpty || !running.isEmpty }

    /// Takes an event and says what to do about it.
    mutating func handle(_ event: Event) -> [Action] {
        switch event {
        case .key(let key): return press(key)
        case .frame(let frame): return show(frame)
        case .sent(let sent):
            guard sent.answering == 0 else {
                if waiting[sent.id] != nil { waiting[sent.id] = sent.answering }
                return []
            }
            waiting[sent.id] = nil
            guard sent.notices == 0, sent.answersCard != true else { return [] }
            return [.print(Style.note(ChatText.unanswered(sent, chat: chat)))]
        case .refused(let id, let text, let reason):
            waiting[id] = nil
            if buffer.isEmpty { buffer.edit(.paste(text)) }
            return [.print(Style.problem("not sent: \(reason)")), .prompt]
        case .stopped(let turns):
            guard turns == 0 else { return [] }
            waiting = [:]
            running = [:]
            return [.print(Style.note("nothing is running"))]
        case .resized: return [.resize]
        case .lost:
            (waiting, running, streamed, isLost) = ([:], [:], "", true)
            repeatedThrough = shownThrough
            return finishStream() + [.print(Style.note("the host is gone; waiting for it to come back"))]
        case .ended(let status): return [.leave(status)]
        }
    }

    // MARK: - Keys

    private mutating func press(_ key: Key) -> [Action] {
        switch key {
        case .enter:
            let text = buffer.text
            guard text.contains(where: { !$0.isWhitespace }) else { return [.prompt] }
            _ = buffer.submit()
            let id = MessageID.random().rawValue
            own.insert(id)
            waiting[id] = 1
            return [.print("\(Style.prompt)\(text)"), .prompt, .send(id: id, text: text)]
        case .interrupt:
            if isBusy { return [.print(Style.note("stopping")), .stop] }
            guard buffer.isEmpty else {
                buffer.clear()
                return [.prompt]
            }
            return [.leave(130)]
        case .endOfInput:
            guard buffer.isEmpty else {
                buffer.edit(.delete)
                return [.prompt]
            }
            return [.leave(0)]
        case .suspend: return [.suspend]
        case .redraw: return [.clearScreen]
        default: return buffer.edit(key) ? [.prompt] : []
        }
    }

    // MARK: - What the host shows

    private mutating func show(_ frame: ChatFrame) -> [Action] {
        switch frame {
        case .attached(_, let names):
            self.names = names
            guard isLost else { return [] }
            isLost = false
            return [.print(Style.note("connected again"))]
        case .entry(let entry):
            guard entry.position > repeatedThrough else { return [] }
            shownThrough = max(shownThrough, entry.position)
            return show(entry) + [.seen(entry.position)]
        case .live(let event): return show(event)
        case .turnEnded(let messages, let platformIDs, let outcome, let detail):
            for id in platformIDs {
                guard let count = waiting[id] else { continue }
                waiting[id] = count > 1 ? count - 1 : nil
            }
            running = running.filter { $0.value.isDisjoint(with: messages) }
            let end = finishStream()
            streamed = ""
            guard outcome != "completed" else { return end }
            let words = outcome == "stopped" ? "stopped" : "the turn \(outcome)"
            return end + [.print(Style.problem(detail.map { "\(words): \($0)" } ?? words))]
        }
    }

    private mutating func show(_ entry: ChatEntry) -> [Action] {
        if entry.direction == "in" {
            guard !own.contains(entry.id) else { return [] }
            return finishStream() + [.print(Style.prompt + SafeText.lines(entry.text))]
        }
        let name = Style.name(entry.name)
        switch entry.kind {
        case "edit": return finishStream() + [.print("\(name) (edited) \(SafeText.lines(entry.text))")]
        case "reaction": return finishStream() + [.print("\(name) reacts with \(SafeText.oneLine(entry.text))")]
        default: break
        }
        var actions: [Action] = []
        let text = SafeText.lines(entry.text).trimmed
        if !streamed.isEmpty, streamed.trimmed.hasPrefix(text) {
            streamed = String(streamed.trimmed.dropFirst(text.count))
            if streamed.trimmed.isEmpty { actions += finishStream() }
        } else if !streamed.isEmpty, text.hasPrefix(streamed.trimmed), isStreaming {
            actions.append(.stream(String(text.dropFirst(streamed.trimmed.count))))
            streamed = ""
            actions += finishStream()
        } else {
            actions += finishStream()
            streamed = ""
            if !text.isEmpty { actions.append(.print("\(name) \(text)")) }
        }
        for file in entry.files {
            actions.append(.print(Style.note("file \(file.path) (\(file.size) bytes)")))
        }
        return actions
    }

    private mutating func show(_ event: LiveEvent) -> [Action] {
        switch event.body {
        case .started(let messages):
            running[event.turn] = Set(messages)
            return []
        case .textChunk(let destination, let text):
            guard names.isEmpty || names.contains(destination) else { return [] }
            var text = SafeText.lines(text)
            if !isStreaming {
                text = String(text.drop(while: \.isWhitespace))
                if text.isEmpty { return [] }
            }
            streamed += text
            defer { isStreaming = true }
            return [.stream(isStreaming ? text : "\(Style.name(nil)) \(text)")]
        case .toolCall(_, let name, let arguments):
            return finishStream() + [.print(Style.note(ToolText.call(name, arguments)))]
        case .toolResult(_, let name, let isError, let summary, let milliseconds):
            return finishStream() + [.print(Style.note(ToolText.result(name, isError, summary, milliseconds)))]
        case .waiting(let reason):
            return finishStream() + [.print(Style.problem("the turn waits: \(SafeText.oneLine(reason))"))]
        case .modelResult(_, _, _, let error):
            guard let error else { return [] }
            return finishStream() + [.print(Style.problem("the model: \(error)"))]
        case .thinking, .modelCall: return []
        }
    }

    private mutating func finishStream() -> [Action] {
        guard isStreaming else { return [] }
        isStreaming = false
        return [.endStream]
    }
}

extension String {
    /// Without white space at both ends.
    fileprivate var trimmed: String {
        var text = self[...]
        while text.first?.isWhitespace == true { text = text.dropFirst() }
        while text.last?.isWhitespace == true { text = text.dropLast() }
        return String(text)
    }
}
