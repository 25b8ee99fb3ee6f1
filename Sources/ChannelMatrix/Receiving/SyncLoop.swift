import ChannelKit
import ChannelNetwork
import Core
import LinuxIO
import Logging
import Synchronization

/// The one long poll of an account: what is new is handed over before the token that stands behind it is kept.
struct SyncLoop: Sendable {
    let session: MatrixSession
    let rooms: RoomDesk
    let invites: InviteDesk
    let receipts: ReceiptDesk

    /// The key of the token in the account's state.
    static let tokenKey = "since"
    /// Events of one room in one answer.
    private static let events = 50
    /// How long the server holds a poll.
    private static let poll: Duration = .seconds(30)

    private var time: any TimeSource { session.tools.time }

    /// Polls until the task is cancelled.
    func run() async throws {
        var backoff = Backoff()
        // The first answer comes at once: it says that the link stands.
        var wait = Duration.zero
        var isFirst = true
        var events = Self.events
        while true {
            try Task.checkCancellation()
            do {
                let since = try await session.tools.state.value(Self.tokenKey)
                let json = try await session.client.sync(
                    since: since,
                    wait: since == nil ? .zero : wait,
                    timelineLimit: since == nil ? 1 : events
                )
                guard let reply = SyncReply(json, me: session.me) else {
                    throw MatrixError(.answer, "The homeserver's answer to sync has no token to go on from")
                }
                // Before anything may be sent: a room that has become encrypted is known as that.
                try await rooms.learn(reply.joined)
                session.health.heard()
                if !reply.joined.isEmpty { crashPoint("channel.matrix-received") }
                backoff.succeeded(at: time.monotonic)
                events = Self.events
                try await take(reply, since: since, isFirst: isFirst)
                isFirst = false
                if !reply.joined.isEmpty { crashPoint("channel.matrix-taken") }
                try await session.insist("keeping the sync's token") {
                    try await session.tools.state.set(Self.tokenKey, reply.nextBatch)
                }
                receipts.ring()
                wait = Self.poll
            } catch let error as CancellationError {
                throw error
            } catch let error as MatrixError where error.code == .network(.tooLarge) && events > 1 {
                // With fewer events of each room the gaps are closed room by room.
                events = max(1, events / 4)
            } catch {
                try Task.checkCancellation()
                wait = .zero
                try await pause(error, &backoff)
            }
        }
    }

    private func pause(_ error: any Error, _ backoff: inout Backoff) async throws {
        var pause = backoff.failed(at: time.monotonic)
        switch (error as? MatrixError)?.code {
        case .limited(let wait):
            pause = wait
            session.health.limited(for: wait)
        case .signedOut(let isSoft): session.health.lost(SignedOut.words(isSoft))
        case .network(.cancelled): try Task.checkCancellation()
        default: session.health.lost("\(error)")
        }
        session.logger.warning("The sync has failed", metadata: ["error": "\(error)", "after": "\(pause)"])
        try await time.sleep(for: pause)
    }

    /// Takes an answer; the first of a life also looks for what an earlier one has left.
    private func take(_ reply: SyncReply, since: String?, isFirst: Bool) async throws {
        if let crypto = session.crypto {
            var hasKeys = false
            try await session.insist("taking keys") {
                if since == nil { try await crypto.machine.distrustAll() }
                hasKeys = try await crypto.take(reply) || hasKeys || isFirst
            }
            if !reply.toDevice.isEmpty { crashPoint("channel.matrix-keys-taken") }
            try await publish(reply, crypto)
            // Also when a key seems to be there already: an earlier try of this answer may have ended behind it.
            // And a device that was on no list may be on it now.
            if hasKeys || !reply.toDevice.isEmpty || !reply.changedUsers.isEmpty { try await rooms.late.keysCame() }
        }
        if let direct = reply.direct {
            let rooms = direct.values.flatMap(\.self)
            try await session.insist("keeping m.direct") { try await session.store.setDirect(rooms) }
        }
        for invite in reply.invites { try await invites.take(invite) }
        for room in reply.joined {
            if let newest = try await rooms.take(room, since: since) { receipts.note(newest, in: room.room) }
        }
        for left in reply.left { try await leave(left) }
        invites.look()
    }

    /// Keys that the server lacks are published; a server that does not take them now is asked again with the next sync.
    private func publish(_ reply: SyncReply, _ crypto: RoomCrypto) async throws {
        do {
            try await crypto.publish(count: reply.oneTimeKeyCount, hasUnusedFallbackKey: reply.hasUnusedFallbackKey)
        } catch let error as MatrixError {
            session.logger.warning("Keys were not published", metadata: ["error": "\(error)"])
        }
    }

    private func leave(_ left: SyncReply.LeftRoom) async throws {
        var record: RoomRecord?
        try await session.insist("leaving a room") {
            record = try await session.store.room(left.room)
            try await session.store.drop(invite: left.room)
        }
        guard let record, record.isJoined else { return }
        try await rooms.desk.membership(false, left.ending, record)
        try await session.insist("leaving a room") { try await session.store.leave(room: left.room) }
    }
}

/// What an operator must know of a token that does not count any more.
enum SignedOut {
    static func words(_ isSoft: Bool) -> String {
        let what =
            isSoft
            ? "The homeserver has ended the session (soft logout)"
            : "The homeserver does not accept the access token any more"
        return "\(what): remove the account and add it again with user and password or a new token"
    }
}

/// Tells people that their messages were read: the newest of each room, after the host has taken it.
struct ReceiptDesk: Sendable {
    let session: MatrixSession
    private let alarm = Alarm()
    private let waiting = Box()

    /// A reference, so that copies of the desk share what waits.
    private final class Box: Sendable {
        let events = Mutex<[String: String]>([:])
    }

    init(session: MatrixSession) { self.session = session }

    func note(_ event: String, in room: String) {
        waiting.events.withLock { $0[room] = event }
    }

    /// What was noted is kept by the host: it may be told.
    func ring() {
        if waiting.events.withLock({ !$0.isEmpty }) { alarm.raise() }
    }

    /// Tells until the task is cancelled; failures change nothing.
    func run() async throws {
        while true {
            try Task.checkCancellation()
            await alarm.wait(for: .seconds(3_600), time: session.tools.time)
            let events = waiting.events.withLock { events in
                defer { events = [:] }
                return events
            }
            for (room, event) in events { try? await session.client.markRead(event, in: room) }
        }
    }
}
