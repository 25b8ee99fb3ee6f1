/// A command's output as the model sees it: its beginning and its end, at most `limit` bytes together.
struct CommandOutput: Sendable, Equatable {
    let limit: Int
    private(set) var total = 0
    private var head: [UInt8] = []
    private var tail: [UInt8] = []

    /// Output that keeps this many bytes.
    init(limit: Int) { self.limit = max(limit, 256) }

    /// True when something in the middle is not kept.
    var isCut: Bool { total > limit }

    /// Takes more.
    ///
    /// Answers the bytes for the file that holds the whole: nothing as long as all of it fits, everything so far when
    /// it first does not, then each piece.
    mutating func append(_ bytes: [UInt8]) -> [UInt8] {
        let wasCut = isCut
        let before = wasCut ? [] : head + tail
        total += bytes.count
        let room = max(limit / 2 - head.count, 0)
        head += bytes.prefix(room)
        tail += bytes.dropFirst(room)
        if tail.count > limit - limit / 2 { tail.removeFirst(tail.count - (limit - limit / 2)) }
        return isCut ? before + bytes : []
    }

    /// The text, with a line where the middle is missing.
    ///
    /// `file` names where the whole is.
    func text(file: String?) -> String {
        let start = String(decoding: head, as: UTF8.self)
        guard isCut else { return start.isEmpty && tail.isEmpty ? "" : String(decoding: head + tail, as: UTF8.self) }
        let place = file.map { "; the whole is in \($0)" } ?? ""
        let missing = total - head.count - tail.count
        return start + "\n[… \(missing) of \(total) bytes left out\(place) …]\n" + String(decoding: tail, as: UTF8.self)
    }
}
