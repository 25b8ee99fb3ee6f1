import Core
import Testing

@testable import ChannelMatrix

@Suite("JSON of a homeserver")
struct JSONReaderTests {
    private func read(_ text: String) throws -> JSONValue { try JSONReader.read(Array(text.utf8)) }

    @Test(
        "Sound JSON reads as the other reader reads it",
        arguments: [
            #"{}"#, #"[]"#, #" {"a" : [1, -2, 3.5, 1e3, true, false, null, "x\ny\"\\\/\b\f\r\t"]} "#,
            #"{"emoji": "\ud83d\ude00", "plain": "😀 ä", "nested": {"a": {"b": [[[]]]}}}"#, #""text""#, "12", "-0",
            #"{"a": 9223372036854775807, "": ""}"#,
        ]
    )
    func sound(text: String) throws {
        #expect(try read(text) == JSONValue(parsing: text))
    }

    @Test(
        "What is no JSON is refused",
        arguments: [
            "", "{", "[1,]", "{\"a\"}", "{\"a\":1,}", "[1 2]", "tru", "\"open", "\"\\x\"", "\"\\u12\"", "{} x", "-",
            "+1", "nul",
            "[", "{\"a\":", "NaN",
        ]
    )
    func broken(text: String) {
        #expect(throws: (any Error).self) { try read(text) }
    }

    @Test("Levels beyond the bound, lone surrogates and bytes that are no UTF-8 spoil only themselves")
    func hostile() throws {
        let deep = String(repeating: "[", count: 100_000) + "\"]\"" + String(repeating: "]", count: 100_000)
        let value = try read("{\"deep\": \(deep), \"after\": 1}")
        #expect(value[key: "after"]?.integer == 1)
        #expect(value[key: "deep"] != nil)
        #expect(try read(#"["\ud800", "\udc00x", "\ud800\u0041"]"#) == ["\u{FFFD}", "\u{FFFD}x", "\u{FFFD}A"])
        #expect(try JSONReader.read([0x22, 0xFF, 0x22]) == "\u{FFFD}")
        #expect(try read("[1e400]") == [.null])
        #expect(try read("[99999999999999999999]") == [.number(1e20)])
    }
}
