import Testing

/// Attempts to have something run, changed or hidden without a question.
struct Bypass: Sendable, CustomTestStringConvertible {
    let kind: String
    let command: String
    /// A part of the reason: it asks because of what the attempt is about, not by chance.
    let because: String

    var testDescription: String { "\(kind): \(command)" }

    static func kind(_ kind: String, because: String, _ commands: [String]) -> [Bypass] {
        commands.map { Bypass(kind: kind, command: $0, because: because) }
    }

    static let all = grammar + characters + programs + options + variables + patterns + reading + writing
}
