import Core
import Prompting
import Testing

@Suite struct ReplyParserTests {
    static func parse(_ pieces: [String]) -> (reply: Reply, chunks: [ReplyChunk]) {
        var parser = ReplyParser()
        var chunks = pieces.flatMap { parser.feed($0) }
        let (reply, last) = parser.finish()
        chunks += last
        return (reply, chunks)
    }

    /// A start tag of more bytes than one may have.
    static let overlong = "<message to=\"a\" x=\"\(String(repeating: "y", count: 1100))\">text</message>"

    static let cases: [(String, [ReplyBlock], String)] = [
        ("", [], ""), ("just text", [], "just text"),
        ("<message to=\"a\">hi</message>", [.init(destination: "a", text: "hi")], ""),
        ("<message to='a'> hi \n</message>", [.init(destination: "a", text: "hi")], ""),
        ("<message id=\"3\" to=a lang='de'>hi</message>", [.init(destination: "a", text: "hi")], ""),
        (
            "<message to=\"a &amp; b\">1 &lt; 2 &#38; &#x1F600; &nope; &amp;lt;</message>",
            [.init(destination: "a & b", text: "1 < 2 & 😀 &nope; &lt;")], ""
        ),
        (
            "x <message to=\"a\">1</message> y <message to=\"b\">2</message> z",
            [.init(destination: "a", text: "1"), .init(destination: "b", text: "2")], "x  y  z"
        ),
        ("<internal>no <message to=\"a\">1</message></internal>ok", [], "ok"),
        ("<message to=\"a\">1<internal>no</internal>2</message>", [.init(destination: "a", text: "12")], ""),
        (
            "<message to=\"a\">if a<b then <b>x</b></message>", [.init(destination: "a", text: "if a<b then <b>x</b>")],
            ""
        ),
        ("<message to=\"a\"> \u{301} b \u{301} </message>", [.init(destination: "a", text: "\u{301} b \u{301}")], ""),
        ("<message>nobody</message>", [], "<message>nobody"),
        (
            "<messages><message to=\"a\">1</message></messages>", [.init(destination: "a", text: "1")],
            "<messages></messages>"
        ),
        ("<message to=\"a\">left open", [.init(destination: "a", text: "left open")], ""),
        (
            "<message to=\"a\">1<message to=\"b\">2</message>",
            [.init(destination: "a", text: "1"), .init(destination: "b", text: "2")], ""
        ),
        ("<message to=\"a\">   </message>", [], ""), ("<internal>left open <message to=\"a\">x</message>", [], ""),
        ("a < b & c", [], "a < b & c"), (overlong, [], overlong.replacing("</message>", with: "")),
        ("<message to=\"a\">x &am</message>", [.init(destination: "a", text: "x &am")], ""),
    ]

    @Test(arguments: cases.indices)
    func `§16.168 §16.169 §16.170 an answer is taken apart`(index: Int) {
        let (text, blocks, leftover) = Self.cases[index]
        let reply = Self.parse([text]).reply
        #expect(reply.blocks == blocks)
        #expect(reply.leftover == leftover)
    }

    @Test(arguments: cases.indices)
    func `an answer cut anywhere gives the same, and its live pieces are its text`(index: Int) {
        let (text, blocks, leftover) = Self.cases[index]
        var generator = Random(seed: UInt64(index) + 1)
        for round in 0..<40 {
            var pieces: [String] = []
            var rest = Substring(text)
            while !rest.isEmpty {
                let count = round == 0 ? 1 : Int.random(in: 1...6, using: &generator)
                pieces.append(String(rest.prefix(count)))
                rest = rest.dropFirst(count)
            }
            let (reply, chunks) = Self.parse(pieces)
            #expect(reply == Reply(blocks: blocks, leftover: leftover))
            #expect(chunks.map(\.text).joined() == blocks.map(\.text).joined())
            #expect(chunks.allSatisfy { !$0.text.isEmpty })
        }
    }

    @Test func `nothing outside of a block and nothing internal is shown live`() {
        let (_, chunks) = Self.parse(["think <message to=\"a\">yes<internal>sec", "ret</internal></message> after"])
        #expect(chunks.map(\.text) == ["yes"])
    }

    @Test func `§16.171 the reminder is given once, §16.172 and not beside a block`() {
        let book = PromptTests.book
        var reminder = Reminder()
        let block = Reply(blocks: [.init(destination: "cli", text: "x")], leftover: "y")
        #expect(reminder.note(for: block, sentSomething: false, book: book) == nil)
        #expect(reminder.note(for: Reply(leftover: "y"), sentSomething: true, book: book) == nil)
        #expect(reminder.note(for: Reply(leftover: "y"), sentSomething: false, book: book) != nil)
        #expect(reminder.note(for: Reply(leftover: "y"), sentSomething: false, book: book) == nil)
    }

    @Test func `the system prompt is the same bytes for the same input, and names the destinations`() {
        let book = PromptTests.book
        let first = SystemPrompt.text(instructions: "Be kind.\n\n", agentName: "Nano", book: book)
        #expect(first == SystemPrompt.text(instructions: "Be kind.\n\n", agentName: "Nano", book: book))
        #expect(first.hasPrefix("Be kind.\n\n## Where you can send messages\n\nOne destination: `cli`."))
        #expect(SystemPrompt.text(instructions: "x", agentName: "N", book: AddressBook([])).contains("Nowhere"))
        let group = ChatAddress(agent: AgentGroupID(unchecked: "ag_1"))
        let agents = AddressBook([
            PromptDestination(name: "helper", displayName: "Helper <1>", address: group),
            PromptDestination(name: "other", displayName: "other", address: group),
        ])
        let both = SystemPrompt.text(instructions: "x", agentName: "N", book: agents)
        #expect(both.contains("- `helper` (Helper &lt;1&gt;, another agent)\n- `other` (another agent)\n"))
        #expect(both.contains("## Other agents") && !first.contains("## Other agents"))
    }
}
