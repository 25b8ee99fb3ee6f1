/// A command of the tool `shell` that somebody is asked about, and that runs once they have allowed it: exactly these bytes.
package struct AllowedCommand: Codable, Sendable, Equatable {
    /// The request to the host, the kind of its plan, and the `action` of the answer whose `result` is such a command.
    package static let action = "shell_command"
    /// Most bytes of a command that somebody is asked about: more is not read on a card.
    package static let longest = 2000

    /// What `/bin/sh -c` is given.
    package var command: String
    package var timeoutSeconds: Int?
    package var isBackground: Bool

    package init(command: String, timeoutSeconds: Int? = nil, isBackground: Bool = false) {
        self.command = command
        self.timeoutSeconds = timeoutSeconds
        self.isBackground = isBackground
    }

    package enum CodingKeys: String, CodingKey {
        case command
        case timeoutSeconds = "timeout_seconds"
        case isBackground = "background"
    }
}

extension SystemContent {
    /// The command that this answer lets run; nil for every other row.
    package var allowedCommand: AllowedCommand? {
        guard action == AllowedCommand.action, status == "ok" else { return nil }
        return try? result?.decoded(as: AllowedCommand.self)
    }
}

/// Whether an agent's shell commands need somebody's word.
package enum ShellMode: String, Codable, Sendable, CaseIterable {
    /// All run at once: the sandbox is what bounds them.
    case allow
    /// Those run at once that are seen to read and no more; for each other one an admin is asked.
    case ask
}
