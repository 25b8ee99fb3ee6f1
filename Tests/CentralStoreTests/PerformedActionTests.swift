import CentralStore
import Core
import GRDB
import Synchronization
import TestSupport
import Testing

@Suite struct PerformedActionTests {
    private func withSession(_ body: @Sendable (CentralStore, ManualTime, Session) async throws -> Void) async throws {
        try await withTemporaryDirectory { home in
            let time = ManualTime()
            let store = try CentralStore(lock: HomeLock.acquire(home: home), time: time)
            let session = try await store.write { db in
                try Sample.insert(db)
                return try #require(try Session.fetchOne(db))
            }
            try await body(store, time, session)
            try store.close()
        }
    }

    @Test func `a request is carried out once, with what it answers, and both or neither are there`() async throws {
        try await withSession { store, _, session in
            let runs = Atomic<Int>(0)
            let id = MessageID.random()
            for _ in 0..<3 {
                let number = try await store.performOnce(id, of: session.id) { db in
                    try db.execute(sql: "UPDATE agent_groups SET name = name || '!'")
                    return runs.add(1, ordering: .relaxed).newValue
                }
                #expect(number == 1)
            }
            let names = try await store.read { try String.fetchAll($0, sql: "SELECT name FROM agent_groups") }
            #expect(names.allSatisfy { $0.hasSuffix("!") && !$0.hasSuffix("!!") })
            // What throws is neither done nor remembered.
            struct Refused: Error {}
            let other = MessageID.random()
            await #expect(throws: Refused.self) {
                try await store.performOnce(other, of: session.id) { db -> Int in
                    try db.execute(sql: "UPDATE agent_groups SET name = 'gone'")
                    throw Refused()
                }
            }
            #expect(try await store.read { try String.fetchAll($0, sql: "SELECT name FROM agent_groups") } == names)
            #expect(try await store.performOnce(other, of: session.id) { _ in "now" } == "now")
        }
    }

    @Test func `the id of one session's request names none of another session`() async throws {
        try await withSession { store, time, session in
            let other = try await store.write { db in
                let other = Session(
                    agentGroupID: session.agentGroupID,
                    mode: .perThread,
                    messagingGroupID: session.messagingGroupID,
                    threadID: "other",
                    createdAt: time.now
                )
                try other.insert(db)
                return other
            }
            let id = MessageID.random()
            #expect(try await store.performOnce(id, of: session.id) { _ in "mine" } == "mine")
            #expect(try await store.performOnce(id, of: other.id) { _ in "theirs" } == "theirs")
        }
    }

    @Test func `what was carried out is remembered for 7 days`() async throws {
        try await withSession { store, time, session in
            func count() async throws -> Int {
                try await store.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM performed_actions") ?? 0 }
            }
            try await store.performOnce(.random(), of: session.id) { _ in 1 }
            time.advance(by: .seconds(7 * 86_400))
            try await store.performOnce(.random(), of: session.id) { _ in 2 }
            #expect(try await count() == 2)
            time.advance(by: .milliseconds(1))
            try await store.performOnce(.random(), of: session.id) { _ in 3 }
            #expect(try await count() == 2)
        }
    }

    @Test func `an answer is posted once, read back as it was, and gone with its session`() async throws {
        try await withSession { store, time, session in
            let answer = ActionAnswer(
                session: session.id,
                request: .random(),
                content: SystemContent(action: "ask", status: "ok", text: "yes", result: ["value": 1]),
                address: ChatAddress(channel: "cli", platformID: "main", thread: "t"),
                trigger: false
            )
            #expect(answer.content.about == answer.request)
            try await store.write { db in
                try answer.post(at: time.now, db)
                let second = SystemContent(action: "ask", status: "error", text: "no")
                try ActionAnswer(session: session.id, request: answer.request, content: second, address: nil)
                    .post(at: time.now, db)
            }
            #expect(try await store.read { try ActionAnswer.waiting(of: session.id, $0) } == [answer])
            #expect(try await store.read { try ActionAnswer.waiting(of: .random(), $0) } == [])
            try await store.write { try $0.execute(sql: "DELETE FROM sessions") }
            #expect(try await store.read { try ActionAnswer.waiting($0) } == [])
        }
    }
}
