import Core

/// The answer to `GET /_matrix/client/v3/sync`, as far as it is used.
struct SyncReply: Sendable {
    var nextBatch: String
    /// Messages to this device, oldest first.
    var toDevice: [JSONValue]
    /// People whose devices have changed.
    var changedUsers: [String]
    /// People with whom the account shares no encrypted room any more.
    var leftUsers: [String]
    /// One-time keys that the server still has; nil when it does not say.
    var oneTimeKeyCount: Int?
    /// False when the fallback key was used; nil when the server does not say.
    var hasUnusedFallbackKey: Bool?
    /// The account data `m.direct`, when it came: rooms by person.
    var direct: [String: [String]]?
    var invites: [Invite]
    var joined: [JoinedRoom]
    var left: [LeftRoom]

    /// A room that the account is asked into.
    struct Invite: Sendable, Equatable {
        var room: String
        var inviter: String
        var isDirect: Bool
    }

    /// A room that the account is in.
    struct JoinedRoom: Sendable {
        var room: String
        /// The state before the timeline.
        var state: [RoomEvent]
        /// Oldest first.
        var timeline: [RoomEvent]
        /// Events between the last sync and the timeline are left out.
        var isLimited: Bool
        var previousBatch: String?
        /// People in the room or asked into it; nil when that has not changed.
        var people: Int?
    }

    /// A room that the account is not in any more.
    struct LeftRoom: Sendable {
        var room: String
        /// The account's own member event; nil when it did not come.
        var ending: RoomEvent?
    }

    /// Reads the answer; nil without a token to go on from.
    init?(_ json: JSONValue, me: String) {
        guard let next = json[key: "next_batch"]?.string else { return nil }
        nextBatch = next
        toDevice = json[key: "to_device"]?[key: "events"]?.array ?? []
        leftUsers = (json[key: "device_lists"]?[key: "left"]?.array ?? []).compactMap(\.string)
        changedUsers = (json[key: "device_lists"]?[key: "changed"]?.array ?? []).compactMap(\.string)
        oneTimeKeyCount = json[key: "device_one_time_keys_count"].map {
            Int(max($0[key: "signed_curve25519"]?.integer ?? 0, 0))
        }
        hasUnusedFallbackKey = json[key: "device_unused_fallback_key_types"]?.array.map {
            $0.contains("signed_curve25519")
        }
        for event in json[key: "account_data"]?[key: "events"]?.array ?? [] {
            if event[key: "type"]?.string == "m.direct" { direct = Self.direct(event[key: "content"]) }
        }
        let rooms = json[key: "rooms"]
        func each(_ key: String) -> [(String, JSONValue)] {
            (rooms?[key: key]?.object ?? [:]).filter { MatrixID.isRoom($0.key) }.sorted { $0.key < $1.key }
        }
        invites = each("invite").compactMap { Self.invite($0, $1, me) }
        joined = each("join").map(Self.joined)
        left = each("leave").map { room, json in
            let events =
                (json[key: "state"]?[key: "events"]?.array ?? [])
                + (json[key: "timeline"]?[key: "events"]?.array ?? [])
            return LeftRoom(
                room: room,
                ending: events.compactMap(RoomEvent.init).last { $0.stateKey == me && $0.membership != nil }
            )
        }
    }

    /// The content of `m.direct`: what is no list of rooms is passed over.
    static func direct(_ content: JSONValue?) -> [String: [String]] {
        (content?.object ?? [:]).compactMapValues { $0.array?.compactMap(\.string) }
    }

    private static func invite(_ room: String, _ json: JSONValue, _ me: String) -> Invite? {
        // Stripped state has neither ids nor times.
        let events = json[key: "invite_state"]?[key: "events"]?.array ?? []
        let own = events.last {
            $0[key: "type"]?.string == "m.room.member" && $0[key: "state_key"]?.string == me
                && $0[key: "content"]?[key: "membership"]?.string == "invite"
        }
        guard let own, let inviter = own[key: "sender"]?.string, MatrixID.isUser(inviter) else { return nil }
        return Invite(room: room, inviter: inviter, isDirect: own[key: "content"]?[key: "is_direct"]?.bool ?? false)
    }

    private static func joined(_ room: String, _ json: JSONValue) -> JoinedRoom {
        let timeline = json[key: "timeline"]
        let summary = json[key: "summary"]
        func count(_ key: String) -> Int? { summary?[key: key]?.integer.map { Int(min(max($0, 0), 1 << 40)) } }
        return JoinedRoom(
            room: room,
            state: (json[key: "state"]?[key: "events"]?.array ?? []).compactMap(RoomEvent.init),
            timeline: (timeline?[key: "events"]?.array ?? []).compactMap(RoomEvent.init),
            isLimited: timeline?[key: "limited"]?.bool ?? false,
            previousBatch: timeline?[key: "prev_batch"]?.string,
            people: count("m.joined_member_count").map { $0 + (count("m.invited_member_count") ?? 0) }
        )
    }

    /// What of the events is asked for, as the query's `filter`: state and messages, members only as far as they speak.
    static func filter(timelineLimit: Int) -> String {
        let timeline = eventTypes.map { JSONValue.string($0) }
        let state: [JSONValue] = [
            "m.room.member", "m.room.encryption", "m.room.tombstone", "m.room.history_visibility",
        ]
        let filter: JSONValue = [
            "presence": ["types": []],
            "account_data": ["types": ["m.direct"]],
            "room": [
                "account_data": ["types": []],
                "ephemeral": ["types": []],
                "state": ["types": .array(state), "lazy_load_members": true, "include_redundant_members": true],
                "timeline": [
                    "types": .array(timeline), "limit": .integer(Int64(timelineLimit)), "lazy_load_members": true,
                ],
            ],
        ]
        return (CanonicalJSON.bytes(filter)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    }

    /// The events of a timeline that mean something here.
    static let eventTypes = [
        "m.room.message", "m.room.encrypted", "m.sticker", "m.reaction", "m.room.redaction", "m.room.member",
        "m.room.encryption", "m.room.tombstone", "m.room.history_visibility",
    ]
}
