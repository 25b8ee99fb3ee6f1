import ChannelKit
import Core
import Logging

/// Takes the rooms of a sync: keeps their state, closes gaps and hands the events over in order.
struct RoomDesk: Sendable {
    let session: MatrixSession
    let desk: EventDesk
    let late: LateEvents

    /// Events of a gap that are fetched at most; what is older is given up.
    private static let deepestGap = 2_000
    /// Pages of a gap, with events or without.
    private static let mostPages = 200
    /// Events before the account came into a room among which its invitation is looked for.
    private static let deepestArrival = 300

    /// Takes one room; of a first sync only the state.
    ///
    /// Answers with the newest event of somebody else that was handed over.
    func take(_ room: SyncReply.JoinedRoom, since: String?) async throws -> String? {
        var before = RoomRecord(room: room.room)
        try await session.insist("reading a room") { before = try await session.store.room(room.room) ?? before }
        var record = try await learn(room)
        var names = Names(room.state)
        let events: [RoomEvent]
        if let since {
            events = try await news(room, before, since: since, &names)
        } else {
            events = []
        }
        if !before.isJoined, since != nil {
            if !record.isEncrypted { record = try await askForEncryption(record) }
            try await desk.succession.settle(room.room)
            let own = (events + room.state).last { $0.stateKey == session.me && $0.membership == "join" }
            try await desk.membership(true, own, record)
        }
        for event in events {
            names.take(event)
            await noteMembers([event], in: room.room)
            if event.stateKey != nil {
                record = try await update(room.room) { $0.take(event) }
            }
            try await handOver(event, EventDesk.Context(room: record, name: names[event.sender]))
        }
        // Last: a room that was taken in half is new again.
        let newest = room.timeline.last?.id
        try await update(room.room) { record in
            record.isJoined = true
            record.newestEvent = newest ?? record.newestEvent
        }
        return events.last { $0.sender != session.me }?.id
    }

    /// Keeps what the rooms of a sync have become.
    ///
    /// All of it before anything is handed over, also what was before the account came: an answer must not go out in clear
    /// because the event that forbids it is not among the new ones.
    func learn(_ rooms: [SyncReply.JoinedRoom]) async throws {
        for room in rooms { try await learn(room) }
    }

    @discardableResult
    private func learn(_ room: SyncReply.JoinedRoom) async throws -> RoomRecord {
        if room.isLimited { await session.crypto?.membersChanged(in: room.room) }
        let record = try await update(room.room) { record in
            for event in room.state + room.timeline { record.take(event) }
            if let people = room.people, people > 2 { record.isShared = true }
        }
        await noteMembers(room.state + room.timeline, in: room.room)
        return record
    }

    /// Asks for the encryption of a room that is new and seems to have none.
    private func askForEncryption(_ room: RoomRecord) async throws -> RoomRecord {
        let state = try await session.ask("asking for a room's encryption") {
            try await session.client.state("m.room.encryption", of: room.room)?.text()
        }
        let encryption = state ?? nil
        guard let encryption else { return room }
        return try await update(room.room) { $0.encryption = $0.encryption ?? encryption }
    }

    /// Hands one event over, decrypted if need be.
    private func handOver(_ event: RoomEvent, _ context: EventDesk.Context) async throws {
        guard event.type == "m.room.encrypted", event.stateKey == nil, !event.isRedacted else {
            return try await desk.handOver(event, context)
        }
        guard event.sender != session.me else { return session.tools.echoes.saw(event.id) }
        try await late.read(event, context)
    }

    @discardableResult
    private func update(
        _ room: String,
        _ change: @escaping @Sendable (inout RoomRecord) -> Void
    ) async throws -> RoomRecord {
        var record = RoomRecord(room: room)
        try await session.insist("keeping a room") { record = try await session.store.update(room, change) }
        return record
    }

    private func noteMembers(_ events: [RoomEvent], in room: String) async {
        guard let crypto = session.crypto, events.contains(where: { $0.type == "m.room.member" }) else { return }
        await crypto.membersChanged(in: room)
    }

    // MARK: - Which events are new

    /// The events to hand over, oldest first.
    private func news(
        _ room: SyncReply.JoinedRoom,
        _ before: RoomRecord,
        since: String,
        _ names: inout Names
    ) async throws -> [RoomEvent] {
        guard before.isJoined else { return try await arrival(room, &names) }
        guard room.isLimited, let from = room.previousBatch else { return room.timeline }
        let known = before.newestEvent
        var older = try await earlier(room.room, from: from, to: since, most: Self.deepestGap, &names) {
            $0.id == known
        }
        if let found = older.lastIndex(where: { $0.id == known }) { older.removeFirst(found + 1) }
        return older + room.timeline
    }

    /// What was said since the account was asked in: whoever makes a room for two writes at once, not after the answer.
    private func arrival(_ room: SyncReply.JoinedRoom, _ names: inout Names) async throws -> [RoomEvent] {
        let isStart: @Sendable (RoomEvent) -> Bool = { [me = session.me] in
            $0.stateKey == me && $0.membership == "invite"
        }
        var events = room.timeline
        if !events.contains(where: isStart), room.isLimited, let from = room.previousBatch {
            events =
                try await earlier(room.room, from: from, to: nil, most: Self.deepestArrival, &names, until: isStart)
                + events
        }
        let start =
            events.lastIndex(where: isStart)
            ?? events.lastIndex { $0.stateKey == session.me && $0.membership == "join" }
        return start.map { Array(events[$0...]) } ?? []
    }

    /// Events before a token, oldest first: back to another token, or to one that is looked for.
    private func earlier(
        _ room: String,
        from: String,
        to: String?,
        most: Int,
        _ names: inout Names,
        until isEnd: @Sendable (RoomEvent) -> Bool
    ) async throws -> [RoomEvent] {
        var newestFirst: [RoomEvent] = []
        var from = from
        for _ in 0..<Self.mostPages {
            let place = from
            let told = try await session.ask("closing a gap") {
                try await session.client.messages(room, from: place, to: to, limit: 100)
            }
            // What is refused stays open.
            guard let page = told else { break }
            newestFirst += page.events
            for member in page.state { names.takeOlder(member) }
            if page.events.contains(where: isEnd) { break }
            // A page without events is not the end: a server may have left out all of it.
            guard let next = page.next, next != from else { break }
            guard newestFirst.count < most else {
                session.logger.warning(
                    "A gap is too long to be closed",
                    metadata: ["room": "\(room)", "events": "\(most)"]
                )
                break
            }
            from = next
        }
        return newestFirst.reversed()
    }
}

/// Names of people as a room shows them.
struct Names {
    private var names: [String: String] = [:]

    init(_ state: [RoomEvent]) { for event in state { take(event) } }

    mutating func take(_ event: RoomEvent) {
        guard event.type == "m.room.member", let user = event.stateKey else { return }
        names[user] = event.content[key: "displayname"]?.string.map { String($0.prefix(256)) }
    }

    /// A name from before those that are known.
    mutating func takeOlder(_ event: RoomEvent) {
        if let user = event.stateKey, names[user] == nil { take(event) }
    }

    subscript(user: String) -> String? { names[user] }
}
