import Core
import Prompting
import Testing

@Suite struct PromptTests {
    static let book = AddressBook([
        PromptDestination(name: "cli", address: ChatAddress(channel: "cli", platformID: "cli:local:main"))
    ])
    static let home = ChatAddress(channel: "cli", platformID: "cli:local:main", thread: "t")

    static func row(_ seq: Int64, _ content: InboundContent, at address: ChatAddress? = home) -> PromptRow {
        PromptRow(
            id: .random(),
            seq: seq,
            content: content,
            sentAt: Timestamp(milliseconds: 1_774_702_800_000),
            address: address
        )
    }

    static func chat(_ text: String, sender: String? = "Ada", replyTo: ChatContent.Quote? = nil) -> InboundContent {
        .chat(ChatContent(text: text, sender: sender, replyTo: replyTo))
    }

    func text(_ rows: [PromptRow], zone: String = "UTC") -> String {
        Prompt(book: Self.book, clock: ZoneClock(zone: zone)).text(rows)
    }

    @Test func `§16.157 the context line stands first, §16.158 one chat row stands alone`() {
        #expect(
            text([Self.row(4, Self.chat("hello"))]) == """
                <context timezone="UTC" />
                <message id="4" from="cli" sender="Ada" time="Sat 2026-03-28 13:00">hello</message>
                """
        )
    }

    @Test func `§16.158 chat rows that follow each other are wrapped, §16.165 in order across kinds`() {
        let rows = [
            Self.row(8, Self.chat("c")), Self.row(2, Self.chat("a")), Self.row(4, Self.chat("b")),
            Self.row(6, .task(TaskContent(prompt: "tidy up"))),
        ]
        let lines = text(rows).split(separator: "\n").map { $0.split(separator: " ")[0] }
        #expect(
            lines == ["<context", "<messages>", "<message", "<message", "</messages>", "<task", "tidy", "<message"]
        )
    }

    @Test(arguments: [
        (nil, nil), (ChatAddress(channel: "cli", platformID: "cli:local:main"), "from=\"cli\""),
        (ChatAddress(channel: "tg", platformID: "5"), "from=\"unknown:tg:5\""),
    ])
    func `§16.159 from is the destination's name, else unknown, else absent`(address: ChatAddress?, expected: String?) {
        let shown = text([Self.row(2, Self.chat("x"), at: address)])
        #expect(expected.map(shown.contains) ?? !shown.contains("from="))
    }

    @Test func `§16.160 a sender without a name is Unknown`() {
        #expect(text([Self.row(2, Self.chat("x", sender: nil))]).contains("sender=\"Unknown\""))
        #expect(text([Self.row(2, Self.chat("x", sender: ""))]).contains("sender=\"Unknown\""))
    }

    @Test(arguments: [
        ("Europe/Berlin", "Sat 2026-03-28 14:00"), ("Asia/Kolkata", "Sat 2026-03-28 18:30"),
        ("America/New_York", "Sat 2026-03-28 09:00"), ("../../etc/passwd", "Sat 2026-03-28 13:00"),
        ("No/Where", "Sat 2026-03-28 13:00"),
    ])
    func `§16.161 times are shown in the agent's zone, an unknown one is UTC`(zone: String, expected: String) {
        let shown = text([Self.row(2, Self.chat("x"))], zone: zone)
        #expect(shown.contains("time=\"\(expected)\""))
        let isKnown = !zone.contains("..") && zone != "No/Where"
        #expect(shown.hasPrefix("<context timezone=\"\(isKnown ? zone : "UTC")\" />\n"))
    }

    @Test func `what else a platform told stands in one attribute, within bounds and without markup of its own`() {
        func shown(_ details: [String: JSONValue]?) -> String {
            var chat = ChatContent(text: "hello", sender: "Ada")
            chat.details = details
            return text([Self.row(4, .chat(chat))])
        }
        let some = shown(["undecryptable": true, "kind": "a\">\n<b>", "team": ["T1", 2]])
        #expect(
            some.contains(
                " details=\"kind=a&quot;&gt; &lt;b&gt;; team=[&quot;T1&quot;,2]; undecryptable=true\">hello</message>"
            ),
            "\(some)"
        )
        #expect(!shown(nil).contains("details") && !shown([:]).contains("details"))
        #expect(
            shown(["long": .string(String(repeating: "x", count: 5000))]).contains(
                "\(String(repeating: "x", count: 995))…\""
            )
        )
    }

    @Test func `§16.163 a quote needs sender and text, reply_to an id`() {
        let whole = text([
            Self.row(2, Self.chat("x", replyTo: .init(platformMessageID: "m<1>", sender: "Bo", text: "old")))
        ])
        #expect(whole.contains("reply_to=\"m&lt;1&gt;\""))
        #expect(whole.contains("<quoted_message from=\"Bo\">old</quoted_message>"))
        let bare = text([Self.row(2, Self.chat("x", replyTo: .init(platformMessageID: "m1", text: "old")))])
        #expect(bare.contains("reply_to=\"m1\"") && !bare.contains("quoted_message"))
    }

    @Test func `what became of a message names it by its number, or by the platform's id`() {
        func shown(_ kind: ChatContent.Change.Kind, _ text: String, seq: Int64?) -> String {
            let change = ChatContent.Change(kind: kind, platformMessageID: "m<1>", seq: seq)
            return self.text([Self.row(4, .chat(ChatContent(text: text, sender: "Ada", change: change)))])
        }
        #expect(shown(.edited, "at six", seq: 2).contains(" edited=\"2\">at six</message>"))
        #expect(shown(.reaction, "👍", seq: 3).contains(" reaction=\"3\">👍</message>"))
        #expect(shown(.deleted, "", seq: nil).contains(" deleted=\"m&lt;1&gt;\""))
    }

    @Test func `§16.164 attachments are named with their path, their reason, or bare`() {
        let files: [ChatContent.Attachment] = [
            .init(type: "image", name: "cat.png", path: "inbox/m1/cat.png"), .init(name: "big.iso", note: "too large"),
            .init(name: ""),
        ]
        let shown = text([Self.row(2, .chat(ChatContent(text: "look", sender: "Ada", attachments: files)))])
        #expect(shown.contains("look\n[image: cat.png — saved to /workspace/inbound/inbox/m1/cat.png]"))
        #expect(shown.contains("[file: big.iso — too large]\n[file: attachment]</message>"))
    }

    @Test func `a time at the ends of what a number holds is shown, not fatal`() {
        for time in [Int64.min, Int64.min + 998, -1, Int64.max] {
            #expect(ZoneClock(zone: "UTC").text(Timestamp(milliseconds: time)).utf8.count >= 16)
        }
        #expect(ZoneClock(zone: "UTC").text(Timestamp(milliseconds: -1)) == "Wed 1969-12-31 23:59")
        #expect(ZoneClock(zone: "UTC").text(Timestamp(milliseconds: -1000)) == "Wed 1969-12-31 23:59")
    }

    @Test func `T54 §16.162 no value can close an element or make one`() {
        var generator = Random(seed: 7)
        let pieces = [
            "</message>", "<message to=\"cli\">", "\"", "'", ">", "<", "&", "&lt;", "]]>", "</task>",
            "<system_response",
            "\u{0}", "\u{1B}", "\n", "\t", " ", "x", "ü", "🎈", "</context>", "<internal>", "/>", "=",
        ]
        for _ in 0..<500 {
            func value() -> String {
                (0..<Int.random(in: 0...8, using: &generator)).map { _ in
                    pieces.randomElement(using: &generator) ?? ""
                }.joined()
            }
            let rows = [
                Self.row(
                    2,
                    .chat(
                        ChatContent(
                            text: value(),
                            sender: value(),
                            replyTo: .init(platformMessageID: value(), sender: value(), text: value()),
                            attachments: [.init(type: value(), name: value(), path: value())]
                        )
                    ),
                    at: ChatAddress(channel: value(), platformID: value())
                ),
                PromptRow(
                    id: .random(),
                    seq: 4,
                    content: .task(TaskContent(prompt: value())),
                    sentAt: Timestamp(milliseconds: 0),
                    address: nil,
                    scriptOutput: value()
                ),
                Self.row(6, .webhook(WebhookContent(source: value(), event: value(), payload: value()))),
                Self.row(8, .system(SystemContent(action: value(), status: value(), text: value()))),
            ]
            let shown = text(rows)
            let tags = Self.tags(shown)
            #expect(
                tags == [
                    "context/", "message", "quoted_message", "/quoted_message", "/message", "task", "/task", "webhook",
                    "/webhook", "system_response", "/system_response",
                ],
                "\(shown)"
            )
        }
    }

    /// The names of all tags, found the way a lenient reader would.
    private static func tags(_ text: String) -> [String] {
        text.split(separator: "<", omittingEmptySubsequences: false).dropFirst().map { part in
            let inner = part.prefix { $0 != ">" }
            let name = inner.prefix { !$0.isWhitespace }
            return String(name) + (inner.hasSuffix("/") ? "/" : "")
        }
    }
}

/// A generator whose runs repeat.
struct Random: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state ^ state >> 29
    }
}
