import ChannelKit
import ChannelNetwork
import Core
import LinuxIO
import Logging
import Synchronization

/// One socket of Socket Mode, from the question for its address to its end.
struct SocketLink: Sendable {
    let id: Int
    let desk: SlackDesk
    let health: HealthKeeper
    /// Says what happened to this socket.
    let tell: @Sendable (SocketRotation.Event) -> Void
    /// Called before the first event is read: what was missed comes first.
    let ready: @Sendable () async -> Void
    /// Ends when the socket is to be relieved.
    let retiring: SocketSignal

    /// Slack sends an event again that is not acknowledged within 3 s of its leaving; later than this it is not
    /// acknowledged any more, but when it comes again.
    static let acknowledgeWithin = Duration.milliseconds(2500)
    /// How long a relieved socket has to finish what it has begun.
    private static let grace = Duration.seconds(3)

    /// Holds the socket until it ends; throws why, when it did not come about or ended by itself.
    func run() async throws {
        let reply = try await desk.api.call("apps.connections.open", as: .app)
        guard let url = reply["url"]?.string else {
            throw SlackError(.uncertain, "apps.connections.open: Slack gives no address")
        }
        var options = WebSocketOptions()
        options.pingInterval = .seconds(30)
        let place = (try? WebAddress(url, schemes: ["ws", "wss"])).map { [$0.target] } ?? []
        try await desk.tools.sockets.withConnection(
            url,
            options: options,
            hosts: desk.api.hosts,
            redacting: desk.api.secrets + place
        ) { connection in
            try await read(connection)
        }
    }

    private func read(_ connection: WebSocketConnection) async throws {
        let open = OpenEnvelopes()
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask {
                await retiring.wait()
                guard !Task.isCancelled else { return }
                await open.areNone(within: Self.grace, desk.tools.time)
                await connection.close()
            }
            defer { group.cancelAll() }
            for try await message in connection.messages {
                guard case .text(let text) = message else { continue }
                health.heard()
                guard let frame = try? SocketFrame(text) else {
                    desk.tools.logger.warning("Slack sends what is no frame", metadata: ["size": "\(text.utf8.count)"])
                    continue
                }
                switch frame {
                case .hello:
                    await ready()
                    tell(.hello(id))
                case .disconnect(let reason): try disconnect(reason)
                case .envelope(let envelope):
                    // In the order of their coming into the lanes; acknowledged as they get done.
                    guard let job = try? await take(envelope) else { continue }
                    open.begin()
                    group.addTask {
                        defer { open.end() }
                        await acknowledge(envelope, job, connection)
                    }
                case .other: break
                }
            }
        }
    }

    /// The id of the envelope's job, empty when it needs none; throws when there is no room.
    private func take(_ envelope: SlackEnvelope) async throws -> String {
        guard let delivery = envelope.delivery else { return "" }
        return try await desk.take(delivery) ?? ""
    }

    private func acknowledge(_ envelope: SlackEnvelope, _ job: String, _ connection: WebSocketConnection) async {
        if !job.isEmpty {
            guard await desk.lanes.finishes(job, within: Self.acknowledgeWithin) else { return }
        }
        crashPoint("channel.slack-acknowledging")
        // Lost with its socket, it comes again by another and is done already.
        try? await connection.send(envelope.acknowledgement)
    }

    private func disconnect(_ reason: String) throws {
        guard reason == "link_disabled" else { return tell(.refresh(id)) }
        let words = "Socket Mode was switched off in the settings of the app at api.slack.com/apps: switch it on again"
        throw SlackError(.refused(reason), words)
    }
}

/// Envelopes of one socket that are not acknowledged yet.
private final class OpenEnvelopes: Sendable {
    private let count = Mutex(0)
    private let changes = AsyncStream<Void>.makeStream()

    func begin() { count.withLock { $0 += 1 } }

    func end() {
        count.withLock { $0 -= 1 }
        changes.continuation.yield()
    }

    /// Returns when there are none, or the time is over.
    func areNone(within limit: Duration, _ time: any TimeSource) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { try? await time.sleep(for: limit) }
            group.addTask {
                if self.count.withLock({ $0 == 0 }) { return }
                for await _ in self.changes.stream where self.count.withLock({ $0 == 0 }) { return }
            }
            await group.next()
            group.cancelAll()
        }
    }
}

/// Says one thing once.
final class SocketSignal: Sendable {
    private let pair = AsyncStream<Void>.makeStream()

    func send() { pair.continuation.finish() }

    /// Returns when it was said, or the task is cancelled.
    ///
    /// For one waiter.
    func wait() async { for await _ in pair.stream {} }
}
