import Core
import Testing

@Suite struct JSONWriterTests {
    @Test(arguments: [
        ("", #""""#), ("plain", #""plain""#), ("\"", #""\"""#), ("a\\b\"", #""a\\b\"""#), ("\n\r\t", #""\n\r\t""#),
        ("\u{0}\u{1F}x", #""\u0000\u001fx""#), ("é\u{2028}\u{7F}😀", "\"é\u{2028}\u{7F}😀\""),
    ])
    func `a text is escaped as JSON wants it, and no further`(text: String, json: String) {
        var writer = JSONWriter()
        writer.value(text)
        #expect(String(decoding: writer.bytes, as: UTF8.self) == json)
    }

    @Test func `what is written can be read, whatever stands beside what`() throws {
        let scalars = (UInt8.min..<0x80).map { Unicode.Scalar($0) }
        for first in scalars {
            let text = scalars.map { "\(first)\($0)" }.joined()
            var writer = JSONWriter()
            writer.object { json in
                json.field(text, text)
                json.key("b")
                json.array { json in
                    json.value(text)
                    json.raw("1")
                    json.object { $0.field("c", raw: "null") }
                }
            }
            let read = try JSONValue(parsing: String(decoding: writer.bytes, as: UTF8.self))
            #expect(read[key: text]?.string == text)
            #expect(read[key: "b"] == .array([.string(text), .integer(1), ["c": .null]]))
        }
    }
}
