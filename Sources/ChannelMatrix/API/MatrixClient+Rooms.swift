import ChannelNetwork
import Core

extension MatrixClient {
    /// Waits for what is new since a token, at most this long at the server.
    func sync(since: String?, wait: Duration, timelineLimit: Int) async throws(MatrixError) -> JSONValue {
        var query = [("filter", SyncReply.filter(timelineLimit: timelineLimit))]
        query.append(("timeout", String(wait.milliseconds)))
        if let since { query.append(("since", since)) }
        // A first sync of many rooms takes long to compute.
        let margin: Duration = since == nil ? .seconds(180) : .seconds(60)
        // What does not fit is asked for again with fewer events of each room.
        let limit = timelineLimit > 1 ? 16 << 20 : 64 << 20
        return try await call(.get, ["sync"], query: query, deadline: wait + margin, replyLimit: limit)
    }

    /// Sends an event; the same transaction again is answered with the same event.
    func send(
        _ content: JSONValue,
        type: String,
        to room: String,
        transaction: String
    ) async throws(MatrixError) -> String {
        let reply = try await call(.put, ["rooms", room, "send", type, transaction], body: content)
        return try id(reply, "event_id", "the sent event")
    }

    /// A page of a room's events.
    struct Page: Sendable {
        /// Newest first.
        var events: [RoomEvent] = []
        /// Members that wrote them.
        var state: [RoomEvent] = []
        /// Where older ones begin; nil at the room's beginning.
        var next: String?
    }

    /// An older page of a room's events, back to a token.
    func messages(
        _ room: String,
        from: String,
        to: String?,
        limit: Int
    ) async throws(MatrixError) -> Page {
        let filter: JSONValue = ["types": .array(SyncReply.eventTypes.map { .string($0) }), "lazy_load_members": true]
        var query = [("dir", "b"), ("from", from), ("limit", String(limit))]
        if let text = CanonicalJSON.bytes(filter) { query.append(("filter", String(decoding: text, as: UTF8.self))) }
        if let to { query.append(("to", to)) }
        let reply = try await call(.get, ["rooms", room, "messages"], query: query, deadline: .seconds(60))
        return Page(
            events: (reply[key: "chunk"]?.array ?? []).compactMap(RoomEvent.init),
            state: (reply[key: "state"]?.array ?? []).compactMap(RoomEvent.init),
            next: reply[key: "end"]?.string
        )
    }

    /// One event; throws a refusal when it is gone or not to be seen.
    func event(_ id: String, in room: String) async throws(MatrixError) -> RoomEvent? {
        RoomEvent(try await call(.get, ["rooms", room, "event", id]))
    }

    /// The content of a state event; nil when the room has none.
    func state(_ type: String, key: String = "", of room: String) async throws(MatrixError) -> JSONValue? {
        let path = ["rooms", room, "state", type] + (key.isEmpty ? [] : [key])
        do { return try await call(.get, path) } catch {
            guard error.code.isMissing else { throw error }
            return nil
        }
    }

    /// Who is in a room or asked into it, by membership.
    func members(of room: String) async throws(MatrixError) -> [String: String] {
        let reply = try await call(
            .get,
            ["rooms", room, "members"],
            query: [("not_membership", "leave")],
            deadline: .seconds(60)
        )
        var members: [String: String] = [:]
        for event in reply[key: "chunk"]?.array ?? [] {
            guard let user = event[key: "state_key"]?.string, MatrixID.isUser(user),
                let membership = event[key: "content"]?[key: "membership"]?.string
            else { continue }
            members[user] = membership
        }
        return members
    }

    /// Joins a room; federation may take a while.
    func join(_ room: String, via: String?) async throws(MatrixError) {
        let query = via.map { [("server_name", $0), ("via", $0)] } ?? []
        try await call(.post, ["join", room], query: query, body: [:], deadline: .seconds(120))
    }

    /// Leaves a room, or refuses an invitation.
    func leave(_ room: String, reason: String) async throws(MatrixError) {
        try await call(.post, ["rooms", room, "leave"], body: ["reason": .string(reason)])
    }

    /// Makes a room for two; with `isEncrypted` from its first event on.
    func createDirectRoom(with user: String, isEncrypted: Bool) async throws(MatrixError) -> String {
        var body: [String: JSONValue] = [
            "preset": "trusted_private_chat", "is_direct": true, "invite": [.string(user)],
        ]
        if isEncrypted {
            body["initial_state"] = [
                ["type": "m.room.encryption", "state_key": "", "content": ["algorithm": .string(Megolm.algorithm)]]
            ]
        }
        return try id(
            try await call(.post, ["createRoom"], body: .object(body), deadline: .seconds(60)),
            "room_id",
            "the room"
        )
    }

    func setTyping(_ isTyping: Bool, in room: String, me: String, for duration: Duration) async throws(MatrixError) {
        var body: [String: JSONValue] = ["typing": .bool(isTyping)]
        if isTyping { body["timeout"] = .integer(duration.milliseconds) }
        try await call(.put, ["rooms", room, "typing", me], body: .object(body), deadline: .seconds(10))
    }

    /// Says that everything up to an event is read.
    func markRead(_ event: String, in room: String) async throws(MatrixError) {
        try await call(.post, ["rooms", room, "receipt", "m.read", event], body: [:], deadline: .seconds(10))
    }

    /// Account data of this user; nil when there is none.
    func accountData(_ type: String, of user: String) async throws(MatrixError) -> JSONValue? {
        do { return try await call(.get, ["user", user, "account_data", type]) } catch {
            guard error.code.isMissing else { throw error }
            return nil
        }
    }

    func setAccountData(_ type: String, of user: String, to content: JSONValue) async throws(MatrixError) {
        try await call(.put, ["user", user, "account_data", type], body: content)
    }

    func id(_ reply: JSONValue, _ key: String, _ what: String) throws(MatrixError) -> String {
        guard let id = reply[key: key]?.string else {
            throw MatrixError(.answer, "The homeserver does not say the id of \(what)")
        }
        return id
    }
}
