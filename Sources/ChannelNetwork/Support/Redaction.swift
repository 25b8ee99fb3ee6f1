/// Texts that must not appear in errors and logs: a token in a path, a key in a query.
struct Redaction: Sendable {
    private let secrets: [String]

    /// Takes the secrets; empty ones are left out, longer ones go first so that none is left in part.
    init(_ secrets: [String]) {
        self.secrets = secrets.filter { !$0.isEmpty }.sorted { $0.utf8.count > $1.utf8.count }
    }

    /// One line of at most 300 characters without the secrets.
    func scrub(_ text: String) -> String {
        var clean = text
        for secret in secrets { clean = clean.replacing(secret, with: "[redacted]") }
        return String(clean.split(whereSeparator: \.isNewline).joined(separator: " ").prefix(300))
    }
}
