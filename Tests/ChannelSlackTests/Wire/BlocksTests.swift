import ChannelKit
import Core
import Testing

@testable import ChannelSlack

@Suite struct `Slack's cards` {
    private func card(_ options: [CardOption]) -> Card {
        Card(id: CardID(unchecked: "cd_1"), title: "Paint?", body: "", options: options)
    }

    @Test func `have buttons that carry the card, and links that carry nothing`() throws {
        let card = card([
            CardOption(label: "Yes", value: "y", style: .primary),
            CardOption(label: "Why", value: "", url: "https://example.org"),
            CardOption(label: "No", value: "n", style: .danger),
        ])
        let expected = json(
            #"""
            [{"type":"section","text":{"type":"mrkdwn","text":"*Paint?*"}},
             {"type":"actions","elements":[
              {"type":"button","text":{"type":"plain_text","text":"Yes"},"action_id":"cd_1:0","value":"cd_1:0","style":"primary"},
              {"type":"button","text":{"type":"plain_text","text":"Why"},"action_id":"link:1","url":"https://example.org"},
              {"type":"button","text":{"type":"plain_text","text":"No"},"action_id":"cd_1:1","value":"cd_1:1","style":"danger"}]}]
            """#
        )
        #expect(SlackBlocks.card(card, text: "*Paint?*", isPlain: false) == expected)
    }

    @Test func `keep to the limits of Block Kit`() throws {
        let options = (0..<60).map { CardOption(label: String(repeating: "👩‍👩‍👧", count: 20), value: "\($0)") }
        let blocks = SlackBlocks.card(card(options), text: String(repeating: "é", count: 7000), isPlain: true)
        let array = try #require(blocks.array)
        let sections = array.filter { $0[key: "type"] == "section" }
        #expect(sections.count == 3)
        #expect(
            sections.allSatisfy {
                $0[key: "text"]?[key: "type"] == "plain_text"
                    && ($0[key: "text"]?[key: "text"]?.string?.utf16.count ?? 0) <= 3000
            }
        )
        let rows = array.compactMap { $0[key: "elements"]?.array }
        #expect(rows.map(\.count) == [25, 25, 10])
        let labels = rows.joined().compactMap { $0[key: "text"]?[key: "text"]?.string }
        #expect(labels.allSatisfy { $0.utf16.count <= 75 && $0.hasSuffix("…") })
        #expect(Set(rows.joined().compactMap { $0[key: "action_id"]?.string }).count == 60)
    }

    @Test func `that only tell something have no buttons`() {
        let blocks = SlackBlocks.card(card([]), text: "x", isPlain: false)
        #expect(blocks.array?.count == 1)
    }
}

@Suite struct `Slack's refusals` {
    @Test(
        "mean for a message what they say",
        arguments: [
            ("invalid_blocks", "formatting"), ("invalid_arguments", "formatting"), ("token_revoked", "notConnected"),
            ("invalid_auth", "notConnected"), ("internal_error", "transient"), ("channel_not_found", "rejected"),
            ("not_in_channel", "rejected"), ("missing_scope", "rejected"), ("msg_too_long", "rejected"),
            ("never_heard_of", "rejected"),
        ]
    )
    func meaning(_ name: String, _ meaning: String) {
        switch SlackError(.refused(name), name).partFailure {
        case .formatting: #expect(meaning == "formatting")
        case .failed(let error): #expect("\(error.code)" == meaning)
        }
    }

    @Test func `scopes that lack are named`() {
        let all = SlackScopes.needed.joined(separator: ",")
        #expect(SlackScopes.missing(all).isEmpty)
        #expect(SlackScopes.missing("chat:write, users:read").contains("im:history"))
        #expect(SlackScopes.missing(all.replacing("files:read,", with: "")) == ["files:read"])
    }
}
