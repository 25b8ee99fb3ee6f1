/// What one check of the doctor found.
struct Finding: Codable, Sendable, Equatable {
    /// How bad it is.
    enum Level: String, Codable, Sendable {
        case good, note, bad
    }

    var level: Level
    /// What was looked at.
    var check: String
    /// What is there, and how to put it right.
    var text: String

    init(_ level: Level, _ check: String, _ text: String) {
        self.level = level
        self.check = check
        self.text = text
    }

    /// One line for people.
    var line: String {
        let mark =
            switch level {
            case .good: "ok  "
            case .note: "note"
            case .bad: "BAD "
            }
        return "\(mark)  \(check): \(SafeText.oneLine(text))"
    }
}
