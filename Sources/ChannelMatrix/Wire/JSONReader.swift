import Core

/// Reads JSON of a homeserver (RFC 8259) whatever people have put into events: one event must not make a whole sync
/// unreadable.
///
/// What is nested deeper than ``deepest`` becomes null, half of a surrogate pair becomes U+FFFD, a number that fits no
/// integer becomes a fraction; text that is no JSON at all is refused.
struct JSONReader {
    /// Levels of arrays and objects that are kept.
    static let deepest = 64

    private let bytes: UnsafeBufferPointer<UInt8>
    private var place = 0

    /// The text is no JSON; where it ends to be.
    struct Failure: Error {
        var place: Int
    }

    static func read(_ bytes: [UInt8]) throws -> JSONValue {
        try bytes.withUnsafeBufferPointer { bytes in
            var reader = JSONReader(bytes: bytes)
            let value = try reader.value(depth: 0)
            reader.skipSpace()
            guard reader.place == bytes.count else { throw Failure(place: reader.place) }
            return value
        }
    }

    private init(bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    private var failure: Failure { Failure(place: place) }

    private mutating func skipSpace() {
        while place < bytes.count, [0x20, 0x0A, 0x0D, 0x09].contains(bytes[place]) { place += 1 }
    }

    /// The next byte that is no space, without taking it.
    private mutating func peek() throws -> UInt8 {
        skipSpace()
        guard place < bytes.count else { throw failure }
        return bytes[place]
    }

    private mutating func take(_ byte: UInt8) throws {
        guard try peek() == byte else { throw failure }
        place += 1
    }

    private mutating func value(depth: Int) throws -> JSONValue {
        switch try peek() {
        case UInt8(ascii: "{"): return depth < Self.deepest ? try object(depth) : try skip()
        case UInt8(ascii: "["): return depth < Self.deepest ? try array(depth) : try skip()
        case UInt8(ascii: "\""): return .string(try text())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return try number()
        }
    }

    private mutating func object(_ depth: Int) throws -> JSONValue {
        try take(UInt8(ascii: "{"))
        var fields: [String: JSONValue] = [:]
        if try peek() == UInt8(ascii: "}") {
            place += 1
            return .object(fields)
        }
        while true {
            guard try peek() == UInt8(ascii: "\"") else { throw failure }
            let key = try text()
            try take(UInt8(ascii: ":"))
            fields[key] = try value(depth: depth + 1)
            if try peek() == UInt8(ascii: ",") {
                place += 1
                continue
            }
            try take(UInt8(ascii: "}"))
            return .object(fields)
        }
    }

    private mutating func array(_ depth: Int) throws -> JSONValue {
        try take(UInt8(ascii: "["))
        var elements: [JSONValue] = []
        if try peek() == UInt8(ascii: "]") {
            place += 1
            return .array(elements)
        }
        while true {
            elements.append(try value(depth: depth + 1))
            if try peek() == UInt8(ascii: ",") {
                place += 1
                continue
            }
            try take(UInt8(ascii: "]"))
            return .array(elements)
        }
    }

    /// Passes over an array or object without recursion.
    private mutating func skip() throws -> JSONValue {
        var open = 0
        repeat {
            switch try peek() {
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                open += 1
                place += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                open -= 1
                place += 1
            case UInt8(ascii: "\""): _ = try text()
            default: place += 1
            }
        } while open > 0
        return .null
    }

    private mutating func word(_ word: StaticString, _ value: JSONValue) throws -> JSONValue {
        let end = place + word.utf8CodeUnitCount
        guard end <= bytes.count, bytes[place..<end].elementsEqual(String(describing: word).utf8) else { throw failure }
        place = end
        return value
    }

    private mutating func number() throws -> JSONValue {
        let start = place
        while place < bytes.count, Self.isOfNumber(bytes[place]) { place += 1 }
        let text = String(decoding: bytes[start..<place], as: UTF8.self)
        if let whole = Int64(text), !text.hasPrefix("+") { return .integer(whole) }
        guard text.first == "-" || text.first?.isNumber == true, let number = Double(text) else { throw failure }
        // Written with an exponent or a fraction of zero, a whole number is one.
        if let whole = Int64(exactly: number), number.magnitude < 0x1p53 { return .integer(whole) }
        return number.isFinite ? .number(number) : .null
    }

    private static func isOfNumber(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"):
            true
        default: false
        }
    }

    private mutating func text() throws -> String {
        place += 1
        let start = place
        while place < bytes.count, bytes[place] != UInt8(ascii: "\""), bytes[place] != UInt8(ascii: "\\") { place += 1 }
        guard place < bytes.count else { throw failure }
        if bytes[place] == UInt8(ascii: "\"") {
            defer { place += 1 }
            return String(decoding: bytes[start..<place], as: UTF8.self)
        }
        var decoded = Array(bytes[start..<place])
        while true {
            guard place < bytes.count else { throw failure }
            let byte = bytes[place]
            place += 1
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: decoded, as: UTF8.self)
            case UInt8(ascii: "\\"): try escape(&decoded)
            default: decoded.append(byte)
            }
        }
    }

    private mutating func escape(_ decoded: inout [UInt8]) throws {
        guard place < bytes.count else { throw failure }
        let byte = bytes[place]
        place += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): decoded.append(byte)
        case UInt8(ascii: "b"): decoded.append(0x08)
        case UInt8(ascii: "f"): decoded.append(0x0C)
        case UInt8(ascii: "n"): decoded.append(0x0A)
        case UInt8(ascii: "r"): decoded.append(0x0D)
        case UInt8(ascii: "t"): decoded.append(0x09)
        case UInt8(ascii: "u"):
            let first = try codeUnit()
            var scalar = Unicode.Scalar(first)
            if (0xD800..<0xDC00).contains(first) {
                let before = place
                if place + 1 < bytes.count, bytes[place] == UInt8(ascii: "\\"), bytes[place + 1] == UInt8(ascii: "u") {
                    place += 2
                    let second = try codeUnit()
                    if (0xDC00..<0xE000).contains(second) {
                        let high = (UInt32(first) - 0xD800) << 10
                        scalar = Unicode.Scalar(0x10000 + high + (UInt32(second) - 0xDC00))
                    } else {
                        place = before
                    }
                }
            }
            decoded += String(Character(scalar ?? "\u{FFFD}")).utf8
        default: throw failure
        }
    }

    private mutating func codeUnit() throws -> UInt16 {
        guard place + 4 <= bytes.count,
            let unit = UInt16(String(decoding: bytes[place..<place + 4], as: UTF8.self), radix: 16)
        else { throw failure }
        place += 4
        return unit
    }
}
