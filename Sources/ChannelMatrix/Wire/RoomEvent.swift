import Core

/// One event of a room as the server tells it.
struct RoomEvent: Sendable, Equatable {
    var id: String
    var type: String
    var sender: String
    var sentAt: Timestamp
    var content: JSONValue
    /// Nil for what is no state.
    var stateKey: String?
    /// The event that a redaction takes away.
    var redacts: String?
    /// Somebody has redacted this event: its content is gone.
    var isRedacted: Bool

    /// Reads an event of a timeline; nil for what is none.
    init?(_ json: JSONValue) {
        guard let id = json[key: "event_id"]?.string, MatrixID.isEvent(id), let type = json[key: "type"]?.string,
            let sender = json[key: "sender"]?.string, MatrixID.isUser(sender)
        else { return nil }
        self.id = id
        self.type = type
        self.sender = sender
        // Other servers write it: a time that no clock ever shows is brought back into range.
        sentAt = Timestamp(milliseconds: min(max(json[key: "origin_server_ts"]?.integer ?? 0, 0), 1 << 50))
        content = json[key: "content"] ?? [:]
        stateKey = json[key: "state_key"]?.string
        // Rooms of version 11 and later have it in the content.
        redacts = content[key: "redacts"]?.string ?? json[key: "redacts"]?.string
        isRedacted = json[key: "unsigned"]?[key: "redacted_because"] != nil
    }

    /// The same as the JSON it was read from, as far as it is used.
    var json: JSONValue {
        var fields: [String: JSONValue] = [
            "event_id": .string(id), "type": .string(type), "sender": .string(sender),
            "origin_server_ts": .integer(sentAt.milliseconds), "content": content,
        ]
        if let stateKey { fields["state_key"] = .string(stateKey) }
        if let redacts { fields["redacts"] = .string(redacts) }
        return .object(fields)
    }

    /// What this event is to another one.
    var relation: Relation { Relation(content) }

    /// The membership that a member event gives its state key; nil for other events.
    var membership: String? { type == "m.room.member" ? content[key: "membership"]?.string : nil }
}

/// The field `m.relates_to` of an event's content.
struct Relation: Sendable, Equatable {
    enum Kind: Sendable, Equatable {
        case none
        /// A new text for an event.
        case replaces(String)
        /// An emoji on an event.
        case annotates(String, key: String)
        /// A message in the thread of a root event.
        case thread(root: String)
    }

    var kind: Kind
    /// The message it answers; nil also for the fallback that a message of a thread carries.
    var repliesTo: String?

    init(_ content: JSONValue) {
        guard let field = content[key: "m.relates_to"] else {
            self.kind = .none
            return
        }
        let target = field[key: "event_id"]?.string.flatMap { MatrixID.isEvent($0) ? $0 : nil }
        var isFallback = false
        switch (field[key: "rel_type"]?.string, target) {
        case ("m.replace", let target?): kind = .replaces(target)
        case ("m.annotation", let target?):
            kind = field[key: "key"]?.string.map { .annotates(target, key: $0) } ?? .none
        case ("m.thread", let target?):
            kind = .thread(root: target)
            isFallback = field[key: "is_falling_back"]?.bool ?? false
        default: kind = .none
        }
        let reply = field[key: "m.in_reply_to"]?[key: "event_id"]?.string
        if !isFallback, let reply, MatrixID.isEvent(reply) { repliesTo = reply }
    }

    /// The root of the thread; nil outside one.
    var thread: String? { if case .thread(let root) = kind { root } else { nil } }
}
