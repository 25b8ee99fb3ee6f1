/// Subjects and the marks of answers before them.
enum MailSubject {
    private static let marks = ["re:", "aw:", "sv:", "vs:", "antw:", "odp:", "rv:", "res:", "r:"]

    /// The subject without marks of answers.
    static func bare(_ subject: String) -> String {
        var rest = subject.onOneLine[...]
        while let mark = marks.first(where: { rest.lowercased().hasPrefix($0) }) {
            rest = rest.dropFirst(mark.count).drop { $0 == " " }
        }
        return String(rest)
    }

    /// The subject of an answer, marked once.
    static func answer(to subject: String) -> String {
        let bare = bare(subject)
        return bare.isEmpty ? "Re: (no subject)" : "Re: \(bare)"
    }
}
