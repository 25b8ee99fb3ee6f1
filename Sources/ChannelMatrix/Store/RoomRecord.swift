import Core
import GRDB

/// What is known of a room that the account is in, was in, or is going to be in.
struct RoomRecord: Sendable, Equatable, Codable, FetchableRecord, PersistableRecord {
    static let databaseTableName = "rooms"

    var room: String
    /// The account is in it and its state was seen.
    var isJoined = false
    /// Somebody has made it for two: `m.direct`, or the `is_direct` of its invitation.
    var isDirect = false
    /// A third person was seen in it: it is no direct chat for two any more, and never again.
    var isShared = false
    /// The content of `m.room.encryption` as JSON; once set it stays.
    var encryption: String?
    /// The content's `history_visibility`.
    var visibility: String?
    /// The newest event that was handed over.
    var newestEvent: String?

    enum CodingKeys: String, CodingKey {
        case room
        case isJoined = "is_joined"
        case isDirect = "is_direct"
        case isShared = "is_shared"
        case encryption, visibility
        case newestEvent = "newest_event"
    }

    /// One person and the account.
    var isForTwo: Bool { isDirect && !isShared }

    /// True when events go out encrypted.
    var isEncrypted: Bool { encryption != nil }

    /// How long one Megolm session is used.
    var rotation: MegolmRotation {
        MegolmRotation(encryption.flatMap { try? JSONValue(parsing: $0) } ?? [:])
    }

    /// Takes in a state event.
    mutating func take(_ event: RoomEvent) {
        guard event.stateKey == "" else { return }
        switch event.type {
        case "m.room.encryption":
            // The first one counts: what comes later must not weaken it.
            if encryption == nil { encryption = (try? event.content.text()) ?? "{}" }
        case "m.room.history_visibility": visibility = event.content[key: "history_visibility"]?.string
        default: break
        }
    }
}

/// How long one Megolm session is used; a room may ask for less than the specification's standard, not for more.
struct MegolmRotation: Sendable, Equatable {
    var messages: Int
    var age: Duration

    static let standard = MegolmRotation(messages: 100, age: .seconds(7 * 86_400))

    init(messages: Int, age: Duration) {
        self.messages = messages
        self.age = age
    }

    /// From the content of `m.room.encryption`.
    init(_ content: JSONValue) {
        let messages = content[key: "rotation_period_msgs"]?.integer ?? Int64(Self.standard.messages)
        let age = content[key: "rotation_period_ms"]?.integer ?? Self.standard.age.milliseconds
        self.messages = Int(min(max(messages, 1), Int64(Self.standard.messages)))
        self.age = .milliseconds(min(max(age, 60_000), Self.standard.age.milliseconds))
    }
}
