import Core

/// Which headers pass between sandbox and model server; everything else stays where it is.
///
/// A list of what passes, not of what does not: hop-by-hop fields, credentials and cookies are never on it.
enum HeaderRules {
    /// One field, as it came.
    typealias Field = (name: String, value: String)

    private static let up: Set<String> = [
        "accept", "content-type", "user-agent", "anthropic-version", "anthropic-beta", "openai-beta",
    ]
    private static let down: Set<String> = [
        "content-type", "content-length", "date", "retry-after", "retry-after-ms", "request-id", "x-request-id",
        "x-should-retry", "openai-processing-ms",
    ]
    private static let downPrefixes = ["anthropic-ratelimit-", "x-ratelimit-"]

    /// The headers of a request to the model server, with the key.
    static func request(_ headers: some Sequence<Field>, to upstream: ModelUpstream) -> [Field] {
        var passed = headers.filter { up.contains($0.name.lowercased()) }
        switch upstream.kind {
        case .openai:
            if let key = upstream.key { passed.append(("authorization", "Bearer \(key)")) }
        case .anthropic:
            if let key = upstream.key { passed.append(("x-api-key", key)) }
            if !passed.contains(where: { $0.name.lowercased() == "anthropic-version" }) {
                passed.append(("anthropic-version", "2023-06-01"))
            }
        case .offline:
            break
        }
        return passed
    }

    /// The headers of the answer as the sandbox sees them.
    static func response(_ headers: some Sequence<Field>) -> [Field] {
        headers.filter { header in
            let name = header.name.lowercased()
            return down.contains(name) || downPrefixes.contains { name.hasPrefix($0) }
        }
    }
}
