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
    package mutating func append(_ bytes: some Sequence<UInt8>) throws(ControlError) -> [[UInt8]] {
        var lines: [[UInt8]] = []
        for byte in bytes {
            guard byte == UInt8(ascii: "\n") else {
                guard partial.count < limit - 1 else {
                    throw ControlError(.badFrame, "a line is longer than \(limit) bytes")
                }
                partial.append(byte)
                continue
            }
            if partial.last == UInt8(ascii: "\r") { partial.removeLast() }
            if !partial.isEmpty { lines.append(partial) }
            partial.removeAll(keepingCapacity: partial.count < 1 << 16)
        }
        return lines
    }
}
