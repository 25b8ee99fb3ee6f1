/// Cuts a stream of bytes into server-sent events (WHATWG HTML §9.2), however the bytes arrive.
///
/// Takes `\n`, `\r\n` and `\r`, a byte order mark and comments. A field named `error` is taken as the data of an
/// event of that name: llama.cpp writes failures so. An event that its blank line does not end is dropped.
struct ServerSentEvents: Sendable {
    /// One event.
    struct Event: Sendable, Equatable {
        /// The `event` field; empty when there was none.
        var name: String
        var data: [UInt8]
    }

    /// Longest line and longest event, in bytes.
    static let maximumLine = 4 << 20
    static let maximumEvent = 8 << 20

    private var line: [UInt8] = []
    private var data: [UInt8] = []
    private var name = ""
    private var hasData = false
    private var afterReturn = false
    private var isFirstLine = true

    /// Takes more bytes; answers the events that they complete.
    ///
    /// Throws past a bound, and is of no use after that.
    mutating func feed(_ bytes: some Sequence<UInt8>) throws(ModelError) -> [Event] {
        var events: [Event] = []
        for byte in bytes {
            let endsPair = afterReturn && byte == UInt8(ascii: "\n")
            afterReturn = byte == UInt8(ascii: "\r")
            if endsPair { continue }
            if afterReturn || byte == UInt8(ascii: "\n") {
                if let event = try endLine() { events.append(event) }
                continue
            }
            line.append(byte)
            if line.count > Self.maximumLine {
                throw ModelError(.malformed, "The model server sent a line of over \(Self.maximumLine >> 20) MiB.")
            }
        }
        return events
    }

    private mutating func endLine() throws(ModelError) -> Event? {
        defer { line.removeAll(keepingCapacity: true) }
        if isFirstLine {
            isFirstLine = false
            if line.starts(with: [0xEF, 0xBB, 0xBF]) { line.removeFirst(3) }
        }
        if line.isEmpty { return endEvent() }
        let colon = line.firstIndex(of: UInt8(ascii: ":")) ?? line.endIndex
        var value = line[min(colon + 1, line.endIndex)...]
        if value.first == UInt8(ascii: " ") { value.removeFirst() }
        switch String(decoding: line[..<colon], as: UTF8.self) {
        case "data":
            if hasData { data.append(UInt8(ascii: "\n")) }
            data += value
            hasData = true
        case "event":
            name = String(decoding: value, as: UTF8.self)
        case "error":
            return Event(name: "error", data: Array(value))
        default:
            break
        }
        if data.count > Self.maximumEvent {
            throw ModelError(.malformed, "The model server sent an event of over \(Self.maximumEvent >> 20) MiB.")
        }
        return nil
    }

    private mutating func endEvent() -> Event? {
        defer {
            data = []
            name = ""
            hasData = false
        }
        return hasData ? Event(name: name, data: data) : nil
    }
}
