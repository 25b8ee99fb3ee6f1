import ChannelKit
import Core
import Testing

@Suite struct EventMetadataTests {
    private func event(_ metadata: [String: JSONValue]?) -> InboundEvent {
        InboundEvent(
            address: ChatAddress(channel: "c", platformID: "c:a:1"),
            platformMessageID: "1",
            sentAt: Timestamp(milliseconds: 0),
            content: ChatContent(text: "x"),
            metadata: metadata
        )
    }

    private func size(_ event: InboundEvent) throws -> Int {
        try JSONValue.object(try #require(event.metadata)).text().utf8.count
    }

    @Test func `what fits stays as it is`() {
        let fields: [String: JSONValue] = ["a": .string(String(repeating: "é", count: 3000)), "b": true]
        #expect(event(fields).metadata == fields)
        #expect(event(nil).metadata == nil)
    }

    @Test(
        arguments: [
            ["title": .string(String(repeating: "x", count: 9000)), "b": true],
            ["title": .string(String(repeating: "\u{1}", count: 2000)), "b": true],
            ["title": .string("e" + String(repeating: "\u{301}", count: 9000)), "b": true],
            ["a": .array(Array(repeating: "x", count: 3000)), "b": true],
        ] as [[String: JSONValue]]
    )
    func `what is over the bound is cut or left away`(_ fields: [String: JSONValue]) throws {
        var made = event(fields)
        #expect(try size(made) <= InboundEvent.longestMetadata)
        #expect(made.metadata?["b"] == true)
        made.metadata = nil
        made.metadata = fields
        #expect(try size(made) <= InboundEvent.longestMetadata)
    }

    @Test func `many fields give way in order`() throws {
        let fields = Dictionary(uniqueKeysWithValues: (100..<900).map { ("k\($0)", JSONValue.string("some words")) })
        let made = event(fields)
        #expect(try size(made) <= InboundEvent.longestMetadata)
        #expect(made.metadata?["k100"] == "some words" && made.metadata?["k899"] == nil)
    }
}
