import Core
import Testing

@testable import ChannelMatrix

@Suite("What events of a room mean")
struct EventReadingTests {
    private let me = "@bot:hs"

    private func event(
        _ content: JSONValue,
        type: String = "m.room.message",
        more: [String: JSONValue] = [:]
    ) -> RoomEvent? {
        let fields: [String: JSONValue] = [
            "event_id": "$e", "type": .string(type), "sender": "@ann:hs", "origin_server_ts": 5, "content": content,
        ]
        return RoomEvent(.object(fields.merging(more) { $1 }))
    }

    private func read(
        _ content: JSONValue,
        type: String = "m.room.message",
        more: [String: JSONValue] = [:]
    ) throws -> EventReading {
        EventReading(try #require(event(content, type: type, more: more)), me: me)
    }

    private func message(_ content: JSONValue, type: String = "m.room.message") throws -> MessageContent {
        guard case .message(let message, _) = try read(content, type: type) else {
            Issue.record("no message: \(content)")
            throw CancellationError()
        }
        return message
    }

    @Test("Texts, emotes, stickers and notices are messages, the last of programs")
    func kinds() throws {
        #expect(try message(["msgtype": "m.text", "body": "hi"]).text == "hi")
        #expect(try message(["msgtype": "m.emote", "body": "waves"]).text == "* waves")
        #expect(try message(["msgtype": "org.example.poll", "body": "vote"]).text == "vote")
        let sticker = try message(["body": "cat", "url": "mxc://hs/a"], type: "m.sticker")
        #expect(sticker.media?.type == "sticker")
        #expect(sticker.text.isEmpty)
        #expect(try message(["msgtype": "m.notice", "body": "beep"]).isNotice)
        #expect(try !message(["msgtype": "m.text", "body": "beep"]).isNotice)
        #expect(try read(["msgtype": "m.text"]) == .nothing)
        #expect(try read(["body": "no type"]) == .nothing)
        let redacted: [String: JSONValue] = ["unsigned": ["redacted_because": ["type": "m.room.redaction"]]]
        #expect(try read(["msgtype": "m.text", "body": "hi"], more: redacted) == .nothing)
        #expect(try read(["msgtype": "m.text", "body": "state"], more: ["state_key": ""]) == .nothing)
    }

    @Test("The quote of an older client goes, what looks like one stays")
    func quotes() throws {
        let reply: JSONValue = ["m.in_reply_to": ["event_id": "$old"]]
        let quoted = try message(
            ["msgtype": "m.text", "body": "> <@a:hs> one\n> two\n\nanswer\n\nmore", "m.relates_to": reply]
        )
        #expect(quoted.text == "answer\n\nmore")
        #expect(try message(["msgtype": "m.text", "body": "> no answer\n\nhere"]).text == "> no answer\n\nhere")
        #expect(try message(["msgtype": "m.text", "body": "> all quote", "m.relates_to": reply]).text == "> all quote")
    }

    @Test(
        "The account's name at the front is how one speaks to it, and no part of what is said",
        arguments: [
            ("Bot: /stop", "/stop"), ("Bot, look", "look"), ("Bot look", "look"), ("Bot:\nlook", "look"),
            ("@bot:hs: look", "look"), ("@bot:hs look", "look"), ("bot: look", "look"), ("bot, look", "look"),
            // Not addressed, but spoken of.
            ("bot look", "bot look"), ("Bottle: look", "Bottle: look"), ("look, Bot: now", "look, Bot: now"),
            // Who writes nothing but the name has said something all the same.
            ("Bot", "Bot"), ("Bot:", "Bot:"),
        ]
    )
    func addresses(_ body: String, _ said: String) throws {
        let link = "<a href=\"https://matrix.to/#/@bot:hs\">Bot</a>"
        for html in [
            "\(link): x", "<p>\(link)</p>", "<mx-reply>q</mx-reply>\(link.replacing("@bot:hs", with: "%40bot%3Ahs"))",
        ] {
            let content: [String: JSONValue] = [
                "msgtype": "m.text", "body": .string(body), "formatted_body": .string(html),
            ]
            let mention: [String: JSONValue] = ["m.mentions": ["user_ids": ["@bot:hs"]]]
            #expect(try message(.object(content.merging(mention) { $1 })).text == said)
            // A message that addresses somebody else keeps all of its words.
            #expect(try message(.object(content.merging(["m.mentions": [:]]) { $1 })).text == body)
        }
        let other = "<a href=\"https://matrix.to/#/@bot:hs2\">Bot</a>: x"
        let content: JSONValue = [
            "msgtype": "m.text", "body": "Bot: x", "formatted_body": .string(other),
            "m.mentions": ["user_ids": ["@bot:hs"]],
        ]
        #expect(try message(content).text == "Bot: x")
    }

    @Test("Mentions are told, and guessed only of clients that cannot tell")
    func mentions() throws {
        func mentions(_ more: [String: JSONValue]) throws -> Bool {
            try message(.object(["msgtype": "m.text", "body": "x"].merging(more) { $1 })).mentionsMe
        }
        #expect(try mentions(["m.mentions": ["user_ids": ["@bot:hs"]]]))
        #expect(try !mentions(["m.mentions": [:], "body": "@bot:hs said"]))
        #expect(try !mentions(["m.mentions": ["room": true]]))
        #expect(try mentions(["body": "hello @bot:hs"]))
        #expect(try mentions(["formatted_body": "<a href=\"https://matrix.to/#/@bot:hs\">Bot</a>"]))
        #expect(try mentions(["formatted_body": "<a href=\"https://matrix.to/#/%40bot%3Ahs\">Bot</a>"]))
        #expect(try !mentions([:]))
    }

    @Test("Files carry their name, and a caption when they have one")
    func files() throws {
        let plain = try message([
            "msgtype": "m.image", "body": "a.png", "url": "mxc://hs/abc",
            "info": ["mimetype": "image/png", "size": 12],
        ])
        #expect(plain.text.isEmpty)
        #expect(plain.media?.name == "a.png")
        #expect(plain.media?.size == 12)
        let captioned = try message(["msgtype": "m.file", "body": "look", "filename": "b.pdf", "url": "mxc://hs/abc"])
        #expect(captioned.text == "look")
        #expect(captioned.media?.name == "b.pdf")
        let voice = try message([
            "msgtype": "m.audio", "body": "v.ogg", "url": "mxc://hs/abc", "org.matrix.msc3245.voice": [:],
        ])
        #expect(voice.media?.type == "voice")
        for bad in ["http://hs/abc", "mxc://hs", "mxc:///x", "mxc://hs/../etc", "mxc://hs/a/b", "mxc://hs/a%2Fb"] {
            #expect(MediaReference.place(bad) == nil)
        }
    }

    @Test("Edits, reactions, redactions and successors name what they are about")
    func changes() throws {
        let edit = try read([
            "msgtype": "m.text", "body": "* new", "m.new_content": ["msgtype": "m.text", "body": "new"],
            "m.relates_to": ["rel_type": "m.replace", "event_id": "$old"],
        ])
        guard case .edit("$old", let content) = edit else {
            Issue.record("no edit: \(edit)")
            return
        }
        #expect(content.text == "new")
        let bare: JSONValue = [
            "msgtype": "m.text", "body": "* x", "m.relates_to": ["rel_type": "m.replace", "event_id": "$o"],
        ]
        #expect(try read(bare) == .nothing)
        let reaction: JSONValue = ["m.relates_to": ["rel_type": "m.annotation", "event_id": "$old", "key": "👍"]]
        #expect(try read(reaction, type: "m.reaction") == .reaction(target: "$old", key: "👍"))
        #expect(try read([:], type: "m.room.redaction", more: ["redacts": "$old"]) == .redaction(target: "$old"))
        #expect(try read(["redacts": "$new"], type: "m.room.redaction") == .redaction(target: "$new"))
        let tombstone: JSONValue = ["replacement_room": "!next"]
        #expect(
            try read(tombstone, type: "m.room.tombstone", more: ["state_key": ""]) == .tombstone(replacement: "!next")
        )
        #expect(try read(tombstone, type: "m.room.tombstone") == .nothing)
    }

    @Test("A thread's fallback is no answer")
    func threads() throws {
        func relation(_ field: JSONValue) -> Relation { Relation(["m.relates_to": field]) }
        let fallback = relation([
            "rel_type": "m.thread", "event_id": "$root", "is_falling_back": true,
            "m.in_reply_to": ["event_id": "$last"],
        ])
        #expect(fallback.thread == "$root")
        #expect(fallback.repliesTo == nil)
        let answer = relation([
            "rel_type": "m.thread", "event_id": "$root", "is_falling_back": false, "m.in_reply_to": ["event_id": "$x"],
        ])
        #expect(answer.repliesTo == "$x")
        #expect(relation(["m.in_reply_to": ["event_id": "$x"]]).kind == .none)
    }

    @Test("Numbers as emoji choose from a list, other emoji do not")
    func keycaps() {
        #expect(Keycap.number("1️⃣") == 1)
        #expect(Keycap.number("9\u{20E3}") == 9)
        #expect(Keycap.number("🔟") == 10)
        for other in ["0️⃣", "#️⃣", "👍", "1", "11", "", "1️⃣2️⃣"] { #expect(Keycap.number(other) == nil) }
    }

    @Test("What is no event is none")
    func broken() {
        for json: JSONValue in [
            [:], ["event_id": "e", "type": "x", "sender": "@a:b"], ["event_id": "$e", "type": "x", "sender": "a"],
            ["event_id": "$e", "sender": "@a:b"], .string("x"),
        ] {
            #expect(RoomEvent(json) == nil)
        }
    }
}
