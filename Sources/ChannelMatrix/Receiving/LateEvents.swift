import ChannelKit
import ChannelNetwork
import Core
import Logging

/// Reads encrypted events, and keeps those whose keys have not come: the agent is told of one after a while, and hands it
/// over whenever its key comes.
struct LateEvents: Sendable {
    let session: MatrixSession
    let desk: EventDesk
    private let alarm = Alarm()
    /// An event that waits is handed over once: by whoever comes first, the key or the end of its patience.
    private let turnstile = Turnstile<String>()

    /// How long a key is waited for before the agent is told: it often comes a moment after its event.
    static let patience: Duration = .seconds(10)

    init(session: MatrixSession, desk: EventDesk) {
        self.session = session
        self.desk = desk
    }

    private var time: any TimeSource { session.tools.time }

    /// Hands an encrypted event over, or keeps it.
    func read(_ event: RoomEvent, _ context: EventDesk.Context) async throws {
        guard let crypto = session.crypto else {
            return try await desk.tellUnreadable(event, context, why: session.cryptoProblem)
        }
        switch try await decrypt(event, context.room.room, crypto) {
        case .clear(let type, let content):
            try await handOver(event, type, content, context)
        case .missingKey(let key, _):
            let pending = PendingEvent(
                room: context.room.room,
                session: key,
                event: event,
                name: context.name,
                isShown: false
            )
            try await session.insist("keeping an encrypted message") {
                try await session.store.keep(pending, at: time.now)
            }
            alarm.raise()
        case .replayed:
            session.logger.warning("A repeated message is dropped", metadata: ["event": "\(event.id)"])
        case .refused(let why): try await desk.tellUnreadable(event, context, why: why)
        case .unknownDevice: try await desk.tellUnreadable(event, context, why: "its sender's devices are not known")
        }
    }

    /// Keys have come, or may have: hands over what waited for them.
    func keysCame() async throws {
        var keys: [(room: String, session: String)] = []
        try await session.insist("looking for encrypted messages") { keys = try await session.store.openable() }
        for key in keys { try await turnstile.pass("pending") { try await release(key.room, key.session) } }
    }

    /// Tells the agent of events that have waited too long, until the task is cancelled.
    func run() async throws {
        while true {
            try Task.checkCancellation()
            var oldest: Timestamp?
            try await session.insist("looking for encrypted messages") {
                oldest = try await session.store.oldestUnshown()
            }
            let rest = oldest.map { Self.patience - .milliseconds(time.now.milliseconds - $0.milliseconds) }
            if let rest, rest <= .zero {
                try await turnstile.pass("pending") { try await tellOverdue() }
            } else {
                await alarm.wait(for: rest ?? .seconds(3_600), time: time)
            }
        }
    }

    private func release(_ room: String, _ key: String) async throws {
        guard let crypto = session.crypto else { return }
        var waiting: [PendingEvent] = []
        try await session.insist("reading what waits for a key") {
            waiting = try await session.store.pending(in: room, session: key)
        }
        for pending in waiting {
            var context = try await context(pending)
            context.isLate = pending.isShown
            switch try await decrypt(pending.event, room, crypto) {
            case .clear(let type, let content): try await handOver(pending.event, type, content, context)
            case .missingKey: continue
            case .replayed, .unknownDevice: break
            case .refused(let why):
                if !pending.isShown { try await desk.tellUnreadable(pending.event, context, why: why) }
            }
            try await session.insist("forgetting what waited") {
                try await session.store.drop(pending: pending.event.id)
            }
        }
    }

    private func tellOverdue() async throws {
        var overdue: [PendingEvent] = []
        try await session.insist("looking for encrypted messages") {
            overdue = try await session.store.unshown(before: time.now - Self.patience)
        }
        for pending in overdue {
            var why = "its key has not come"
            if let crypto = session.crypto {
                switch try await decrypt(pending.event, pending.room, crypto) {
                case .clear(let type, let content):
                    try await handOver(pending.event, type, content, try await context(pending))
                    try await session.insist("forgetting what waited") {
                        try await session.store.drop(pending: pending.event.id)
                    }
                    continue
                case .missingKey(_, let reason?): why = reason
                default: break
                }
                do { try await crypto.request(pending.session, in: pending.room, from: pending.event.sender) } catch {
                    session.logger.info("A key cannot be asked for", metadata: ["error": "\(error)"])
                }
            }
            try await desk.tellUnreadable(pending.event, try await context(pending), why: why)
            try await session.insist("marking an encrypted message") {
                try await session.store.markShown(pending.event.id)
            }
        }
    }

    private func context(_ pending: PendingEvent) async throws -> EventDesk.Context {
        var record = RoomRecord(room: pending.room)
        try await session.insist("reading a room") { record = try await session.store.room(pending.room) ?? record }
        return EventDesk.Context(room: record, name: pending.name, isEncrypted: true)
    }

    private func decrypt(_ event: RoomEvent, _ room: String, _ crypto: RoomCrypto) async throws -> Decryption {
        var decryption = Decryption.refused("")
        try await session.insist("decrypting a message") {
            do { decryption = try await crypto.decrypt(event, in: room) } catch let error as MatrixError {
                guard !error.code.mayPass else { throw error }
                decryption = .refused("the devices of its sender cannot be learned: \(error.message)")
            }
        }
        return decryption
    }

    private func handOver(
        _ event: RoomEvent,
        _ type: String,
        _ content: JSONValue,
        _ context: EventDesk.Context
    ) async throws {
        var clear = event
        clear.type = type
        clear.content = content
        var context = context
        context.isEncrypted = true
        try await desk.handOver(clear, context)
    }
}
