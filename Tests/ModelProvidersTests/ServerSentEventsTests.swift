import Testing

@testable import ModelProviders

struct ServerSentEventsTests {
    private func events(_ text: String) throws -> [ServerSentEvents.Event] {
        var parser = ServerSentEvents()
        return try parser.feed(text.utf8)
    }

    private func event(_ data: String, _ name: String = "") -> ServerSentEvents.Event {
        ServerSentEvents.Event(name: name, data: Array(data.utf8))
    }

    @Test(arguments: ["\n", "\r\n", "\r"])
    func `every kind of line end cuts the same events`(end: String) throws {
        let text = "\u{FEFF}: hello\nevent: a\ndata: 1\ndata:2\nid: 7\n\ndata\n\nretry: 5\n\nevent: b\ndata:  x: y\n\n"
        let found = try events(text.replacing("\n", with: end))
        #expect(found == [event("1\n2", "a"), event(""), event(" x: y", "b")])
    }

    @Test func `how the bytes are cut does not matter`() throws {
        let bytes = Array("event: é\r\ndata: {\"a\":\"👋\"}\r\n\r\ndata: 2\n\n".utf8)
        var whole = ServerSentEvents()
        let expected = try whole.feed(bytes)
        #expect(expected.count == 2)
        for first in 0...bytes.count {
            for second in first...bytes.count {
                var parser = ServerSentEvents()
                var found = try parser.feed(bytes[..<first])
                found += try parser.feed(bytes[first..<second])
                found += try parser.feed(bytes[second...])
                #expect(found == expected, "cut at \(first) and \(second)")
            }
        }
    }

    @Test func `an event without its blank line is no event`() throws {
        #expect(try events("data: half\n") == [])
        #expect(try events("data: half") == [])
        #expect(try events("") == [])
    }

    @Test func `a field named error is an event of that name`() throws {
        #expect(try events("error: {\"code\":500}\n\n") == [event("{\"code\":500}", "error")])
    }

    @Test func `a line over the bound is refused`() {
        var parser = ServerSentEvents()
        let line = [UInt8](repeating: UInt8(ascii: "x"), count: ServerSentEvents.maximumLine + 1)
        #expect(code { _ = try parser.feed(line) } == .malformed)
    }

    @Test func `an event over the bound is refused`() {
        var parser = ServerSentEvents()
        let line = Array("data: ".utf8) + [UInt8](repeating: UInt8(ascii: "x"), count: 3 << 20) + Array("\n".utf8)
        #expect(code { for _ in 0..<3 { _ = try parser.feed(line) } } == .malformed)
    }
}
