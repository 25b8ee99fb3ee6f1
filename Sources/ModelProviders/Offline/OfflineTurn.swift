/// The turn that a conversation stands in, as the offline provider sees it: what was asked and what came of it.
///
/// It begins behind the last answer without tool calls. Each command becomes one call, in order; the answers follow
/// when no call is left to make, in the order of the messages.
struct OfflineTurn {
    private struct Step {
        var from: String?
        var command: OfflineCommand
        var callID: String?
        var result: String?

        var waitsForCall: Bool {
            if case .call = command { return callID == nil }
            return false
        }
    }

    private var steps: [Step] = []
    /// Calls in the whole conversation: numbers the next one.
    private let callCount: Int

    /// Reads the conversation; `tools` are the names on offer.
    init(_ messages: [ModelMessage], tools: Set<String>) {
        callCount = messages.reduce(0) { $0 + $1.callIDs.count }
        let before = messages.lastIndex { $0.role == .assistant && $0.callIDs.isEmpty }
        for message in messages[(before.map { $0 + 1 } ?? 0)...] {
            switch message.role {
            case .user:
                for item in PromptReader.items(of: message.text) {
                    steps.append(Step(from: item.from, command: OfflineCommand(item.text, tools: tools)))
                }
            case .assistant:
                for id in message.callIDs {
                    guard let next = steps.firstIndex(where: \.waitsForCall) else { break }
                    steps[next].callID = id
                }
            case .tool:
                for case .toolResult(let id, let text, _) in message.parts {
                    guard let place = steps.lastIndex(where: { $0.callID == id }) else { continue }
                    steps[place].result = text
                }
            }
        }
    }

    /// What the provider answers now.
    var answer: [ModelEvent] {
        var events: [ModelEvent] = []
        for step in steps where step.waitsForCall {
            guard case .call(let tool, let arguments) = step.command else { continue }
            let number = callCount + events.count + 1
            events.append(.toolCall(id: "offline_\(number)", name: tool, arguments: arguments))
        }
        if !events.isEmpty { return events + [.finished(.toolCalls)] }
        let text = steps.map(reply(to:)).joined(separator: "\n")
        return [.textDelta(text.isEmpty ? "<internal>Nothing asks for an answer.</internal>" : text), .finished(.stop)]
    }

    private func reply(to step: Step) -> String {
        let text =
            switch step.command {
            case .say(let text): text
            case .call: step.result ?? "That command was broken off before it ended."
            }
        let shown = text.allSatisfy(\.isWhitespace) ? "(no output)" : text
        guard let from = step.from else { return Self.escaped(shown) }
        return "<message to=\"\(Self.escaped(from))\">\(Self.escaped(shown))</message>"
    }

    private static func escaped(_ text: String) -> String {
        var result = ""
        for character in text.unicodeScalars {
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            default: result.unicodeScalars.append(character)
            }
        }
        return result
    }
}

extension ModelMessage {
    fileprivate var callIDs: [String] {
        parts.compactMap { part in
            if case .toolCall(let id, _, _) = part { id } else { nil }
        }
    }
}
