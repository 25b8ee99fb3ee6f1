/// One entry of a conversation with a model; a transcript is a list of them, one JSON object each.
package struct ModelMessage: Codable, Sendable, Equatable {
    package var role: Role
    package var parts: [Part]

    package init(role: Role, parts: [Part]) {
        self.role = role
        self.parts = parts
    }

    /// What the person or the host says.
    package static func user(_ text: String) -> Self { Self(role: .user, parts: [.text(text)]) }

    /// What the model said, without tool calls.
    package static func assistant(_ text: String) -> Self { Self(role: .assistant, parts: [.text(text)]) }

    /// The result of one tool call.
    package static func toolResult(id: String, text: String, isError: Bool = false) -> Self {
        Self(role: .tool, parts: [.toolResult(id: id, text: text, isError: isError)])
    }

    /// Whose entry it is.
    package enum Role: String, Codable, Sendable {
        case user, assistant
        /// Results of the tool calls of the assistant's entry before it.
        case tool
    }

    /// A piece of an entry.
    ///
    /// Calls belong to the assistant, results to `tool`.
    package enum Part: Sendable, Equatable {
        case text(String)
        /// `arguments` is JSON text as the model wrote it.
        case toolCall(id: String, name: String, arguments: String)
        case toolResult(id: String, text: String, isError: Bool)
    }

    /// The text of all text parts.
    package var text: String {
        parts.reduce(into: "") { text, part in
            if case .text(let piece) = part { text += piece }
        }
    }
}

extension ModelMessage.Part: Codable {
    private enum Key: String, CodingKey { case type, text, id, name, arguments, isError }
    private enum Kind: String, Codable { case text, toolCall = "tool_call", toolResult = "tool_result" }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        func text(_ key: Key) throws -> String { try container.decode(String.self, forKey: key) }
        switch try container.decode(Kind.self, forKey: .type) {
        case .text:
            self = .text(try text(.text))
        case .toolCall:
            self = .toolCall(id: try text(.id), name: try text(.name), arguments: try text(.arguments))
        case .toolResult:
            let isError = try container.decodeIfPresent(Bool.self, forKey: .isError) ?? false
            self = .toolResult(id: try text(.id), text: try text(.text), isError: isError)
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        switch self {
        case .text(let text):
            try container.encode(Kind.text, forKey: .type)
            try container.encode(text, forKey: .text)
        case .toolCall(let id, let name, let arguments):
            try container.encode(Kind.toolCall, forKey: .type)
            try container.encode(id, forKey: .id)
            try container.encode(name, forKey: .name)
            try container.encode(arguments, forKey: .arguments)
        case .toolResult(let id, let text, let isError):
            try container.encode(Kind.toolResult, forKey: .type)
            try container.encode(id, forKey: .id)
            try container.encode(text, forKey: .text)
            if isError { try container.encode(true, forKey: .isError) }
        }
    }
}
