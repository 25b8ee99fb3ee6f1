import CentralStore
import Core
import GRDB
import TestSupport
import Testing

@testable import Host

@Suite(.timeLimit(.minutes(1))) struct SessionActivityTests {
    @Test func `the latest time is kept until it is taken`() {
        let activity = SessionActivity()
        let id = SessionID(unchecked: "se_1")
        for time: Int64 in [5, 9, 7] { activity.note(id, at: Timestamp(milliseconds: time)) }
        #expect(activity.take() == [id: Timestamp(milliseconds: 9)])
        #expect(activity.take().isEmpty)
    }

    @Test func `a message to a session that is busy already counts as activity at the next sweep`() async throws {
        try await withTemporaryDirectory { home in
            try await withHost(home: home, { _ in .hang }) { host in
                try await host.runtime.accept(host.event("work"))
                let id = try await host.session().id
                let central = host.runtime.central
                await host.runtime.sweep.writeActivity()
                try await central.write { db in
                    try db.execute(sql: "UPDATE sessions SET last_active = 1 WHERE id = ?", arguments: [id])
                }
                try await host.runtime.accept(host.event("more"))
                await host.runtime.sweep.writeActivity()
                let last = try await central.read { db in try Session.fetchOne(db, key: id)?.lastActive }
                #expect(try #require(last) > Timestamp(milliseconds: 1))
            }
        }
    }
}
