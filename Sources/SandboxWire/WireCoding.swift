/// What makes bytes no message of this protocol.
package struct WireError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Which field, and what is wrong with it.
    package let message: String

    package init(_ message: String) { self.message = message }

    package var description: String { "malformed sandbox message: \(message)" }
}

/// Bounds of the protocol.
package enum SandboxWire {
    /// Most bytes of one datagram: 64 KiB.
    package static let maximumDatagram = 64 << 10
    /// Most bytes of a plan in its memfd.
    package static let maximumPlan = 256 << 10
    /// Most elements of one list.
    package static let maximumList = 4096
    /// Most bytes of one text.
    package static let maximumText = 60 << 10
}

/// Appends numbers (little endian) and texts with their length.
struct WireWriter {
    private(set) var bytes: [UInt8] = []

    mutating func put<Number: FixedWidthInteger>(_ number: Number) {
        withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func put(_ text: String) {
        let text = text.utf8
        put(UInt32(text.count))
        bytes.append(contentsOf: text)
    }

    mutating func put(_ flag: Bool) { bytes.append(flag ? 1 : 0) }

    mutating func put(_ texts: [String]) {
        put(UInt32(texts.count))
        for text in texts { put(text) }
    }

    mutating func put<Element>(_ elements: [Element], _ body: (inout WireWriter, Element) -> Void) {
        put(UInt32(elements.count))
        for element in elements { body(&self, element) }
    }
}

/// Takes the same apart; every length is checked before anything is reserved for it.
struct WireReader {
    private let bytes: [UInt8]
    private var place = 0

    init(_ bytes: [UInt8], limit: Int) throws(WireError) {
        guard bytes.count <= limit else { throw WireError("\(bytes.count) bytes, at most \(limit) are allowed") }
        self.bytes = bytes
    }

    mutating func number<Number: FixedWidthInteger>(_ name: StaticString) throws(WireError) -> Number {
        let size = MemoryLayout<Number>.size
        guard bytes.count - place >= size else { throw WireError("it ends before \(name)") }
        var number: Number = 0
        for index in (0..<size).reversed() {
            number = (size == 1 ? 0 : number << 8) | Number(truncatingIfNeeded: bytes[place + index])
        }
        place += size
        return number
    }

    mutating func flag(_ name: StaticString) throws(WireError) -> Bool {
        let byte: UInt8 = try number(name)
        guard byte <= 1 else { throw WireError("\(name) is neither 0 nor 1") }
        return byte == 1
    }

    /// Valid UTF-8 without NUL.
    mutating func text(_ name: StaticString) throws(WireError) -> String {
        let count: UInt32 = try number(name)
        guard count <= SandboxWire.maximumText, Int(count) <= bytes.count - place else {
            throw WireError("\(name) says it has \(count) bytes")
        }
        let part = bytes[place..<place + Int(count)]
        place += Int(count)
        guard !part.contains(0), let text = String(validating: part, as: UTF8.self) else {
            throw WireError("\(name) is not UTF-8 without NUL")
        }
        return text
    }

    mutating func texts(_ name: StaticString) throws(WireError) -> [String] {
        try list(name) { reader throws(WireError) in try reader.text(name) }
    }

    mutating func list<Element>(
        _ name: StaticString,
        _ body: (inout WireReader) throws(WireError) -> Element
    ) throws(WireError) -> [Element] {
        let count: UInt32 = try number(name)
        guard count <= SandboxWire.maximumList, Int(count) <= bytes.count - place else {
            throw WireError("\(name) says it has \(count) elements")
        }
        var elements: [Element] = []
        for _ in 0..<count { elements.append(try body(&self)) }
        return elements
    }

    func end() throws(WireError) {
        guard place == bytes.count else { throw WireError("\(bytes.count - place) bytes follow its end") }
    }
}

extension SandboxWire {
    /// True for `[A-Za-z0-9_-]`, 1 to 64 characters.
    package static func isIdentifier(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }

    /// True for an absolute path of at most 4095 bytes without `.`, `..` or empty components.
    package static func isAbsolutePath(_ text: String) -> Bool {
        guard text.utf8.count <= 4095, text.utf8.first == UInt8(ascii: "/") else { return false }
        if text == "/" { return true }
        return text.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
            .allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." }
    }
}
