/// Writes JSON with the keys in the order they are given, so that a request's beginning stays the same bytes; for what is
/// written many times a second it needs no coder either.
package struct JSONWriter: Sendable {
    /// What is written so far: JSON once every object and array has ended.
    package private(set) var bytes: [UInt8] = []

    package init() {}

    /// A key of the object that was begun.
    package mutating func key(_ name: String) {
        separate()
        quote(name)
        bytes.append(UInt8(ascii: ":"))
    }

    /// A text.
    package mutating func value(_ text: String) {
        separate()
        quote(text)
    }

    /// JSON text as it stands; the caller answers for its being JSON.
    package mutating func raw(_ json: String) {
        separate()
        bytes += json.utf8
    }

    /// A key and a text.
    package mutating func field(_ name: String, _ text: String) {
        key(name)
        value(text)
    }

    /// A key and JSON as it stands.
    package mutating func field(_ name: String, raw json: String) {
        key(name)
        raw(json)
    }

    /// An object of what the body writes.
    package mutating func object(_ body: (inout JSONWriter) -> Void) {
        separate()
        bytes.append(UInt8(ascii: "{"))
        body(&self)
        bytes.append(UInt8(ascii: "}"))
    }

    /// An array of what the body writes.
    package mutating func array(_ body: (inout JSONWriter) -> Void) {
        separate()
        bytes.append(UInt8(ascii: "["))
        body(&self)
        bytes.append(UInt8(ascii: "]"))
    }

    private mutating func separate() {
        switch bytes.last {
        case nil, UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: ":"): break
        default: bytes.append(UInt8(ascii: ","))
        }
    }

    private static let digits = Array("0123456789abcdef".utf8)

    private mutating func quote(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        var text = text
        text.withUTF8 { text in
            // What needs no escape goes over in runs: a prompt has 64 KB.
            var rest = text[...]
            while let index = rest.firstIndex(where: Self.needsEscape) {
                bytes += rest[..<index]
                escape(rest[index])
                rest = rest[(index + 1)...]
            }
            bytes += rest
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private static func needsEscape(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
    }

    private mutating func escape(_ byte: UInt8) {
        bytes.append(UInt8(ascii: "\\"))
        switch byte {
        case UInt8(ascii: "\n"): bytes.append(UInt8(ascii: "n"))
        case UInt8(ascii: "\r"): bytes.append(UInt8(ascii: "r"))
        case UInt8(ascii: "\t"): bytes.append(UInt8(ascii: "t"))
        case 0..<0x20: bytes += "u00".utf8 + [Self.digits[Int(byte >> 4)], Self.digits[Int(byte & 15)]]
        default: bytes.append(byte)
        }
    }
}
