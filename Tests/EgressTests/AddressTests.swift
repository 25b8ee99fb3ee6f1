import Core
import NIOHTTP1
import Testing

@testable import Egress

struct AddressTests {
    @Test(arguments: [
        ("http://127.0.0.1:11434/v1", ProviderKind.openai, "http://127.0.0.1:11434/v1"),
        ("http://127.0.0.1:11434/v1/", .openai, "http://127.0.0.1:11434/v1"),
        ("HTTPS://api.openai.com/v1", .openai, "https://api.openai.com/v1"),
        ("http://localhost:8080", .openai, "http://localhost:8080"),
        ("http://[::1]:8080/v1", .openai, "http://[::1]:8080/v1"),
        ("https://api.anthropic.com", .anthropic, "https://api.anthropic.com"),
        ("https://example.com/gateway/", .anthropic, "https://example.com/gateway"),
    ])
    func `a base URL is what the kind's SDK takes`(text: String, kind: ProviderKind, expected: String) throws {
        #expect(try BaseURL(text, kind: kind).description == expected)
    }

    @Test(arguments: [
        ("", ProviderKind.openai, "write it like"), ("localhost:8080", .openai, "write it like"),
        ("ftp://host/v1", .openai, "write it like"), ("http://", .openai, "write it like"),
        ("http:///v1", .openai, "write it like"), ("http://user:pw@host/v1", .openai, "--key-file"),
        ("http://host/v1?key=1", .openai, "leave off"), ("http://host/v1#x", .openai, "leave off"),
        ("http://ho st/v1", .openai, "without spaces"), ("http://host/\r\nx: y", .openai, "without spaces"),
        ("http://host:99999/v1", .openai, "port"), ("https://api.anthropic.com/v1", .anthropic, "/v1"),
        ("https://api.anthropic.com/v1/", .anthropic, "/v1"), ("http://host", .offline, "offline"),
    ])
    func `a bad base URL is refused with the way to write it`(text: String, kind: ProviderKind, hint: String) {
        do {
            _ = try BaseURL(text, kind: kind)
            Issue.record("\(text) was taken")
        } catch {
            #expect((error as? EgressError)?.code == .invalid)
            #expect("\(error)".contains(hint), "\(error)")
        }
    }

    @Test func `a path on the listener names the profile and what lies below its base`() {
        #expect(ModelPath("/model/my-llm/chat/completions")?.profile == "my-llm")
        #expect(ModelPath("/model/my-llm/chat/completions")?.rest == "/chat/completions")
        #expect(ModelPath("/model/a/v1/messages?beta=true")?.rest == "/v1/messages?beta=true")
        #expect(ModelPath("/model/a/models/llama3.2:1b")?.rest == "/models/llama3.2:1b")
    }

    @Test(arguments: [
        "", "/", "/model", "/model/", "/model/a", "/model//v1", "/model/a/", "/model/a//x", "/model/a/../b",
        "/model/a/./b",
        "/model/a/%2e%2e/b", "/model/../x/y", "/other/a/b", "http://evil/model/a/b", "//model/a/b", "/model/a/b\\c",
        "/model/a/b c", "/model/a/b#c", "/model/a/b?", "/model/a/b?x=%0a", "/model/a/b?x?y", "/model/a/é",
        "/model/a@evil/b", "/model/a/b\u{0}",
    ])
    func `a path that could leave the base is refused`(target: String) {
        #expect(ModelPath(target) == nil)
    }

    @Test func `T44 only harmless headers pass, and the key is the host's`() throws {
        let sent = HTTPHeaders([
            ("Host", "127.0.0.1:3128"), ("Authorization", "Bearer stolen"), ("X-Api-Key", "stolen"),
            ("x-goog-api-key", "stolen"), ("Cookie", "a=b"), ("Connection", "keep-alive, x-hop"), ("X-Hop", "1"),
            ("Keep-Alive", "5"), ("Proxy-Authorization", "x"), ("TE", "trailers"), ("Upgrade", "h2c"),
            ("X-Forwarded-For", "1.2.3.4"), ("OpenAI-Organization", "other"), ("Transfer-Encoding", "chunked"),
            ("Content-Length", "3"), ("Accept", "text/event-stream"), ("Content-Type", "application/json"),
            ("Anthropic-Beta", "x"),
        ])
        let openai = ModelUpstream(
            kind: .openai,
            baseURL: try BaseURL("http://h/v1", kind: .openai),
            key: "secret"
        )
        let passed = HTTPHeaders(HeaderRules.request(sent, to: openai))
        #expect(
            passed.map { $0.name.lowercased() }.sorted() == [
                "accept", "anthropic-beta", "authorization", "content-type",
            ]
        )
        #expect(passed["authorization"] == ["Bearer secret"])

        var anthropic = ModelUpstream(
            kind: .anthropic,
            baseURL: try BaseURL("http://h", kind: .anthropic),
            key: "secret"
        )
        let more = HTTPHeaders(HeaderRules.request(sent, to: anthropic))
        #expect(more["x-api-key"] == ["secret"])
        #expect(more["authorization"] == [])
        #expect(more["anthropic-version"] == ["2023-06-01"])
        anthropic.key = nil
        let given = [(name: "Anthropic-Version", value: "2024-01-01"), (name: "X-Api-Key", value: "x")]
        let keyless = HTTPHeaders(HeaderRules.request(given, to: anthropic))
        #expect(keyless.map { $0.name } == ["Anthropic-Version"])
        #expect(keyless["anthropic-version"] == ["2024-01-01"])
    }

    @Test func `of an answer's headers only what a client needs passes`() {
        let got = HTTPHeaders([
            ("Content-Type", "text/event-stream"), ("Set-Cookie", "a=b"), ("Location", "http://x"),
            ("Connection", "close"),
            ("Transfer-Encoding", "chunked"), ("Retry-After", "7"), ("X-RateLimit-Remaining-Tokens", "1"),
            ("anthropic-ratelimit-requests-limit", "2"), ("OpenAI-Organization", "mine"),
        ])
        #expect(
            HeaderRules.response(got).map { $0.name.lowercased() }.sorted() == [
                "anthropic-ratelimit-requests-limit", "content-type", "retry-after", "x-ratelimit-remaining-tokens",
            ]
        )
    }
}
