package import Core
package import Logging

/// One line of the log: JSON in the file, readable on a terminal.
package struct LogLine: Codable, Sendable, Equatable {
    package var at: Timestamp
    package var level: Logger.Level
    /// The part of the host that speaks: `router`, `delivery`, `channel.cli`.
    package var component: String
    package var message: String
    /// `session`, `channel` and `chat` are what lines are chosen by.
    package var metadata: [String: String]

    /// Takes the parts as they are; ``HostLogHandler`` has removed secrets.
    package init(at: Timestamp, level: Logger.Level, component: String, message: String, metadata: [String: String]) {
        self.at = at
        self.level = level
        self.component = component
        self.message = message
        self.metadata = metadata
    }

    private enum CodingKeys: String, CodingKey { case at, level, component, message, metadata }

    /// Reads a line of the file.
    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        let text = try values.decode(String.self, forKey: .at)
        guard let at = Timestamp(iso8601: text) else {
            throw CoreError(.invalidTime, "\"\(text.prefix(40))\" is no time")
        }
        self.at = at
        level = try values.decode(Logger.Level.self, forKey: .level)
        component = try values.decode(String.self, forKey: .component)
        message = try values.decode(String.self, forKey: .message)
        metadata = try values.decode([String: String].self, forKey: .metadata)
    }

    package func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(at.description, forKey: .at)
        try values.encode(level, forKey: .level)
        try values.encode(component, forKey: .component)
        try values.encode(message, forKey: .message)
        try values.encode(metadata, forKey: .metadata)
    }

    /// The line for the file, its end included.
    package func json() -> [UInt8] {
        // A struct of plain text always encodes; if not, the message itself is still worth a line.
        let text = (try? JSONText.encode(self)) ?? "{\"message\":\"a line could not be encoded\"}"
        return Array(text.utf8) + [UInt8(ascii: "\n")]
    }

    /// The line for people: time, level, component, message, then `key=value`; control characters shown, not acted on.
    package func pretty(coloured: Bool = false) -> String {
        let time = at.description.replacing("T", with: " ")
        var name = level.rawValue
        name += String(repeating: " ", count: max(0, 8 - name.count))
        if coloured, let colour = Self.colours[level] { name = "\u{1B}[\(colour)m\(name)\u{1B}[0m" }
        let values = metadata.sorted { $0.key < $1.key }.map { "  \($0.key)=\(Self.visible($0.value))" }.joined()
        return "\(time) \(name) \(component): \(Self.visible(message))\(values)"
    }

    private static let colours: [Logger.Level: Int] = [.debug: 90, .trace: 90, .warning: 33, .error: 31, .critical: 31]

    private static func visible(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) ? "\u{FFFD}" : $0 }
            )
        )
    }
}
