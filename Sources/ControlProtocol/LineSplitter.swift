/// Cuts a stream of bytes into lines of bounded length; empty lines are left out.
package struct LineSplitter: Sendable {
    private let limit: Int
    private var partial: [UInt8] = []

    /// Lines of at most `limit` bytes, the line feed included.
    package init(limit: Int = ControlProtocol.maximumLine) { self.limit = limit }

    /// Whether bytes of an unfinished line wait.
    package var isMidLine: Bool { !partial.isEmpty }

    /// Takes the next bytes and gives the lines that they end, without line feed and carriage return.
    ///
    /// Throws ``ControlError`` at a line that is too long; nothing can be read after it.
    package mutating func append(_ bytes: [UInt8]) throws(ControlError) -> [[UInt8]] { try append(bytes[...]) }

    /// The same for a part of what was read.
    package mutating func append(_ bytes: ArraySlice<UInt8>) throws(ControlError) -> [[UInt8]] {
        var lines: [[UInt8]] = []
        var rest = bytes
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            try take(rest[..<end])
            if partial.last == UInt8(ascii: "\r") { partial.removeLast() }
            if !partial.isEmpty { lines.append(partial) }
            partial = []
            rest = rest[(end + 1)...]
        }
        try take(rest)
        return lines
    }

    private mutating func take(_ bytes: ArraySlice<UInt8>) throws(ControlError) {
        guard partial.count + bytes.count < limit else {
            throw ControlError(.badFrame, "a line is longer than \(limit) bytes")
        }
        partial += bytes
    }
}
