/// What one check of the doctor found.
struct Finding: Codable, Sendable, Equatable {
    /// How bad it is.
    enum Level: String, Codable, Sendable {
        case good
        /// Could not be looked at, or there is nothing to look at yet; no reason to worry.
        case skipped
        /// Works, and could be better.
        case note
        case bad
    }

    var level: Level
    /// What was looked at.
    var check: String
    /// What is there.
    var text: String
    /// The command that puts it right, where one does.
    var fix: Fix?

    init(_ level: Level, _ check: String, _ text: String, fix: Fix? = nil) {
        self.level = level
        self.check = check
        self.text = text
        self.fix = fix
    }

    /// Whether somebody should read it.
    var isWorthTelling: Bool { level == .note || level == .bad }

    /// One line for people, and one more for the command.
    var line: String {
        let mark =
            switch level {
            case .good: "ok  "
            case .skipped: "--  "
            case .note: "note"
            case .bad: "BAD "
            }
        let first = "\(mark)  \(check): \(SafeText.oneLine(ProgramName.inAdvice(text)))"
        return fix.map { "\(first)\n      → \(SafeText.oneLine($0.command))" } ?? first
    }

    /// The same without what tells of this machine: paths of the home and of people, and parts of URLs that may hold
    /// keys.
    func redacted(_ redaction: Redaction) -> Finding {
        var copy = self
        copy.check = redaction.applied(to: check)
        copy.text = redaction.applied(to: text)
        copy.fix = fix.map { Fix(command: redaction.applied(to: $0.command)) }
        return copy
    }
}

/// What is left out of a report that is shown to others.
struct Redaction: Sendable {
    private let replacements: [(text: String, name: String)]

    /// `names` are texts that tell who somebody is or where: each is replaced by its placeholder, longer ones first.
    init(_ names: [(text: String, placeholder: String)]) {
        replacements =
            names.filter { $0.text.utf8.count > 1 }.sorted { $0.text.utf8.count > $1.text.utf8.count }
            .map { ($0.text, $0.placeholder) }
    }

    func applied(to text: String) -> String {
        var text = text
        for (name, placeholder) in replacements { text = text.replacing(name, with: placeholder) }
        // What stands between `//` and `@`, and what follows `?`.
        text = text.replacing(/\/\/[^\/\s@]*@/, with: "//…@")
        return text.replacing(/\?[^\s;,)]*=[^\s;,)]*/, with: "?…")
    }
}
