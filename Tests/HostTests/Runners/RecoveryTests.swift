import CentralStore
import Core
import GRDB
import LinuxIO
import Sandbox
import SessionStore
import SessionStoreHost
import Synchronization
import TestSupport
import Testing

@testable import Host

/// What the host makes of a journal that a dead runner left behind.
@Suite(.timeLimit(.minutes(1))) struct RecoveryTests {
    /// Leaves `outbound.db` as a runner does that dies between writing its pages and the end of its commit.
    private func makeHot(_ folder: SessionFolder) throws {
        let outbound = try Directory(path: folder.outbound)
        let database = try Connection(path: folder.outboundDatabase, .readWrite, busyTimeout: 5000)
        defer { database.close() }
        try database.execute("PRAGMA cache_size=1; PRAGMA cache_spill=1; BEGIN IMMEDIATE")
        for number in 0..<50 {
            try database.run(
                """
                INSERT INTO messages_out (id, seq, turn, kind, channel_type, platform_id, content, created_at)
                VALUES (?, ?, 't_half', 'chat', 'test', 'c1', ?, 0)
                """,
                "m_half\(number)",
                Int64(1001 + 2 * number),
                try JSONText.encode(OutboundChat(text: String(repeating: "half written ", count: 300)))
            )
        }
        let file = try outbound.contents("outbound.db", limit: 16 << 20)
        let journal = try outbound.contents("outbound.db-journal", limit: 16 << 20)
        try database.execute("ROLLBACK")
        try #require(!journal.isEmpty)
        try outbound.replace("outbound.db", with: file)
        try outbound.replace("outbound.db-journal", with: journal)
    }

    /// A host whose runners die with a hot journal while `rounds` last, and of whose recoveries the first `failures` fail.
    private func withHotDeaths(
        rounds: Int,
        failures: Int,
        by failing: FakeBehaviour = .dieAtStart,
        _ body: @escaping @Sendable (TestHost, SessionHandle) async throws -> Void
    ) async throws {
        let lives = Atomic(0)
        let recoveries = Atomic(0)
        let behaviour: @Sendable (SandboxRequest) -> FakeBehaviour = { request in
            if case .recover = request.program {
                return recoveries.wrappingAdd(1, ordering: .relaxed).oldValue < failures ? failing : .recover
            }
            return lives.wrappingAdd(1, ordering: .relaxed).oldValue < rounds ? .deaf : .echo
        }
        try await withTemporaryDirectory { home in
            try await withHost(home: home, channel: TestHost.channel(), behaviour) { host in
                for round in 1...rounds {
                    try await host.runtime.accept(host.event("round \(round)"))
                    try await host.eventually("life \(round)") {
                        let runners = self.lives(host)
                        return runners.count == round && runners.last?.seen.isEmpty == false
                    }
                    let handle = try await host.session()
                    try self.makeHot(handle.folder)
                    self.lives(host).last?.kill()
                    try await host.eventually("it has settled") {
                        let record = try await host.runtime.central.runner(handle.id)
                        return record?.state == .stopped || self.lives(host).count > round
                    }
                }
                try await body(host, try await host.session())
            }
        }
    }

    private func lives(_ host: TestHost) -> [FakeRunner] {
        host.spawner.runners.filter { if case .recover = $0.request.program { false } else { true } }
    }

    private func recoveries(_ host: TestHost) -> Int { host.spawner.runners.count - lives(host).count }

    private func aside(_ handle: SessionHandle) throws -> Int {
        try Directory(path: handle.folder.path).names().count { $0.hasPrefix("outbound.aside-") }
    }

    @Test func `a recovery that fails twice is tried a third time, and nothing is set aside`() async throws {
        try await withHotDeaths(rounds: 1, failures: 2) { host, handle in
            #expect(recoveries(host) == 3)
            #expect(try aside(handle) == 0)
            #expect(handle.status == .active)
            try await host.runtime.accept(host.event("again"))
            try await host.eventually("it is answered") { host.channel.texts.contains { $0.contains("again") } }
            // What was half written never was.
            #expect(!host.channel.texts.contains { $0.contains("half written") })
        }
    }

    @Test func `T26 a recovery for which there is no room is tried until there is, and nothing is set aside`()
        async throws
    {
        try await withHotDeaths(rounds: 1, failures: 3, by: .findNoRoom) { host, handle in
            try await host.eventually("the message is answered") {
                host.channel.texts.contains { $0.contains("round 1") }
            }
            #expect(recoveries(host) == 4)
            #expect(try aside(handle) == 0)
            #expect(handle.status == .active)
        }
    }

    @Test func `HR07 three failed recoveries set the message file aside, and its owner is told`() async throws {
        try await withHotDeaths(rounds: 1, failures: 3) { host, handle in
            #expect(recoveries(host) == 3)
            #expect(try aside(handle) == 1)
            #expect(handle.status == .active)
            let told = try await handle.store.history(limit: 100).filter(\.isOutgoing).map(\.content)
            #expect(told.contains { $0.contains("set aside: its half-written transaction could not be undone") })
            try await host.runtime.accept(host.event("again"))
            try await host.eventually("it is answered") { host.channel.texts.contains { $0.contains("again") } }
            #expect(!host.channel.texts.contains { $0.contains("half written") })
        }
    }

    @Test func `HR07 a session whose file was set aside three times is quarantined, and starts no more`() async throws {
        try await withHotDeaths(rounds: 3, failures: 9) { host, handle in
            #expect(recoveries(host) == 9)
            #expect(try aside(handle) == 3)
            try await host.eventually("it is quarantined") { handle.status == .quarantined }
            let row = try await host.runtime.central.read { db in try Session.fetchOne(db, key: handle.id) }
            #expect(row?.status == .quarantined)
            #expect(row?.statusReason?.contains("could not be undone") == true)
            #expect(lives(host).count == 3)
        }
    }
}
