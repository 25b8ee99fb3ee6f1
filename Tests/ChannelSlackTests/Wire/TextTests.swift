import Testing

@testable import ChannelSlack

@Suite struct `Slack's text` {
    @Test(arguments: [
        ("plain", "plain"),
        ("a &lt;b&gt; &amp; c", "a <b> & c"),
        ("&amp;lt;", "&lt;"),
        ("&quot; stays", "&quot; stays"),
        ("hi <@U1> and <@U2|bob> and <@U3>", "hi @Ann and @bob and @U3"),
        ("<@U1>\u{301}", "@Ann\u{301}"),
        ("in <#C1|general>, <#C2> and <#C3|>", "in #general, #random and #C3"),
        ("<!here> <!channel> <!everyone>", "@here @channel @everyone"),
        ("<!subteam^S1|@devs> <!subteam^S2>", "@devs @S2"),
        ("<!date^1392734382^{date}|Feb 18> <!here|here>", "Feb 18 @here"),
        ("<https://a.org/x?y=1&amp;z=2>", "https://a.org/x?y=1&z=2"),
        ("<https://a.org|the site>", "the site (https://a.org)"),
        ("<http://a.org|a.org>", "http://a.org"),
        ("<mailto:a@b.org|a@b.org>", "a@b.org"),
        ("1 < 2 <unclosed", "1 < 2 <unclosed"),
        ("<>", ""),
        ("*bold* `<@U1>`", "*bold* `@Ann`"),
        ("🎉 <@U1> 👩‍👩‍👧", "🎉 @Ann 👩‍👩‍👧"),
    ])
    func `is shown as people see it`(_ raw: String, _ shown: String) {
        #expect(SlackText.plain(raw, users: ["U1": "Ann"], channels: ["C2": "random"]) == shown)
    }

    @Test func `all it names is found, channels with a name beside are not asked for`() {
        let text = "<@U1> <@U2|bob> <#C1|general> <#C2> <#C3|> <!here> <https://a.org>"
        #expect(SlackText.users(in: text) == ["U1", "U2"])
        #expect(SlackText.channels(in: text) == ["C2", "C3"])
    }

    @Test func `however many it names, few are asked for`() {
        let text = (0..<500).map { "<@U\($0)>" }.joined()
        #expect(SlackText.users(in: text).count == 32)
    }

    @Test(arguments: [
        ("<@UBOT> /stop", "/stop"), ("<@UBOT>: ABCD", "ABCD"), (" <@UBOT|bot>, hi", "hi"), ("<@UBOT>", ""),
        ("<@U1> hi", "<@U1> hi"), ("hi <@UBOT>", "hi <@UBOT>"), ("<@UBOT> <@UBOT> hi", "<@UBOT> hi"),
    ])
    func `the mention at its beginning goes`(_ raw: String, _ rest: String) {
        #expect(SlackText.addressed(raw, to: "UBOT") == rest)
    }

    @Test func `what goes out is escaped and comes back`() {
        let text = "a <@U1> & <!channel> é\u{301} &amp;"
        #expect(SlackText.escaped(text) == "a &lt;@U1&gt; &amp; &lt;!channel&gt; é\u{301} &amp;amp;")
        #expect(SlackText.plain(SlackText.escaped(text)) == text)
    }
}

@Suite struct `Slack's emoji` {
    @Test(arguments: [
        ("👍", "+1"), ("👍🏽", "+1::skin-tone-4"), ("❤️", "heart"), ("❤", "heart"), ("✅", "white_check_mark"),
        (":party_parrot:", "party_parrot"), ("eyes", "eyes"), ("1️⃣", "one"), ("🔁", "repeat"),
    ])
    func `have a name`(_ emoji: String, _ name: String) { #expect(SlackEmoji.name(emoji) == name) }

    @Test(arguments: ["🫎", "", "::", ":a b:", ":a:b:", "party_parrot", "yes", ":<@U1>:"])
    func `without a known name are none`(_ emoji: String) { #expect(SlackEmoji.name(emoji) == nil) }

    @Test(arguments: [
        ("+1", "👍"), ("thumbsup", "👍"), ("heart", "❤️"), ("+1::skin-tone-2", "👍🏻"), ("wave::skin-tone-6", "👋🏿"),
        ("party_parrot", ":party_parrot:"), ("party::skin-tone-2", ":party::skin-tone-2:"),
    ])
    func `come as characters, others by name`(_ name: String, _ emoji: String) {
        #expect(SlackEmoji.character(name) == emoji)
    }
}
