import Core
import Testing

@testable import ChannelKit

@Suite struct CardTests {
    private let card = Card(
        id: CardID(unchecked: "cd_20yeabxprkq5fjze5f4rq6mgnw"),
        title: "Paint the shed",
        body: "In red.",
        options: [
            CardOption(label: "Allow once", value: "once"),
            CardOption(label: "Why", value: "", url: "https://example.org"),
            CardOption(label: "Deny", value: "deny", style: .danger, takesNote: true),
        ],
        expiresAt: Timestamp(milliseconds: 1_790_000_000_000),
        code: "K7"
    )

    @Test(
        "Only a message that is nothing but an answer is one",
        arguments: [
            ("2", 2, nil, nil), (" 2\n", 2, nil, nil), ("12", 12, nil, nil), ("2 K7", 2, "K7", nil),
            ("2  k7", 2, "K7", nil), ("3: too risky", 3, nil, "too risky"), ("3 K7: no: never", 3, "K7", "no: never"),
        ] as [(String, Int, String?, String?)]
    )
    func replies(_ text: String, _ number: Int, _ code: String?, _ note: String?) throws {
        let reply = try #require(CardReply(text))
        #expect(reply.number == number)
        #expect(reply.code == code)
        #expect(reply.note == note)
    }

    @Test(
        "An ordinary message is no answer",
        arguments: [
            "", "0", "02", "123", "-1", "+1", "2.", "2 apples", "2 K", "2 K77", "2 77", "2 KK", "2 I7", "2 K1", "K7",
            "K7 2", "2 K7 x", "two", "2\u{301}", "２", "2 K7\u{200B}", "2:", "2: ", "/2", "1\n2\n3",
            "2K7",
        ]
    )
    func ordinary(_ text: String) { #expect(CardReply(text) == nil, "\(text)") }

    @Test func `A note that is too long makes no answer`() {
        #expect(CardReply("3: " + String(repeating: "x", count: CardReply.longestNote)) != nil)
        #expect(CardReply("3: " + String(repeating: "x", count: CardReply.longestNote + 1)) == nil)
    }

    @Test func `§16.218 a button carries the card and the answer's index in at most 64 bytes`() throws {
        let button = card.button(1)
        #expect(button.utf8.count <= 64)
        let choice = try #require(Card.choice(button: button))
        #expect(choice.card == card.id)
        #expect(card.choices[choice.index].value == "deny")
        for text in ["", "cd_x", "cd_x:", "cd_x:-1", "cd_x:a", "cd_x:1:2", "../x:1", "cd_x:1000"] {
            #expect(Card.choice(button: text) == nil, "\(text)")
        }
    }

    @Test func `Where a number alone is no answer the card says so`() {
        #expect(
            CardText.numbered(card, needsCode: true).hasSuffix(
                "Answer with \"1 K7\", with a number from 1 to 2 and nothing else; \"2 K7: words\" tells why."
            )
        )
    }

    @Test func `An event with and without the newer fields is read back`() throws {
        var event = InboundEvent(
            address: ChatAddress(channel: "test", platformID: "c"),
            platformMessageID: "1",
            sentAt: Timestamp(milliseconds: 1),
            content: ChatContent(text: "x")
        )
        let before = try JSONText.encode(event)
        #expect(!before.contains("needsCode") && !before.contains("webhook"))
        #expect(try JSONText.decode(InboundEvent.self, before) == event)
        event.requiresCode = true
        event.webhook = WebhookContent(source: "a", event: "b", payload: "c")
        let after = try JSONText.decode(InboundEvent.self, try JSONText.encode(event))
        #expect(after == event && after.requiresCode)
    }

    @Test func `Where there are no buttons a card is a numbered list that says how to answer and until when`() throws {
        let message = OutboundMessage(
            idempotencyKey: "k",
            address: ChatAddress(channel: "test", platformID: "c"),
            body: .card(card),
            agentName: "NanoClaw",
            turn: .random()
        )
        guard case .text(let text, let files) = message.fitted(to: ChannelCapabilities()).body else {
            Issue.record("it is no text")
            return
        }
        #expect(files.isEmpty)
        #expect(
            text == """
                **Paint the shed**

                In red.

                Open until 2026-09-21T14:13:20.000Z.

                1. Allow once
                - Why: https://example.org
                2. Deny

                Answer with a number from 1 to 2, or "1 K7" when several cards are open; "2: words" tells why.
                """
        )
        guard case .card(let same) = message.fitted(to: ChannelCapabilities(buttons: true)).body else {
            Issue.record("with buttons it stays a card")
            return
        }
        #expect(same == card)
    }

    @Test func `The codes of one chat's open cards differ, and run out`() {
        var taken: Set<String> = []
        while let code = CardCode.free(besides: taken) {
            #expect(taken.insert(code).inserted)
            #expect(CardReply("1 \(code)")?.code == code)
        }
        #expect(taken.count == CardCode.count)
    }

    @Test func `A card reads back from its JSON`() throws {
        #expect(try JSONText.decode(Card.self, try JSONText.encode(card)) == card)
    }
}
