import Core
import Testing

@testable import ChannelKit
@testable import ChannelMatrix

@Suite("Contents that are sent")
struct OutgoingContentTests {
    private func text(_ rendered: String, _ markdown: String, isPlain: Bool = false) -> OutgoingParts.Text {
        OutgoingParts.Text(rendered: rendered, markdown: markdown, isPlain: isPlain)
    }

    @Test("An edit carries the new content and a short fallback")
    func edit() {
        let long = String(repeating: "ä", count: 3_000)
        let edit = OutgoingContent.edit("$old", text(long, long, isPlain: true))
        #expect(edit[key: "m.relates_to"] == ["rel_type": "m.replace", "event_id": "$old"])
        #expect(edit[key: "m.new_content"]?[key: "body"]?.string == long)
        #expect((edit[key: "body"]?.string?.utf8.count ?? 0) < 1_000)
        #expect(edit[key: "body"]?.string?.hasPrefix("* ä") == true)
    }

    @Test("Relations of threads and answers are those of the specification")
    func relations() {
        #expect(OutgoingContent.relation(thread: nil, latest: nil, quotes: nil) == nil)
        #expect(
            OutgoingContent.relation(thread: nil, latest: nil, quotes: "$q") == ["m.in_reply_to": ["event_id": "$q"]]
        )
        #expect(
            OutgoingContent.relation(thread: "$r", latest: "$l", quotes: nil) == [
                "rel_type": "m.thread", "event_id": "$r", "is_falling_back": true, "m.in_reply_to": ["event_id": "$l"],
            ]
        )
        #expect(
            OutgoingContent.relation(thread: "$r", latest: "$l", quotes: "$q") == [
                "rel_type": "m.thread", "event_id": "$r", "is_falling_back": false, "m.in_reply_to": ["event_id": "$q"],
            ]
        )
    }

    @Test("Links to people mention them, and nothing else does")
    func pills() {
        let html =
            "<a href=\"https://matrix.to/#/@ann:hs\">Ann</a> <a href=\"https://matrix.to/#/%40bob%3Ahs\">B</a> "
            + "<a href=\"https://matrix.to/#/!room:hs\">r</a> @eve:hs <a href=\"https://matrix.to/#/@ann:hs\">again</a>"
        #expect(OutgoingContent.pills(html) == ["@ann:hs", "@bob:hs"])
        let content = OutgoingContent.text(text(html, "x"), relation: nil)
        #expect(content[key: "m.mentions"] == ["user_ids": ["@ann:hs", "@bob:hs"]])
        #expect(OutgoingContent.text(text("x", "x", isPlain: true), relation: nil)[key: "m.mentions"] == [:])
    }

    @Test("Keys of attachments go out as they come in")
    func attachments() throws {
        let key = AttachmentKey(
            key: Array(repeating: 0xFB, count: 32),
            counter: Array(repeating: 1, count: 16),
            sha256: Array(repeating: 2, count: 32)
        )
        let json = key.json(url: "mxc://hs/a")
        #expect(AttachmentKey(json) == key)
        #expect(json[key: "key"]?[key: "k"]?.string?.contains { "+/=".contains($0) } == false)
        for (field, value) in [("v", JSONValue.string("v1")), ("iv", "AAAA"), ("hashes", [:]), ("key", ["kty": "oct"])]
        {
            var broken = json.object ?? [:]
            broken[field] = value
            #expect(AttachmentKey(.object(broken)) == nil)
        }
    }
}
