import ChannelKit
import Core
import SessionStore
import TestSupport
import Testing

@testable import Host
@testable import SessionStoreHost

/// Records of deliveries that wait for their session's next message; here for an hour.
@Suite(.timeLimit(.minutes(1))) struct PatientRecordTests {
    /// Deliveries and completed rows as they stand on the disk.
    private func recorded(_ host: TestHost) async throws -> [Int64] {
        let file = try await host.session().store.folder.inboundDatabase
        return try await offPool {
            let database = try Connection(path: file, .readOnly, busyTimeout: 5000)
            defer { database.close() }
            return try [
                "SELECT count(*) FROM deliveries WHERE state = 'delivered'",
                "SELECT count(*) FROM messages_in WHERE status = 'completed'",
            ].map { try database.first($0) { $0.integer(0) } ?? 0 }
        }
    }

    private func talk(
        _ capabilities: ChannelCapabilities = ChannelCapabilities(idempotencyKeys: true),
        _ body: @escaping @Sendable (TestHost) async throws -> Void
    ) async throws {
        try await withTemporaryDirectory { home in
            let channel = FakeChannel(capabilities: capabilities)
            let forEver = Patience(least: .zero, most: .seconds(3600))
            // Nothing looks at the session in its turn of the clock and takes along what waits.
            try await withHost(home: home, channel: channel, time: ManualTime(), recordPatience: forEver) { host in
                try await host.runtime.accept(host.event("one"))
                await channel.waitForSent(1)
                try await body(host)
            }
        }
    }

    @Test func `a record waits for the commit of the next message, which takes it along`() async throws {
        try await talk { host in
            let store = try await host.session().store
            try await host.eventually("the record waits") { await store.hasWaitingWrites }
            #expect(try await recorded(host) == [0, 0])
            try await host.runtime.accept(host.event("two"))
            #expect(try await recorded(host) == [1, 1])
            try await host.eventually("the second waits") { await store.hasWaitingWrites }
            await host.runtime.deliveries.settle()
            #expect(try await recorded(host) == [2, 2])
        }
    }

    @Test func `whoever waits for the records has them, however far they have come`() async throws {
        try await talk { host in
            for count in 2...10 {
                try await host.runtime.accept(host.event("number \(count)"))
                await host.channel.waitForSent(count)
                await host.runtime.deliveries.settle()
                #expect(try await recorded(host) == [Int64(count), Int64(count)])
            }
        }
    }

    @Test(arguments: [
        ChannelCapabilities(idempotencyKeys: false),
        ChannelCapabilities(idempotencyKeys: true, keyLifetime: .seconds(120)),
    ])
    func `a record without which a message would be seen twice does not wait`(
        capabilities: ChannelCapabilities
    ) async throws {
        try await talk(capabilities) { host in
            let store = try await host.session().store
            try await host.eventually("the record is there") { try await recorded(host) == [1, 1] }
            #expect(await !store.isPatient)
        }
    }

    @Test func `an answer for the agent takes along what waits`() async throws {
        try await talk { host in
            let handle = try await host.session()
            try await host.eventually("the record waits") { await handle.store.hasWaitingWrites }
            await host.runtime.deliveries.session(handle).tell("note", "about:nothing", nil, "Something for the agent.")
            try await host.eventually("both are there") { try await recorded(host) == [1, 1] }
        }
    }
}

extension HostSession {
    /// There are writes that nobody has committed yet.
    fileprivate var hasWaitingWrites: Bool { !sharedWrites.isEmpty }
}
