import CentralStore
import ChannelKit
import Core
import GRDB
import Glibc
import HostLogging
import Sandbox
import SessionStoreHost
import Synchronization
import TestSupport

@testable import Host

/// A whole host on a fresh home with a fake channel and fake runners.
struct TestHost: Sendable {
    let runtime: HostRuntime
    let channel: FakeChannel
    let spawner: FakeSpawner
    let group: AgentGroup
    let chat: MessagingGroup

    /// A message of the owner in the wired chat.
    func event(
        _ text: String,
        id: String = MessageID.random().rawValue,
        from sender: String? = "boss",
        in platformID: String? = nil
    ) -> InboundEvent {
        InboundEvent(
            address: platformID.map { ChatAddress(channel: chat.channelType, platformID: $0) } ?? chat.address,
            platformMessageID: id,
            sentAt: SystemTime().now,
            senderNativeID: sender,
            senderName: sender,
            content: ChatContent(text: text)
        )
    }

    /// The one session of the wired chat.
    func session() async throws -> SessionHandle {
        let id = try await runtime.central.read { db in
            try Session.filter(Session.CodingKeys.messagingGroupID == chat.id).fetchOne(db)?.id
        }
        guard let id else { throw HostError(.notFound, "no session yet") }
        return try await runtime.sessions.session(id)
    }

    /// Turns the clock by small steps until the condition holds: at most 1000 s of its time, or 20 s of ours.
    func turn(
        _ clock: ManualTime,
        by step: Duration = .milliseconds(10),
        until what: String,
        _ condition: () async throws -> Bool
    ) async throws {
        let end = clock.monotonic + .seconds(1000)
        try await eventually(what) {
            if try await condition() { return true }
            if clock.monotonic < end { clock.advance(by: step) }
            return false
        }
    }

    /// Wires every chat of the test's channel to the group.
    func wireAllChats() async throws {
        _ = try await runtime.central.write { db in
            try Wiring(
                agentGroupID: group.id,
                target: .account(channel: channel.channel, account: nil),
                engageModes: [.pattern],
                engagePattern: ".",
                createdAt: runtime.time.now
            ).create(db)
        }
    }

    /// The session of a chat of the test's channel.
    func session(of platformID: String) async throws -> SessionHandle {
        let id = try await runtime.central.read { db in
            try SessionID.fetchOne(
                db,
                sql: """
                    SELECT sessions.id FROM sessions JOIN messaging_groups ON messaging_groups.id = messaging_group_id
                    WHERE platform_id = ?
                    """,
                arguments: [platformID]
            )
        }
        guard let id else { throw HostError(.notFound, "no session of \(platformID) yet") }
        return try await runtime.sessions.session(id)
    }

    /// Waits until the condition holds: asks again after each 2 ms, at most 20 s.
    func eventually(_ what: String, _ condition: () async throws -> Bool) async throws {
        for _ in 0..<10_000 {
            if try await condition() { return }
            try await Task.sleep(for: .milliseconds(2))
        }
        throw HostError(.unavailable, "never came true: \(what)")
    }
}

/// Runs the body beside a host that serves this home; the host ends gracefully afterwards.
func withHost(
    home: String,
    channel: FakeChannel = FakeChannel(),
    policy: UnknownSenderPolicy = .strict,
    time: any TimeSource = SystemTime(),
    recordPatience: Patience = DeliveryPolicy().recordPatience,
    actions: @Sendable (HostRuntime) -> [any HostAction] = { _ in [] },
    platforms: [any ChannelPlatform] = [],
    _ behaviour: @escaping @Sendable (SandboxRequest) throws -> FakeBehaviour = { _ in .echo },
    _ body: @escaping @Sendable (TestHost) async throws -> Void
) async throws {
    // As root the home must have an owner that sandboxes may write as.
    if geteuid() == 0 { chown(home, 1000, 1000) }
    var options = HostOptions(home: home, binaries: "/nonexistent")
    options.echo = HostLogHandler.Echo.none
    options.handlesSignals = false
    options.adapters = [channel]
    options.recordPatience = recordPatience
    options.platforms += platforms
    let spawner = FakeSpawner(home: home, time: time, behaviour)
    let runtime = try await HostRuntime(options, spawner: spawner, time: time)
    defer { runtime.release() }
    runtime.actions.add(actions(runtime))
    let (group, chat) = try await runtime.central.write { db in
        guard let group = try AgentGroup.fetchOne(db) else { throw HostError(.notFound, "no group") }
        if let chat = try MessagingGroup.filter(MessagingGroup.CodingKeys.channelType == channel.channel).fetchOne(db) {
            return (group, chat)
        }
        let now = SystemTime().now
        try UserRole.grant(.owner, to: UserID(channel: channel.channel, native: "boss"), now: now, db)
        let chat = try MessagingGroup(
            channelType: channel.channel,
            platformID: "c1",
            name: "chat",
            unknownSenderPolicy: policy,
            createdAt: now
        ).create(db)
        _ = try Wiring(
            agentGroupID: group.id,
            target: .chat(chat.id),
            engageModes: [.pattern],
            engagePattern: ".",
            createdAt: now
        ).create(db)
        return (group, chat)
    }
    let host = TestHost(runtime: runtime, channel: channel, spawner: spawner, group: group, chat: chat)
    try await withThrowingTaskGroup(of: Void.self) { tasks in
        tasks.addTask { try await runtime.serve() }
        tasks.addTask {
            try await host.eventually("the host is ready") { runtime.isAccepting.load(ordering: .acquiring) }
            try await body(host)
            await runtime.stopGracefully()
            // A clock that stands still would hold up the end.
            while let clock = time as? ManualTime, runtime.services.wrapped != nil {
                clock.advance(by: .milliseconds(10))
                try await Task.sleep(for: .milliseconds(2))
            }
        }
        do {
            try await tasks.next()
            try await tasks.next()
        } catch {
            tasks.cancelAll()
            throw error
        }
    }
}
