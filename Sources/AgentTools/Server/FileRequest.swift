package import FoundationEssentials

/// What the runner asks of the tool server.
///
/// Paths are relative to the agent's folder or absolute in the tool tier.
package enum FileRequest: Codable, Sendable, Equatable {
    /// Lines of a text file from line `offset` (1 is the first), at most `lines` of them and `bytes` bytes.
    case read(path: String, offset: Int, lines: Int, bytes: Int)
    /// The whole new text of a file; its directories are made.
    case write(path: String, text: String)
    /// Adds bytes at the end of a file that grows to `limit` bytes at most.
    case append(path: String, data: Data, limit: Int)
    /// Replaces `old`, which must stand there once, or everywhere with `all`.
    case edit(path: String, old: String, new: String, all: Bool)
    /// Paths below `path` that fit a pattern with `*`, `?`, `[…]` and `**`.
    case glob(pattern: String, path: String, limit: Int)
    /// The bytes of a file, for `send_file`.
    case fetch(path: String, limit: Int)
    /// Adds an entry to `memory/<topic>.md`.
    case remember(text: String, topic: String, provenance: String)
    /// Entries of memory that hold the words; without words the newest.
    case recall(words: String, limit: Int)
    /// The instructions of a skill.
    case skill(name: String)
}

/// What the tool server answers: text, or an error in words for the model; then that many raw bytes.
package struct FileReply: Codable, Sendable, Equatable {
    package var text: String
    package var isError: Bool
    package var byteCount: Int

    /// A reply with this text.
    package init(_ text: String, isError: Bool = false, byteCount: Int = 0) {
        self.text = text
        self.isError = isError
        self.byteCount = byteCount
    }
}

/// The frames of the tool server's pipes: a length of four bytes, little endian, then that many bytes of JSON.
enum ServerFrame {
    /// Most bytes of one frame's JSON.
    static let maximum = 64 * 1024 * 1024

    static func encode(_ json: Data) -> [UInt8] {
        withUnsafeBytes(of: UInt32(json.count).littleEndian) { Array($0) } + Array(json)
    }

    /// The length that four bytes tell; throws over the maximum.
    static func length(_ bytes: [UInt8]) throws(ToolFailure) -> Int {
        let length = bytes.prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
        guard bytes.count == 4, length <= maximum else {
            throw ToolFailure("the tool server sent no frame of ours")
        }
        return length
    }
}
