/// What a mail server wrote about the mail it took in: one field `Authentication-Results` (RFC 8601).
struct AuthenticationResults: Sendable, Equatable {
    /// One method and what it came to: `dkim=pass header.d=example.org`.
    struct Result: Sendable, Equatable {
        /// In lower case.
        var method: String
        /// In lower case.
        var outcome: String
        /// By `ptype.property` in lower case; the value in lower case.
        var properties: [String: String]
    }

    /// The most results that are read.
    private static let most = 50

    /// Who wrote it, in lower case.
    let server: String
    let results: [Result]

    /// Reads a field; nil when it does not follow the grammar, so that nothing in it counts.
    init?(_ field: String) {
        var scanner = FieldScanner(field)
        let first = scanner.token(until: ";", "\"").lowercased()
        // A version may stand behind the id; only version 1 is known.
        let words = first.split(separator: " ")
        guard let server = words.first, words.count == 1 || (words.count == 2 && words[1] == "1") else { return nil }
        self.server = String(server)
        var results: [Result] = []
        while scanner.peek() != nil {
            guard scanner.skip(";"), results.count < Self.most else { return nil }
            guard scanner.peek() != nil else { break }
            guard let entry = Self.entry(&scanner) else { return nil }
            if let result = Self.result(entry) { results.append(result) }
        }
        self.results = results
    }

    /// Words up to the next semicolon, each `name=value` or a bare word.
    private static func entry(_ scanner: inout FieldScanner) -> [(name: String, value: String)]? {
        var words: [(name: String, value: String)] = []
        while let byte = scanner.peek(), byte != UInt8(ascii: ";") {
            guard byte != Byte.quote else { return nil }
            let name = scanner.token(until: "=", " ", "\t", ";", "\"").lowercased()
            guard scanner.skip("=") else {
                guard !name.isEmpty else { return nil }
                words.append((name, ""))
                continue
            }
            guard let value = value(&scanner) else { return nil }
            words.append((name, value.lowercased()))
        }
        return words
    }

    /// A token, a quoted string, or an address whose local part is one.
    private static func value(_ scanner: inout FieldScanner) -> String? {
        guard scanner.peek() == Byte.quote else { return scanner.token(until: " ", "\t", ";", "\"") }
        guard let text = scanner.quoted() else { return nil }
        guard !scanner.isAtEnd else { return text }
        return text + scanner.token(until: " ", "\t", ";", "\"")
    }

    private static func result(_ words: [(name: String, value: String)]) -> Result? {
        guard let first = words.first, !first.value.isEmpty else { return nil }
        var properties: [String: String] = [:]
        for word in words.dropFirst() where word.name.contains(".") && properties[word.name] == nil {
            properties[word.name] = word.value
        }
        // RFC 8601 allows a version behind the method: `dkim/1`.
        let method = first.name.prefix { $0 != "/" }
        return Result(method: String(method), outcome: first.value, properties: properties)
    }
}
