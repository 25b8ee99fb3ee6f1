import Core

/// What `nanoclaw` inside the tool tier and the runner say to each other: one line of JSON each way on a connection to
/// ``port``.
package enum CommandLineWire {
    /// On the tool tier's loopback.
    package static let port: UInt16 = 3129
    /// The most bytes of a call's line, and of an answer's: an inbound row holds no more.
    package static let longestCall = 64 * 1024
    package static let longestAnswer = 512 * 1024

    /// The line of a call with these words.
    package static func call(_ words: [String]) throws -> [UInt8] {
        Array(try JSONText.encode(words).utf8) + [UInt8(ascii: "\n")]
    }

    /// The words of a call's line; throws ``CoreError`` when it is none.
    package static func words(_ line: some Sequence<UInt8>) throws -> [String] {
        try JSONText.decode([String].self, line)
    }
}

/// The answer to one call: what it prints and how it exits.
package struct CommandLineAnswer: Codable, Sendable, Equatable {
    package var exit: Int32
    package var output: String
    package var error: String

    package init(exit: Int32, output: String = "", error: String = "") {
        self.exit = exit
        self.output = output
        self.error = error
    }

    /// The answer's line.
    package func line() throws -> [UInt8] { Array(try JSONText.encode(self).utf8) + [UInt8(ascii: "\n")] }
}
