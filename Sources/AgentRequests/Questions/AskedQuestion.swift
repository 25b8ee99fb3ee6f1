package import CentralStore
import Core

/// A question as it stands in a request, checked.
package struct AskedQuestion: Sendable {
    /// Seconds that a question stays open, and what it may ask for.
    package static let usualTimeout: Int64 = 300
    package static let timeouts: ClosedRange<Int64> = 10...3600

    package let title: String
    package let question: String
    package let options: [PendingQuestion.Option]
    package let timeout: Int64
    package let waits: Bool

    /// Reads the arguments of a request; throws naming what is wrong.
    package init(_ arguments: ActionArguments) throws(HostActionRefusal) {
        var arguments = arguments
        title = try Self.line(try arguments.required("title", most: 400), "title")
        question = try arguments.required("question", most: 16 * 1024)
        let given = try arguments.decoded("options", as: [Option].self) ?? []
        timeout = try arguments.integer("timeout_seconds", Self.timeouts) ?? Self.usualTimeout
        waits = try arguments.flag("wait") ?? true
        try arguments.finish()
        guard (1...10).contains(given.count) else { throw HostActionRefusal("a question has 1 to 10 options") }
        var options: [PendingQuestion.Option] = []
        for option in given {
            options.append(
                PendingQuestion.Option(
                    label: try Self.line(option.label, "an option's label"),
                    value: try Self.line(option.value ?? option.label, "an option's value")
                )
            )
        }
        guard Set(options.map(\.value)).count == options.count else {
            throw HostActionRefusal("two options have the same value: nobody could tell which was chosen")
        }
        self.options = options
    }

    /// The text as one line that is not empty.
    private static func line(_ text: String, _ what: String) throws(HostActionRefusal) -> String {
        let line = text.split(whereSeparator: \.isNewline).joined(separator: " ").trimmingWhiteSpace
        guard !line.isEmpty, line.utf8.count <= 800, line.unicodeScalars.allSatisfy({ $0.value >= 0x20 }) else {
            throw HostActionRefusal("\(what) is one line of 1 to 800 bytes without control characters")
        }
        return line
    }

    private struct Option: Decodable {
        let label: String
        let value: String?

        private enum Keys: String, CodingKey, CaseIterable { case label, value }

        init(from decoder: any Decoder) throws {
            if let text = try? decoder.singleValueContainer().decode(String.self) {
                label = text
                value = nil
                return
            }
            let fields = try decoder.singleValueContainer().decode([String: JSONValue].self)
            if let name = fields.keys.sorted().first(where: { Keys(rawValue: $0) == nil }) {
                throw CoreError(.invalidContent, "an option has no \"\(name.prefix(40))\"; there are: label, value")
            }
            guard let label = fields["label"]?.string else {
                throw CoreError(.invalidContent, "an option is a text or has a label")
            }
            self.label = label
            value = fields["value"]?.string
        }
    }
}
