import Core
import NIOHTTP1

/// Which headers pass between sandbox and model server; everything else stays where it is.
///
/// A list of what passes, not of what does not: hop-by-hop fields, credentials and cookies are never on it.
enum HeaderRules {
    private static let up: Set<String> = [
        "accept", "content-type", "user-agent", "anthropic-version", "anthropic-beta", "openai-beta",
    ]
    private static let down: Set<String> = [
        "content-type", "content-length", "date", "retry-after", "retry-after-ms", "request-id", "x-request-id",
        "x-should-retry", "openai-processing-ms",
    ]
    private static let downPrefixes = ["anthropic-ratelimit-", "x-ratelimit-"]

    /// The headers of a request to the model server, with the key.
    static func request(_ headers: HTTPHeaders, to upstream: ModelUpstream) -> HTTPHeaders {
        var passed = HTTPHeaders(headers.filter { up.contains($0.name.lowercased()) })
        switch upstream.kind {
        case .openai:
            if let key = upstream.key { passed.add(name: "authorization", value: "Bearer \(key)") }
        case .anthropic:
            if let key = upstream.key { passed.add(name: "x-api-key", value: key) }
            if !passed.contains(name: "anthropic-version") {
                passed.add(name: "anthropic-version", value: "2023-06-01")
            }
        case .offline:
            break
        }
        return passed
    }

    /// The headers of the answer as the sandbox sees them.
    static func response(_ headers: HTTPHeaders) -> HTTPHeaders {
        HTTPHeaders(
            headers.filter { header in
                let name = header.name.lowercased()
                return down.contains(name) || downPrefixes.contains { name.hasPrefix($0) }
            }
        )
    }
}
