import ChannelKit
import Core

/// What holds for all that an adapter hands to the host, whatever its platform told.
enum EventCheck {
    /// A time that a clock may show, in milliseconds: up to the year 37,000.
    private static let times = 0...Int64(1) << 51

    static func event(_ event: InboundEvent, _ channel: String, account: String) {
        address(event.address, channel, account: account)
        id(event.platformMessageID, "the message's id")
        id(event.dedupKey, "the key of an event")
        if let sender = event.senderNativeID { id(sender, "the sender's id") }
        time(event.sentAt)
        if let quote = event.content.replyTo { id(quote.platformMessageID, "the id of a quoted message") }
        if let metadata = event.metadata {
            guard let text = try? JSONValue.object(metadata).text() else { violated("metadata can be written") }
            require(text.utf8.count <= InboundEvent.longestMetadata, "metadata is within its bound")
        }
        // What is stored is read again: in a session, in a queue, after a restart.
        guard let again = try? JSONText.decode(InboundEvent.self, JSONText.encode(event)) else {
            violated("an event is read again")
        }
        require(again == event, "an event that is stored is the same event")
    }

    static func change(_ change: ChatChange, _ channel: String, account: String) {
        address(change.address, channel, account: account)
        id(change.dedupKey, "the key of a change")
        if let sender = change.senderNativeID { id(sender, "the sender's id") }
        time(change.at)
        switch change.kind {
        case .edited(let message, _), .deleted(let message): id(message, "the id of a changed message")
        case .reaction(let message, _, _): id(message, "the id of a message that somebody reacts to")
        case .moved(let platformID): id(platformID, "a chat's new id")
        case .membership: break
        }
    }

    static func answer(_ answer: CardAnswer, _ channel: String, account: String) {
        address(answer.address, channel, account: account)
        id(answer.dedupKey, "the key of an answer")
        if let sender = answer.senderNativeID { id(sender, "the sender's id") }
        if let message = answer.platformMessageID { id(message, "the id of a card's message") }
    }

    private static func address(_ address: ChatAddress, _ channel: String, account: String) {
        require(address.channel == channel, "an address is of its channel: \(address)")
        require(address.account == account, "an address is of its account: \(address)")
        id(address.platformID, "a chat's id")
        let colons = address.platformID.utf8.count { $0 == UInt8(ascii: ":") }
        require(colons == 2, "a chat's id has three parts: \(address)")
        if let thread = address.thread { id(thread, "a thread's id") }
    }

    private static func time(_ time: Timestamp) {
        require(times.contains(time.milliseconds), "a time is one that a clock may show: \(time.milliseconds)")
        require(!time.description.isEmpty, "a time can be shown")
    }

    /// Ids are keys and stand in logs and lines.
    private static func id(_ text: String, _ what: String) {
        require((1...1024).contains(text.utf8.count), "\(what) has 1 to 1024 bytes: \(text.prefix(80))")
        let isClean = text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }
        require(isClean, "\(what) has no control characters: \(text.prefix(80))")
    }
}
