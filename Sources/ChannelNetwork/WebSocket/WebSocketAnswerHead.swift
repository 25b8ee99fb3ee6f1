import Core

/// Collects the head of a server's answer to a handshake, and tells it from the first frames behind it.
struct WebSocketAnswerHead {
    private static let end: [UInt8] = [0x0D, 0x0A, 0x0D, 0x0A]

    private var bytes: [UInt8] = []
    /// Before this place no end begins.
    private var searched = 0

    /// Bytes that are kept.
    var held: Int { bytes.count }

    /// Takes the next bytes: gives the head without its empty line and what came behind it, nil while it is not whole.
    ///
    /// Throws `protocolViolation` for a head over `WebSocketHandshake.headLimit`, however it is cut.
    mutating func take(
        _ more: some Collection<UInt8>
    ) throws(NetworkError) -> (head: ArraySlice<UInt8>, rest: ArraySlice<UInt8>)? {
        bytes.append(contentsOf: more)
        let last = min(bytes.count - Self.end.count, WebSocketHandshake.headLimit)
        while searched <= last {
            if bytes[searched..<searched + Self.end.count].elementsEqual(Self.end) {
                return (bytes[..<searched], bytes[(searched + Self.end.count)...])
            }
            searched += 1
        }
        guard searched <= WebSocketHandshake.headLimit else {
            throw NetworkError(.protocolViolation, "The answer to a WebSocket's handshake is too long")
        }
        return nil
    }
}
