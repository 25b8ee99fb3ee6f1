import Testing

@testable import ChannelEmail

@Suite struct TextTests {
    @Test(arguments: [
        ("<p>Hi <b>Ann</b>,</p><p>how&nbsp;are you?</p>", "Hi Ann,\n\nhow are you?"), ("a<br>b<br/>c", "a\nb\nc"),
        ("<a href=\"https://x.y/\">here</a>!", "here <https://x.y/>!"),
        ("<a href='https://x.y/'>https://x.y/</a>", "https://x.y/"),
        ("<a href=\"javascript:alert(1)\">x</a>", "x"), ("<ul><li>one</li><li>two</li></ul>", "- one\n- two"),
        ("<style>p{}</style><script>1<2</script>x<!-- c -->y", "xy"), ("<head><title>t</title></head><body>b", "b"),
        ("<blockquote>q<br>r</blockquote>a", "> q\n> r\n\na"),
        ("a &amp; b &lt;c&gt; &#8364; &#x20AC; &#128; &bogus; &", "a & b <c> € € € &bogus; &"),
        ("<img alt=\"a > b\" src=x>y", "[a > b]y"),
        ("<table><tr><td>1</td><td>2</td></tr><tr><td>3</td></tr></table>", "1 2\n3"),
        ("one\n two\t three", "one two three"), ("", ""), ("<", "<"), ("a < b", "a < b"), ("<p", "<p"),
        ("<p></p><p></p>x", "x"),
        ("x<div><br></div><div><br></div><div><br></div>y", "x\n\n\ny"),
    ])
    func `HTML is read as words`(_ html: String, _ text: String) { #expect(HTMLText.text(html) == text) }

    @Test func `hostile HTML takes no long time`() {
        for piece in [
            "<a href=\"", "<", "<!--", "<blockquote>", "&#", "<p>", "<a href='x' ", "<script>",
            "</a><a href=https://x>",
        ] {
            let html = String(repeating: piece, count: 400_000 / piece.utf8.count)
            #expect(HTMLText.text(html).utf8.count < 2_000_000, "\(piece)")
        }
    }

    @Test(arguments: [
        ("a \nb\nc", "a b\nc", false), ("> a \n> b\nc", "> a b\nc", false), ("a \n> b", "a \n> b", false),
        ("-- \nAnn", "-- \nAnn", false), ("a \nb", "ab", true), (" >x", ">x", false), ("a\n\nb", "a\n\nb", false),
    ])
    func `flowed text is unwrapped`(_ text: String, _ result: String, _ dropsSpaces: Bool) {
        #expect(FlowedText.unwrapped(text, dropsSpaces: dropsSpaces) == result)
    }

    @Test(arguments: [
        ("yes\n\nOn Sat, 28 Nov 2026 at 18:00, Bot wrote:\n> no?\n> really\n", "yes"),
        ("yes\n\nOn Sat, 28 Nov 2026 at 18:00, Bot <bot@example.org>\nwrote:\n\n> no?", "yes"),
        ("ja\n\nAm 28.11.2026 um 18:00 schrieb Bot:\n> nein?", "ja"),
        ("oui\n\nLe 28 nov. 2026 à 18:00, Bot a écrit :\n> non ?", "oui"),
        ("yes\n\n-----Original Message-----\nFrom: Bot\nno?", "yes"),
        ("yes\n\n----- Original Message -----\nFrom: Bot\nno?", "yes"),
        ("yes\n\nFrom: Bot <b@x.y>\nSent: Saturday\nTo: Ann\nSubject: no?\n\nno?", "yes"),
        ("yes\n________________________________\nFrom: Bot\nSent: today\nSubject: x\n\nno?", "yes"),
        ("1 K7\n-- \nAnn\nBoss", "1 K7"), ("1 K7\n\nSent from my phone", "1 K7"), ("> q\nanswer", "> q\nanswer"),
        (
            "inline below\n\nOn Sat, 28 Nov 2026 Bot wrote:\n> one\nyes\n> two\nno",
            "inline below\n\nOn Sat, 28 Nov 2026 Bot wrote:\n> one\nyes\n> two\nno"
        ),
        ("> only a quote", "> only a quote"), ("From: the beginning it was clear", "From: the beginning it was clear"),
        ("On Monday she wrote: hello", "On Monday she wrote: hello"), ("a\n\n\n", "a"), ("", ""),
        ("yes\n\nOn 28 Nov 2026, at 18:00, Bot wrote:\n\nno?", "yes"),
        ("a\n--\nb\n" + String(repeating: "c\n", count: 20), "a\n--\nb\n" + String(repeating: "c\n", count: 19) + "c"),
        ("yes\n>> deep\n> quote", "yes"),
    ])
    func `what a mail program adds to an answer is cut`(_ text: String, _ answer: String) {
        #expect(QuoteTrimmer.trimmed(text) == answer)
    }

    @Test(arguments: [
        ("Hello", "Re: Hello"), ("Re: Hello", "Re: Hello"), ("AW: RE: Hello", "Re: Hello"), ("", "Re: (no subject)"),
        ("Resale", "Re: Resale"), ("re:re:", "Re: (no subject)"),
    ])
    func `the subject of an answer is marked once`(_ subject: String, _ answer: String) {
        #expect(MailSubject.answer(to: subject) == answer)
    }
}
