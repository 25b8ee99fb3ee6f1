import ChannelKit
import ChannelNetwork
import Core
import Testing

@testable import ChannelWebhook

@Suite struct ReadingTests {
    private static let json: JSONValue = [
        "issue": ["title": "It burns", "number": 7], "labels": ["red", ["name": "hot"]], "none": .null, "ok": true,
    ]

    @Test(
        arguments: [
            ("issue.title", "It burns"), ("$.issue.title", "It burns"), ("issue.number", "7"), ("labels[0]", "red"),
            ("labels[1].name", "hot"), ("ok", "true"), ("issue", #"{"number":7,"title":"It burns"}"#),
            ("labels[2]", nil),
            ("none", nil), ("issue.title.x", nil), ("labels.name", nil),
        ] as [(String, String?)]
    )
    func `a path leads to a value`(_ text: String, _ words: String?) throws {
        #expect(try #require(JSONPath(text)).value(in: Self.json)?.words == words)
    }

    @Test(arguments: [
        "", ".", "a..b", "a.", ".a", "a[", "a[x]", "a[-1]", "a]", "a[1", "a[99999]", "[]", "a{b", "a}b",
        String(repeating: "a.", count: 17) + "a",
    ])
    func `what is no path is refused`(_ text: String) { #expect(JSONPath(text) == nil) }

    @Test(
        arguments: [
            ("{issue.title} (#{issue.number})", "It burns (#7)"), ("issue.title", "It burns"),
            ("{none}{issue.title}!", "It burns!"), ("{none} and {nothing}", nil), ("nothing", nil),
        ] as [(String, String?)]
    )
    func `a template is filled`(_ text: String, _ filled: String?) throws {
        #expect(try #require(WebhookTemplate(text)).filled(from: Self.json) == filled)
    }

    @Test(arguments: ["{", "a {b", "{}", "{a..b}", "x y..z"])
    func `what is no template is refused`(_ text: String) { #expect(WebhookTemplate(text) == nil) }

    @Test(
        arguments: [
            (#"{"a":1}"#, "application/json; charset=utf-8", ["a": 1]), (#"{"a":1}"#, nil, ["a": 1]),
            (#"[1]"#, "application/vnd.x+json", [1]), ("hello", "text/plain", "hello"), ("hello", nil, "hello"),
            (#"{"a""#, nil, #"{"a""#),
            ("a=1&b=x+y%21&c", "application/x-www-form-urlencoded", ["a": "1", "b": "x y!", "c": ""]),
        ] as [(String, String?, JSONValue)]
    )
    func `a body is read as what it says it is`(_ text: String, _ type: String?, _ value: JSONValue) {
        #expect(WebhookBody(Array(text.utf8), contentType: type)?.json == value)
    }

    @Test(
        arguments: [
            ([0x7B], "application/json"), ([0xFF, 0xFE], "text/plain"), ([0x61, 0], "text/plain"),
            ([0x61], "image/png"),
            (Array("a=%zz".utf8), "application/x-www-form-urlencoded"),
            (Array("a=%f".utf8), "application/x-www-form-urlencoded"),
            (Array(String(repeating: "[", count: 100_000).utf8), "application/json"),
        ] as [([UInt8], String)]
    )
    func `a body that is not what it says is refused`(_ bytes: [UInt8], _ type: String) {
        #expect(WebhookBody(bytes, contentType: type) == nil)
    }

    private static func event(_ text: String, _ more: [String: String] = [:]) throws -> WebhookContent? {
        let settings = try WebhookSettings(values(more))
        let body = try #require(WebhookBody(Array(text.utf8), contentType: nil))
        let proof = WebhookAuthentication.Proof(key: "id:1", sentAt: nil)
        let event = WebhookReading(settings: settings).event(
            body,
            proof,
            now: Timestamp(milliseconds: 5),
            isSynchronous: false
        )
        #expect(event.senderNativeID == nil && event.isBot)
        return event.webhook
    }

    @Test func `without a mapping the agent is given the whole and the usual places are looked at`() throws {
        let text = #"{"type":"user.created","sender":{"login":"ann\n<b>"},"text":"hi"}"#
        #expect(
            try Self.event(text)
                == WebhookContent(source: "builds, from ann <b>", event: "user.created", payload: text)
        )
        #expect(try Self.event("ping") == WebhookContent(source: "builds", event: "post", payload: "ping"))
    }

    @Test func `a mapping says what the agent reads`() throws {
        let more = ["text": "{a.b}: {c}", "sender": "who", "event": "kind"]
        let content = try Self.event(#"{"a":{"b":"x"},"c":2,"who":"bob","kind":"k","secret":"s"}"#, more)
        #expect(content == WebhookContent(source: "builds, from bob", event: "k", payload: "x: 2"))
    }

    @Test(arguments: [
        (#"{"zen":"z"}"#, "ping"), (#"{"ref":"r","commits":[]}"#, "push"),
        (#"{"action":"opened","issue":{}}"#, "issues opened"),
        (#"{"action":"created","issue":{},"comment":{}}"#, "issue_comment created"),
        (#"{"action":"closed","pull_request":{}}"#, "pull_request closed"), (#"{"x":1}"#, "event"),
    ])
    func `an event of GitHub is told by the signed body`(_ text: String, _ kind: String) throws {
        #expect(try Self.event(text, ["auth": "github", "key": "0123456789abcdef"])?.event == kind)
    }

    @Test func `a name is short in bytes, whatever its characters`() throws {
        let sender = "e" + String(repeating: "\u{301}", count: 10_000)
        let source = try #require(try Self.event(#"{"text":"x","sender":"\#(sender)"}"#)?.source)
        #expect((480...500).contains(source.utf8.count))
    }

    @Test func `a long payload is cut with a word on it`() throws {
        let text = String(repeating: "é", count: 40_000)
        let payload = try #require(try Self.event(text)?.payload)
        #expect(payload.utf8.count < 66_000 && payload.hasSuffix("[cut: the post has 80000 bytes]"))
    }

    @Test(arguments: [
        ["name": "Upper"], ["name": ""], ["name": "a/b"], ["key": "whsec_short"], ["auth": "none"],
        ["auth": "bearer", "key": "short"], ["text": "{a"], ["wait": "56"], ["wait": "-1"], ["wait": "x"],
        ["reply-url": "http://a.example/"], ["reply-url": "ftp://a/"],
        ["private-targets": "maybe", "reply-url": "https://a.example"],
        ["auth": "github", "key": "0123456789abcdef", "reply-url": "https://a.example/"],
    ])
    func `values that no hook can have are refused, naming the field`(_ more: [String: String]) {
        let error = #expect(throws: ChannelSetupError.self) { try WebhookSettings(values(more)) }
        #expect(error?.code == .invalid)
        #expect(error.map { error in WebhookSettings.fields.contains { error.message.hasPrefix($0.key) } } == true)
        #expect(error?.message.contains("whsec_short") == false)
    }
}
