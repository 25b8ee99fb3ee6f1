import Core

extension MessageContent {
    /// The text behind the account's name at its front: that is how one speaks to somebody, and no part of what is said.
    ///
    /// The name is what the client shows for it, or its whole id; the id's local part only with a colon or comma behind it.
    static func withoutAddress(_ text: String, _ me: String, _ content: JSONValue) -> String {
        let local = String(me.dropFirst().prefix { $0 != ":" })
        let names = [shownName(of: me, in: content), me, local].compactMap(\.self)
        for name in names where !name.isEmpty && text.hasPrefix(name) {
            var rest = text.dropFirst(name.count)
            let isMarked = rest.first == ":" || rest.first == ","
            if isMarked { rest.removeFirst() }
            guard isMarked || name != local, rest.first?.isWhitespace ?? true else { continue }
            let said = String(rest).trimmingWhiteSpace
            return said.isEmpty ? text : said
        }
        return text
    }

    /// The words of the link to the account with which the formatted text begins; nil when it begins otherwise.
    private static func shownName(of me: String, in content: JSONValue) -> String? {
        var html = (content[key: "formatted_body"]?.string ?? "")[...]
        if let quote = html.firstRange(of: "</mx-reply>") { html = html[quote.upperBound...] }
        if html.hasPrefix("<p>") { html = html.dropFirst("<p>".count) }
        let escaped = "%40\(MatrixID.escaped(String(me.dropFirst())))"
        let links = [me, escaped].map { "<a href=\"https://matrix.to/#/\($0)\">" }
        guard let link = links.first(where: html.hasPrefix) else { return nil }
        return String(html.dropFirst(link.count).prefix { $0 != "<" })
    }
}
