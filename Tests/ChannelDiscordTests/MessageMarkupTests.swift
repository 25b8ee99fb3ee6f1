import Testing

@testable import ChannelDiscord

@Suite struct MessageMarkupTests {
    private static let names = MessageMarkup.Names(
        users: ["11": "Ann", "42": "Bot"],
        roles: ["21": "crew"],
        channels: ["31": "general"]
    )

    @Test(arguments: [
        ("hello", "hello"),
        ("<@42> hello", "hello"),
        ("<@!42>\nhello <@11>", "hello @Ann"),
        ("hello <@42>", "hello"),
        ("ask <@42> about it", "ask @Bot about it"),
        ("<@22> do it", "do it"),
        ("<@42>", "@Bot"),
        ("<@42> <@42>", "@Bot @Bot"),
        ("<@99> <#31> <#32> <@&21> <@&23>", "@99 #general #32 @crew @role 23"),
        ("<:cat:55> <a:dog:56>", ":cat: :dog:"),
        (
            "see </clear:77> at <t:0:R> and <t:1700000000>",
            "see /clear at 1970-01-01T00:00:00.000Z and 2023-11-14T22:13:20.000Z"
        ),
        ("1 < 2 > 0 <b> <@x> <t:x> <https://example.org> <", "1 < 2 > 0 <b> <@x> <t:x> <https://example.org> <"),
        ("<<@11>>", "<@Ann>"),
        ("<t:-9223372036854775808> <t:9223372036854775807:R>", "<t:-9223372036854775808> <t:9223372036854775807:R>"),
        ("<\u{301}@11>", "<\u{301}@11>"),
        ("", ""),
    ])
    func shows(_ source: String, _ text: String) {
        #expect(MessageMarkup(source).text(Self.names, own: [.user("42"), .user("22"), .role("24")]) == text)
    }

    @Test func leavesOutTheBotsOwnRole() {
        #expect(MessageMarkup("<@&24> hello").text(Self.names, own: [.user("42"), .role("24")]) == "hello")
    }

    @Test func survivesManyBrackets() {
        let source = String(repeating: "<", count: 4_000)
        #expect(MessageMarkup(source).text(Self.names, own: []) == source)
    }
}
