/// A conversation brought into the shape that every wire takes, whoever produced it.
///
/// Each call has exactly one result right after it: a missing one is put in, one without a call is left out, so that
/// a turn that broke off cannot spoil the requests after it. Ids are made to fit both wires and to be unique.
/// Neighbouring user entries become one; empty entries go; the first entry is the user's.
/// Equal input gives equal output, and more input only more output behind it.
enum History {
    enum Entry: Equatable {
        /// Texts said one after the other.
        case user([String])
        case assistant(String, [Call])
        case results([Result])
    }

    struct Call: Equatable {
        var id: String
        var name: String
        var arguments: String
    }

    struct Result: Equatable {
        var id: String
        var text: String
        var isError: Bool
    }

    static func normalized(_ messages: [ModelMessage]) -> [Entry] {
        var entries: [Entry] = []
        var used: Set<String> = []
        var index = 0
        while index < messages.count {
            let message = messages[index]
            index += 1
            switch message.role {
            case .user:
                append(user: message, to: &entries)
            case .tool:
                break
            case .assistant:
                var given: [String: Result] = [:]
                while index < messages.count, messages[index].role == .tool {
                    for case .toolResult(let id, let text, let isError) in messages[index].parts where given[id] == nil
                    {
                        given[id] = Result(id: id, text: text, isError: isError)
                    }
                    index += 1
                }
                append(assistant: message, given, to: &entries, used: &used)
            }
        }
        if case .user? = entries.first { return entries }
        return entries.isEmpty ? [] : [.user(["(The conversation before this is left out.)"])] + entries
    }

    private static func append(user message: ModelMessage, to entries: inout [Entry]) {
        let text = message.text
        if isBlank(text) { return }
        if case .user(let texts)? = entries.last {
            entries[entries.count - 1] = .user(texts + [text])
        } else {
            entries.append(.user([text]))
        }
    }

    private static func append(
        assistant message: ModelMessage,
        _ given: [String: Result],
        to entries: inout [Entry],
        used: inout Set<String>
    ) {
        var calls: [Call] = []
        var results: [Result] = []
        for case .toolCall(let id, let name, let arguments) in message.parts {
            let unique = ToolCallID.unique(id, &used)
            calls.append(Call(id: unique, name: name, arguments: arguments))
            let lost = Result(id: id, text: "(No result: the turn ended before this tool did.)", isError: true)
            var result = given[id] ?? lost
            result.id = unique
            results.append(result)
        }
        let text = isBlank(message.text) ? "" : message.text
        guard !text.isEmpty || !calls.isEmpty else { return }
        // Two answers in a row happen where the question between them was left out.
        if case .assistant(let before, let earlier)? = entries.last, earlier.isEmpty {
            entries[entries.count - 1] = .assistant(text.isEmpty ? before : before + "\n\n" + text, calls)
        } else {
            entries.append(.assistant(text, calls))
        }
        if !results.isEmpty { entries.append(.results(results)) }
    }

    private static func isBlank(_ text: String) -> Bool { text.allSatisfy(\.isWhitespace) }
}
