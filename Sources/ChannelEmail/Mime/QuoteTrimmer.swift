import Core

/// Takes what a mail program has added to the end of an answer away: the quoted mail, the signature, the phone's line.
///
/// Only the end is cut: answers between quoted lines stay with what they answer.
enum QuoteTrimmer {
    /// The most lines before a quote that are looked at for its introduction.
    private static let longestIntroduction = 3
    /// The most lines of a signature.
    private static let longestSignature = 15

    /// Without their spaces.
    private static let marks: Set<String> = [
        "-----originalmessage-----", "-----ursprünglichenachricht-----", "-----messaged'origine-----",
        "-----mensajeoriginal-----", "-----oorspronkelijkbericht-----", "-----messaggiooriginale-----",
    ]
    /// First and last words of the line that introduces a quote.
    private static let introductions = [
        ("on ", "wrote:"), ("am ", "schrieb"), ("le ", "a écrit :"), ("le ", "a écrit:"), ("el ", "escribió:"),
        ("op ", "schreef"), ("il ", "ha scritto:"), ("em ", "escreveu:"), ("den ", "skrev"), ("w dniu ", "napisał"),
    ]
    /// The fields of the block that Outlook puts above a quote, in the languages of the marks above.
    private static let fields = [
        "from:", "sent:", "date:", "to:", "cc:", "subject:", "von:", "gesendet:", "an:", "betreff:", "de :", "envoyé :",
        "à :", "objet :", "de:", "enviado:", "para:", "asunto:", "van:", "verzonden:", "aan:", "onderwerp:",
    ]
    private static let phones = [
        "sent from my ", "get outlook for ", "von meinem ", "envoyé de mon ", "enviado desde mi ", "verzonden vanaf ",
        "gesendet von ", "inviato da ",
    ]

    /// The answer alone; the whole text when nothing would be left.
    static func trimmed(_ text: String) -> String {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { Line(String($0)) }
        var end = lines.count
        if let mark = lines.indices.first(where: { isSeparator(lines, $0) }) { end = mark }
        end = beforeQuote(lines, end)
        end = beforeSignature(lines, end)
        let kept = lines[..<end].map(\.text).joined(separator: "\n").trimmingWhiteSpaceLines
        return kept.isEmpty ? text.trimmingWhiteSpaceLines : kept
    }

    private struct Line {
        let text: String
        let lower: String
        var isBlank: Bool { lower.isEmpty }
        var isQuoted: Bool { lower.hasPrefix(">") }

        init(_ text: String) {
            self.text = text
            lower = text.trimmingWhiteSpace.lowercased()
        }
    }

    /// What begins the quoted mail though its lines are not marked: a mark, or Outlook's block of fields.
    private static func isSeparator(_ lines: [Line], _ index: Int) -> Bool {
        let line = lines[index].lower
        if line.hasPrefix("--"), marks.contains(line.filter { $0 != " " }) { return true }
        guard fields.contains(where: { line.hasPrefix($0) }) || isRule(line) else { return false }
        let start = isRule(line) ? index + 1 : index
        let block = lines[min(start, lines.count)...].prefix(6).prefix { !$0.isBlank }
        let found = block.filter { line in fields.contains { line.lower.hasPrefix($0) } }
        return found.count >= 3
    }

    private static func isRule(_ line: String) -> Bool { line.utf8.count >= 20 && line.allSatisfy { $0 == "_" } }

    /// The end without the quoted lines there and the line that introduces them.
    private static func beforeQuote(_ lines: [Line], _ end: Int) -> Int {
        var start = end
        var isFound = false
        while start > 0, lines[start - 1].isBlank || lines[start - 1].isQuoted {
            start -= 1
            if lines[start].isQuoted { isFound = true }
        }
        if !isFound {
            // Some programs quote without marks; where there are marks, what stands below them are answers.
            guard let line = lines[..<end].indices.first(where: { introduction(lines, endingAt: $0) != nil }),
                !lines[line..<end].contains(where: \.isQuoted)
            else { return end }
            return introduction(lines, endingAt: line) ?? end
        }
        guard start > 0 else { return start }
        return introduction(lines, endingAt: start - 1) ?? start
    }

    /// Where the introduction begins whose last line this is; nil when it is none.
    private static func introduction(_ lines: [Line], endingAt last: Int) -> Int? {
        for count in 1...longestIntroduction where last - count + 1 >= 0 {
            let words = lines[(last - count + 1)...last].map(\.lower).joined(separator: " ")
            guard words.utf8.count <= 400 else { return nil }
            for (first, end) in introductions
            where words.hasPrefix(first) && words.hasSuffix(end.hasSuffix(":") ? end : ":") {
                // A year or a clock: an ordinary sentence may begin and end alike.
                if words.contains(end), words.contains(where: \.isNumber) { return last - count + 1 }
            }
        }
        return nil
    }

    private static func beforeSignature(_ lines: [Line], _ end: Int) -> Int {
        var end = end
        if let mark = lines[..<end].lastIndex(where: { $0.text == "-- " || $0.text == "--" }),
            end - mark <= longestSignature
        {
            end = mark
        }
        while end > 0, lines[end - 1].isBlank { end -= 1 }
        if end > 0, phones.contains(where: { lines[end - 1].lower.hasPrefix($0) }),
            lines[end - 1].lower.utf8.count < 100
        {
            end -= 1
        }
        return end
    }
}
