/// Which metadata keys hold what must not be written.
enum SecretKeys {
    private static let words = [
        "password", "passphrase", "passwd", "secret", "authorization", "cookie", "credential", "bearer",
    ]

    /// True for a key whose last part names a secret: `provider.api_key`, `http.authorization`, `bot.token`.
    static func matches(_ key: String) -> Bool {
        guard let last = key.lowercased().split(separator: ".").last else { return false }
        let name = last.filter { $0 != "_" && $0 != "-" }
        return words.contains { name.contains($0) } || name == "key" || name.hasSuffix("token")
            || ["api", "private", "access", "signing", "encryption"].contains { name.hasSuffix($0 + "key") }
    }
}
