import CentralStore
import Core
import Foundation
import GRDB
import Glibc
import LinuxIO
import Sandbox
import SessionStore
import SessionStoreHost
import Synchronization
import TestSupport
import Testing

@testable import Host

/// A host beside which nothing ends by itself before a test turns the clock, and what tests of its sessions at rest do.
enum IdleHost {
    static let day = Duration.seconds(86_400)

    /// A host beside which nothing ends by itself before a test turns the clock.
    static func with(
        configuration: String = "",
        _ behaviour: @escaping @Sendable (SandboxRequest) throws -> FakeBehaviour = { _ in .echo },
        _ body: @escaping @Sendable (TestHost, ManualTime) async throws -> Void
    ) async throws {
        try await withTemporaryDirectory { home in
            let text = "sweepSeconds: 3600\nidleSeconds: 1\n" + configuration
            let file = try Directory(path: home).create("config.yaml")
            if geteuid() == 0 { fchown(file.number, 1000, 1000) }
            try file.write(text.utf8)
            let time = ManualTime(now: SystemTime().now)
            try await withHost(home: home, time: time, behaviour) { host in try await body(host, time) }
        }
    }

    /// One message, its answer, the end of the runner, and nothing left to do.
    static func talk(_ host: TestHost, _ time: ManualTime, _ text: String, id: String = "p1") async throws {
        let sent = host.channel.sent.count
        try await host.runtime.accept(host.event(text, id: id))
        try await host.turn(time, until: "an answer to \(text)") { host.channel.sent.count > sent }
        await rest(host)
        try await host.turn(time, until: "the session is at rest") { try await isAtRest(host) }
    }

    static func rest(_ host: TestHost) async {
        for (id, _) in host.runtime.supervisor.live.all {
            await host.runtime.supervisor.end(id, .asked("the test wants it at rest"))
        }
    }

    static func isAtRest(_ host: TestHost) async throws -> Bool {
        try await host.runtime.central.dirtySessions().isEmpty && host.runtime.supervisor.live.all.isEmpty
    }

    static func record(_ host: TestHost) async throws -> Session {
        let id = host.chat.id
        return try await host.runtime.central.read { db in
            let sessions = try Session.filter(Session.CodingKeys.messagingGroupID == id).fetchAll(db)
            guard let session = sessions.first, sessions.count == 1 else {
                throw HostError(.conflict, "\(sessions.count) sessions")
            }
            return session
        }
    }

    /// Steps the wall clock alone: nothing wakes.
    static func step(_ time: ManualTime, to end: Timestamp) {
        time.stepWall(by: .milliseconds(end.milliseconds - time.now.milliseconds))
    }

    static func items(_ host: TestHost, isDry: Bool = false) async throws -> [RetentionItem] {
        let found = Found()
        try await host.runtime.retain(isDry: isDry) { found.add($0) }
        return found.all
    }
}

/// What was told, from any task.
final class Found: Sendable {
    private let items = Mutex<[RetentionItem]>([])
    var all: [RetentionItem] { items.withLock { $0 } }
    func add(_ item: RetentionItem) { items.withLock { $0.append(item) } }
}
