import ChannelNetwork

/// What messages said a while ago, so that an update that changes no text is told from an edit.
struct MessageMemory: Sendable {
    private struct State: Sendable {
        var stamp: String?
        var text: Int
    }

    private var known = BoundedCache<String, State>(most: 2048)

    /// A message has come, with this source.
    mutating func saw(_ message: WireMessage) {
        known[message.id] = State(stamp: message.editedTimestamp, text: message.content.hashValue)
    }

    /// True when a message says something else than before, as far as is known; remembers it from ``saw(_:)`` on.
    func isEdit(_ message: WireMessage) -> Bool {
        // Previews of links, pins and the like come without a new time.
        guard let stamp = message.editedTimestamp, message.content != nil else { return false }
        guard let before = known[message.id] else { return true }
        return before.stamp != stamp && before.text != message.content.hashValue
    }

    mutating func forget(_ id: String) { known[id] = nil }
}
