import ChannelKit
import ChannelNetwork
import Core
import LinuxIO
import Logging
import Synchronization

/// One connection to the gateway after the other, and what comes in through them.
final class GatewayLink: Sendable {
    /// Events that wait for the host or are with it; while there are more, nothing is read.
    private static let mostOpen = 512
    /// The state is written at most this often while events come.
    private static let saveInterval: Duration = .seconds(2)
    /// After a refusal that only the operator can mend it is tried again, in case they have.
    static let refusedPause: Duration = .seconds(300)
    /// Connections in a row that do not come about before the session's own address is given up.
    private static let mostFailures = 8

    private let token: String
    private let rule: HostRule
    private let api: DiscordAPI
    private let receiver: Receiver
    private let store: GatewayStore
    private let commands: CommandRegistration
    private let health: HealthKeeper
    private let tools: ChannelTools
    private let machine: Mutex<GatewayMachine>
    private let savedAt = Mutex<Duration?>(nil)

    init(
        token: String,
        rule: HostRule,
        api: DiscordAPI,
        receiver: Receiver,
        store: GatewayStore,
        commands: CommandRegistration,
        health: HealthKeeper,
        tools: ChannelTools,
        session: GatewaySession?
    ) {
        self.token = token
        self.rule = rule
        self.api = api
        self.receiver = receiver
        self.store = store
        self.commands = commands
        self.health = health
        self.tools = tools
        machine = Mutex(GatewayMachine(session: session))
    }

    /// Holds a connection until the task is cancelled, and throws then.
    func run() async throws {
        var backoff = Backoff(floor: .milliseconds(250), ceiling: .seconds(120), stableAfter: .seconds(30))
        var budget = IdentifyBudget()
        var failures = 0
        while true {
            try Task.checkCancellation()
            var stoodSince: Duration?
            let next: GatewayNext
            do {
                let url = try await address(&budget)
                next = try await connect(url) { stoodSince = stoodSince ?? tools.time.monotonic }
                failures = 0
            } catch let error as Refusal {
                next = error.next
            } catch let error as NetworkError where error.code != .cancelled && !Task.isCancelled {
                failures += 1
                if failures >= Self.mostFailures || Self.isDeadAddress(error.code) {
                    failures = 0
                    machine.withLock { $0.forget() }
                }
                next = .again("Discord's gateway cannot be reached: \(error.message)", .backoff)
            }
            try Task.checkCancellation()
            let now = tools.time.monotonic
            if let stoodSince { backoff.succeeded(at: stoodSince) }
            switch next {
            case .stop(let why):
                health.lost(why)
                tools.logger.error("Discord refuses the account", metadata: ["why": "\(why)"])
                try await tools.time.sleep(for: Self.refusedPause)
            case .again(let why, let pause):
                health.lost(why)
                tools.logger.notice("The connection to Discord ended", metadata: ["why": "\(why)"])
                try await tools.time.sleep(for: Self.pause(pause, &backoff, now, stoodSince))
            }
        }
    }

    private static func pause(
        _ pause: GatewayNext.Pause,
        _ backoff: inout Backoff,
        _ now: Duration,
        _ stoodSince: Duration?
    ) -> Duration {
        switch pause {
        case .fixed(let pause): pause
        // A platform that asks for it again and again is not to be hammered.
        case .soon where stoodSince.map({ now - $0 >= .seconds(5) }) ?? false:
            .milliseconds(Int64.random(in: 50...250))
        case .soon, .backoff: backoff.failed(at: now)
        }
    }

    /// An address that leads nowhere, whatever the network does.
    private static func isDeadAddress(_ code: NetworkFailure) -> Bool {
        switch code {
        case .upgradeRefused, .refusedHost, .invalidURL, .tls: true
        default: false
        }
    }

    private struct Refusal: Error { var next: GatewayNext }

    /// The session's own address, or the one for new sessions once it is our turn.
    private func address(_ budget: inout IdentifyBudget) async throws -> String {
        if let session = machine.withLock({ $0.session }) { return session.url }
        let gateway: WireGateway
        do {
            gateway = try await api.gateway()
        } catch {
            try Task.checkCancellation()
            switch error.code {
            case .unauthorized: throw Refusal(next: .stop(error.message))
            case .limited(let delay): throw Refusal(next: .again(error.message, .fixed(delay)))
            default: throw Refusal(next: .again(error.message, .backoff))
            }
        }
        let pause = budget.reserve(
            at: tools.time.monotonic,
            remaining: gateway.limit?.remaining,
            resetAfter: gateway.limit?.resetAfter.map { .milliseconds($0) }
        )
        if pause > .seconds(10) {
            throw Refusal(next: .again("Discord allows no new session for now: today's are used up", .fixed(pause)))
        }
        if pause > .zero { try await tools.time.sleep(for: pause) }
        return gateway.url
    }

    private func connect(_ url: String, _ stood: () -> Void) async throws -> GatewayNext {
        var options = WebSocketOptions()
        // A server with many channels and threads comes in one message.
        options.messageLimit = 32 << 20
        options.closeLimit = .seconds(2)
        let base = url.hasSuffix("/") ? String(url.dropLast()) : url
        return try await tools.sockets.withConnection(
            "\(base)/?v=10&encoding=json",
            headers: ["User-Agent": DiscordAPI.agent],
            options: options,
            hosts: rule,
            redacting: [token]
        ) { connection in
            machine.withLock { $0.open(at: tools.time.monotonic) }
            do {
                try await serve(connection, stood)
            } catch {
                if Task.isCancelled {
                    // Not 1000 or 1001, which would end the session: the next start goes on with it.
                    await connection.close(code: GatewayMachine.keepingSession)
                    await save()
                    throw CancellationError()
                }
                tools.logger.debug("The gateway's connection broke", metadata: ["error": "\(error)"])
            }
            let close = connection.closing.map { GatewayClose(code: $0.code, reason: $0.reason) }
            let next = machine.withLock { $0.end(close) }
            await connection.close(code: GatewayMachine.keepingSession)
            await save()
            return next
        }
    }

    /// Reads until the connection ends; work for the host that is not done by then is given up and comes again.
    private func serve(_ connection: WebSocketConnection, _ stood: () -> Void) async throws {
        let lanes = EventLanes(most: Self.mostOpen)
        let wake = Alarm()
        try await withThrowingDiscardingTaskGroup { group in
            defer { group.cancelAll() }
            group.addTask { await self.beat(connection, wake) }
            for try await message in connection.messages {
                guard case .text(let text) = message else { continue }
                guard let frame = try? JSONText.decode(GatewayFrame.self, text) else {
                    // To end the connection for it would bring it again and again.
                    tools.logger.error("A frame of Discord's gateway cannot be read and is passed over")
                    continue
                }
                let (steps, isRetimed) = machine.withLock { machine in
                    let due = machine.due
                    let steps = machine.take(frame, at: tools.time.monotonic, chance: .random(in: 0..<1))
                    return (steps, machine.due != due)
                }
                if isRetimed { wake.raise() }
                for step in steps {
                    switch step {
                    case .established:
                        stood()
                        api.accepted()
                        group.addTask { await self.commands.register() }
                    case .deliver(let seq, let event): deliver(seq, event, lanes, &group)
                    default: break
                    }
                    if try await !act(step, connection) { return }
                }
                noteHeard()
                guard lanes.isFull else { continue }
                machine.withLock { $0.hold(true) }
                try await lanes.waitForRoom(tools.time)
                machine.withLock { $0.hold(false) }
            }
        }
    }

    /// Sends and closes; false when the connection is over.
    private func act(_ step: GatewayMachine.Step, _ connection: WebSocketConnection) async throws -> Bool {
        switch step {
        case .send(let command):
            try await connection.send(command.json(token: token))
            return true
        case .close(let code):
            await connection.close(code: code)
            return false
        case .deliver, .established: return true
        }
    }

    private func noteHeard() {
        let (isStanding, open) = machine.withLock { ($0.isStanding, $0.openCount) }
        guard isStanding else { return }
        health.heard()
        health.waiting(open)
    }

    /// Keeps the machine's times: heartbeats, and the end of patience.
    private func beat(_ connection: WebSocketConnection, _ wake: Alarm) async {
        while !Task.isCancelled {
            let now = tools.time.monotonic
            let due = machine.withLock { $0.due } ?? now + .seconds(60)
            if due > now {
                await wake.wait(for: due - now, time: tools.time)
                continue
            }
            for step in machine.withLock({ $0.tick(at: now) }) {
                if case .send = step { await save() }
                guard (try? await act(step, connection)) == true else { return }
            }
        }
    }

    // MARK: - Events

    private func deliver(
        _ seq: Int,
        _ event: GatewayEvent,
        _ lanes: EventLanes,
        _ group: inout ThrowingDiscardingTaskGroup<any Error>
    ) {
        let session = machine.withLock { $0.identity }
        guard let session else { return }
        let place = Receiver.Place(session: session.id, seq: seq, bot: session.user)
        func add(_ lane: String, _ work: @escaping EventLanes.Work) {
            if lanes.add(lane, work) { group.addTask { try? await lanes.drain(lane) } }
        }
        switch event {
        case .ready: deliverReady(event, place, add)
        case .interaction(let interaction):
            let stored = Alarm()
            let (acknowledged, end) = AsyncStream.makeStream(of: Void.self)
            // Its time runs from now on, whatever is under way for the chat.
            group.addTask {
                await self.receiver.acknowledge(interaction, once: stored)
                end.finish()
            }
            add("interaction:\(interaction.channelID ?? "")") {
                crashPoint("channel.discord-pressed")
                let words = try await self.receiver.take(interaction)
                crashPoint("channel.discord-answered")
                stored.raise()
                if let words {
                    for await _ in acknowledged {}
                    await self.receiver.tell(words, interaction)
                }
                await self.done(seq)
            }
        default:
            add(event.lane) {
                try await self.receiver.take(event, place)
                await self.done(seq)
            }
        }
    }

    /// A new session tells nothing of what was said before it: that is fetched first, each channel's before its news.
    private func deliverReady(
        _ event: GatewayEvent,
        _ place: Receiver.Place,
        _ add: (String, @escaping EventLanes.Work) -> Void
    ) {
        let chats = receiver.recentChats.chats
        let open = Countdown(chats.count + 1)
        add("") {
            try await self.receiver.take(event, place)
            if open.isLast() { await self.done(place.seq) }
        }
        for chat in chats {
            add(chat.id) {
                try await self.receiver.catchUp(chat, place)
                if open.isLast() { await self.done(place.seq) }
            }
        }
    }

    /// The host has an event.
    private func done(_ seq: Int) async {
        let open = machine.withLock { machine in
            machine.done(seq)
            return machine.openCount
        }
        health.waiting(open)
        let now = tools.time.monotonic
        let isDue = savedAt.withLock { saved in
            guard saved.map({ now - $0 >= Self.saveInterval }) ?? true else { return false }
            saved = now
            return true
        }
        if isDue { await save() }
    }

    private func save() async {
        await store.save(machine.withLock { $0.session }, receiver.recentChats)
    }
}

/// Tells the last of several who end.
private final class Countdown: Sendable {
    private let left: Mutex<Int>

    init(_ count: Int) { left = Mutex(count) }

    func isLast() -> Bool {
        left.withLock { left in
            left -= 1
            return left == 0
        }
    }
}

extension GatewayEvent {
    /// The lane of what must stay in order: the channel's or thread's.
    fileprivate var lane: String {
        switch self {
        case .message(let message), .updated(let message): message.channelID
        case .deleted(let deletion): deletion.channelID
        case .reaction(let reaction, _): reaction.channelID
        case .channel(let channel): channel.id
        case .guild(let guild), .guildGone(let guild): guild.id
        case .interaction(let interaction): interaction.channelID ?? ""
        case .ready, .resumed, .other, .unreadable: ""
        }
    }
}
