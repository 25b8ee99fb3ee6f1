import Core

/// What an event of a room in clear text means, before anything is looked up.
enum EventReading: Sendable, Equatable {
    case message(MessageContent, Relation)
    /// A new text for an earlier message; nil for a content that is none.
    case edit(target: String, MessageContent)
    case reaction(target: String, key: String)
    case redaction(target: String)
    /// Everybody moves to another room.
    case tombstone(replacement: String)
    /// Nothing that matters.
    case nothing

    init(_ event: RoomEvent, me: String) {
        self = Self.read(event, me)
    }

    private static func read(_ event: RoomEvent, _ me: String) -> EventReading {
        // A redacted event has lost what it said; its redaction comes as an event of its own.
        guard !event.isRedacted else { return .nothing }
        switch (event.type, event.stateKey) {
        case ("m.room.message", nil), ("m.sticker", nil):
            let relation = event.relation
            if case .replaces(let target) = relation.kind {
                guard let new = event.content[key: "m.new_content"],
                    let content = MessageContent(new, type: event.type, me: me)
                else { return .nothing }
                return .edit(target: target, content)
            }
            guard let content = MessageContent(event.content, type: event.type, me: me) else { return .nothing }
            return .message(content, relation)
        case ("m.reaction", nil):
            guard case .annotates(let target, let key) = event.relation.kind, !key.isEmpty, key.utf8.count <= 64
            else { return .nothing }
            return .reaction(target: target, key: key)
        case ("m.room.redaction", nil):
            guard let target = event.redacts, MatrixID.isEvent(target) else { return .nothing }
            return .redaction(target: target)
        case ("m.room.tombstone", ""):
            guard let room = event.content[key: "replacement_room"]?.string, MatrixID.isRoom(room) else {
                return .nothing
            }
            return .tombstone(replacement: room)
        default: return .nothing
        }
    }
}

/// Reactions that choose from a numbered list: `1️⃣` to `9️⃣` and `🔟`.
enum Keycap {
    /// The number from 1 to 10; nil for another emoji.
    static func number(_ emoji: String) -> Int? {
        var scalars = Array(emoji.unicodeScalars.filter { $0 != "\u{FE0F}" })
        if scalars == ["\u{1F51F}"] { return 10 }
        guard scalars.count == 2, scalars.popLast() == "\u{20E3}", let digit = scalars.first?.value,
            (0x31...0x39).contains(digit)
        else { return nil }
        return Int(digit - 0x30)
    }
}
