import Approvals
import CentralStore
import ControlProtocol
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

/// Which sessions retention looks at, what a dry run tells of them, and the verb that asks for it.
@Suite(.timeLimit(.minutes(2))) struct DueSessionTests {
    // MARK: - Who is looked at

    @Test func `T68 what a busy session says is looked at in time, and nothing of it is lost`() async throws {
        try await IdleHost.with({ _ in .hang }) { host, time in
            try await host.runtime.accept(host.event("work"))
            try await host.turn(time, until: "a runner lives") { !host.runtime.supervisor.live.all.isEmpty }
            let output = try Directory(path: "\(host.runtime.options.home)/data/logs/runners")
            let id = try await IdleHost.record(host).id
            var old = [timespec(tv_sec: 1, tv_nsec: 0), timespec(tv_sec: 1, tv_nsec: 0)]
            for name in ["\(id).log", "se_gone.log"] {
                _ = try? output.create(name)
                utimensat(output.descriptor.number, name, &old, 0)
            }
            IdleHost.step(time, to: time.now + IdleHost.day * 1000)
            let ended = try await IdleHost.items(host)
            #expect(ended.filter { $0.what != .repeats } == [RetentionItem(.runnerOutput, name: "se_gone.log")])
            let session = try await IdleHost.record(host)
            #expect(session.status == .active && session.retentionDueAt == time.now + IdleHost.day)
            #expect(try await host.session().store.state(now: time.now).open == 1)
        }
    }

    @Test func `T68 of a thousand sessions at rest none is opened when none is due`() async throws {
        try await IdleHost.with { host, time in
            try await IdleHost.talk(host, time, "hello")
            let (folders, group) = (host.runtime.options.home + "/data/sessions/\(host.group.id)", host.group.id)
            let watch = inotify_init1(Int32(IN_NONBLOCK))
            defer { close(watch) }
            let later = time.now + IdleHost.day * 5
            try await host.runtime.central.write { db in
                for number in 0..<1000 {
                    try db.execute(
                        sql: """
                            INSERT INTO sessions (id, agent_group_id, mode, thread_id, last_active, created_at, retention_due_at)
                            VALUES (?, ?, 'per-thread', ?, ?, ?, ?)
                            """,
                        arguments: ["se_\(number)", group, "\(number)", time.now, time.now, later]
                    )
                }
            }
            try HostSession.create(SessionFolder(path: "\(folders)/se_0"), owner: nil)
            for number in 0..<1000 {
                if number > 0 {
                    try FileManager.default.copyItem(atPath: "\(folders)/se_0", toPath: "\(folders)/se_\(number)")
                }
                #expect(inotify_add_watch(watch, "\(folders)/se_\(number)/inbound", UInt32(IN_OPEN)) >= 0)
            }
            func opens() -> Int {
                var (count, bytes) = (0, [UInt8](repeating: 0, count: 1 << 16))
                while true {
                    let size = read(watch, &bytes, bytes.count)
                    guard size > 0 else { return count }
                    var place = 0
                    while place < size {
                        count += 1
                        place += 16 + Int(bytes[place + 12]) + Int(bytes[place + 13]) << 8
                    }
                }
            }
            let own = try await IdleHost.record(host).id
            try await host.runtime.central.write { db in
                try db.execute(sql: "UPDATE sessions SET retention_due_at = ? WHERE id = ?", arguments: [later, own])
            }
            _ = opens()
            await host.runtime.sweep.pass(everything: false)
            await host.runtime.retention.pass()
            #expect(opens() == 0)
            // Due, they are looked at a hundred in a pass.
            IdleHost.step(time, to: later)
            await host.runtime.retention.pass()
            let left = try await host.runtime.central.retentionDue(at: time.now, after: nil, limit: 2000)
            #expect(left.count == 901)
            #expect(opens() > 0)
            #expect(await host.runtime.sessions.openSession(SessionID(unchecked: "se_0")) == nil)
        }
    }

    @Test func `the sessions that are due and the session of a key are found by an index`() async throws {
        try await IdleHost.with { host, _ in
            func plan(_ sql: String) async throws -> String {
                try await host.runtime.central.read { db in
                    try Row.fetchAll(db, sql: "EXPLAIN QUERY PLAN " + sql).map { $0["detail"] as String }
                        .joined(separator: "; ")
                }
            }
            let due = try await plan(
                """
                SELECT id FROM sessions WHERE retention_due_at IS NOT NULL AND retention_due_at <= 5
                    AND (retention_due_at, id) > (1, '') ORDER BY retention_due_at, id LIMIT 100
                """
            )
            #expect(due.contains("sessions_retention") && !due.contains("TEMP B-TREE"), "\(due)")
            let key = try await plan(
                """
                SELECT * FROM sessions WHERE agent_group_id = 'a' AND mode = 'shared'
                    AND coalesce(messaging_group_id, '') = 'm' AND coalesce(thread_id, '') = ''
                    AND (status <> 'closed' OR reopens = 1) AND (mode = 'agent-shared' OR messaging_group_id IS NOT NULL)
                """
            )
            #expect(key.contains("sessions_once"), "\(key)")
        }
    }

    @Test func `other periods make every session due once`() async throws {
        try await IdleHost.with { host, time in
            try await IdleHost.talk(host, time, "hello")
            let central = host.runtime.central
            let later = time.now + IdleHost.day * 5
            try await central.write { db in
                try db.execute(sql: "UPDATE sessions SET retention_due_at = ?", arguments: [later])
            }
            let periods = try await central.read { try String.fetchOne($0, sql: "SELECT periods FROM retention") }
            try await central.adoptPeriods(try #require(periods))
            #expect(try await IdleHost.record(host).retentionDueAt == later)
            try await central.adoptPeriods("others")
            #expect(try await IdleHost.record(host).retentionDueAt == Timestamp(milliseconds: 0))
        }
    }

    // MARK: - A dry run

    @Test func `a dry run changes nothing and tells what the run then does`() async throws {
        try await IdleHost.with({ _ in .say { row in [Self.withFile(row)] } }) { host, time in
            let home = host.runtime.options.home
            let event = host.event("hello", id: "p1")
            try await host.runtime.accept(event)
            try await host.turn(time, until: "an answer") { host.channel.sent.count == 1 }
            await IdleHost.rest(host)
            try await host.turn(time, until: "the session is at rest") { try await IdleHost.isAtRest(host) }
            try Directory(path: "\(home)/data/logs/runners").create("se_old.log").write([1])
            try await host.runtime.central.recordDrop(
                event,
                sender: nil,
                reason: .rejected,
                chat: nil,
                group: nil,
                now: time.now
            )
            let session = try await host.session()
            try Directory(path: session.folder.inbound + "/inbox").makeDirectory("m_unborn")
            try Directory(path: session.folder.outbound + "/outbox").makeDirectory("m_unsaid")
            IdleHost.step(time, to: time.now + IdleHost.day * 366)
            try await host.runtime.traces.flush()
            let before = try Self.contents(of: home)
            let told = try await IdleHost.items(host, isDry: true)
            let again = try await IdleHost.items(host, isDry: true)
            #expect(told == again)
            #expect(try Self.contents(of: home) == before)
            #expect(try await IdleHost.items(host) == told)
            let kinds: Set<RetentionItem.Kind> = [
                .session, .messages, .deliveries, .repeats, .inbox, .outbox, .runnerOutput, .droppedCounts,
            ]
            #expect(Set(told.map(\.what)) == kinds)
            #expect(try await IdleHost.items(host).isEmpty)
        }
    }

    @Test func `a session that cannot be opened is told with the reason, and the others are looked at`() async throws {
        try await IdleHost.with { host, time in
            try await IdleHost.talk(host, time, "hello")
            let (own, group) = (try await IdleHost.record(host).id, host.group.id)
            let folder = SessionFolder(path: host.runtime.options.home + "/data/sessions/\(group)/se_lost")
            try HostSession.create(folder, owner: nil)
            try "no database".write(toFile: folder.inboundDatabase, atomically: false, encoding: .utf8)
            IdleHost.step(time, to: time.now + IdleHost.day * 100)
            let now = time.now
            try await host.runtime.central.write { db in
                // The first that is due.
                try db.execute(
                    sql: """
                        INSERT INTO sessions (id, agent_group_id, mode, thread_id, last_active, created_at, retention_due_at)
                        VALUES ('se_lost', ?, 'per-thread', '1', ?, ?, 1)
                        """,
                    arguments: [group, now, now]
                )
            }
            for isDry in [true, false] {
                let told = try await IdleHost.items(host, isDry: isDry)
                let failed = told.filter { $0.what == .failure }
                #expect(failed.map(\.session) == [SessionID(unchecked: "se_lost")], "\(told)")
                #expect(failed.allSatisfy { $0.count == 0 && $0.name?.isEmpty == false })
                #expect(told.contains(RetentionItem(.session, session: own)), "\(told)")
            }
        }
    }

    @Test
    func `approvals and cards go some time after their end, but for those of a grant that stands, and old copies too`()
        async throws
    {
        try await IdleHost.with { host, time in
            host.runtime.approvals.register(PaintShed())
            var ids: [ApprovalID] = []
            for (colour, answer) in [("red", "deny"), ("blue", "always")] {
                ids.append(try await host.ask(colour).id)
                let row = try #require(ids.last)
                let days: [String: JSONValue] = answer == "deny" ? [:] : ["answer": "always", "days": 365]
                _ = try await host.control(
                    "approvals \(answer == "deny" ? "deny" : "approve")",
                    days.merging(["id": .string(row.rawValue)]) { $1 }
                )
                try await host.end(of: row)
            }
            let waiting = try await host.ask("green").id
            try await host.eventually("the ends stand on their cards") {
                try await host.runtime.central.read { try CardRow.filter(sql: "state = 'closed'").fetchCount($0) } == 2
            }
            let copies = try Directory(path: "\(host.runtime.options.home)/data")
            try copies.makeDirectory("cli")
            for (name, age) in [("m_old", 400), ("m_new", 10)] {
                try copies.directory("cli").makeDirectory(name)
                let second = Int(time.now.milliseconds / 1000) + (100 - age) * 86_400
                var times = [timespec(tv_sec: second, tv_nsec: 0), timespec(tv_sec: second, tv_nsec: 0)]
                #expect(utimensat(AT_FDCWD, "\(host.runtime.options.home)/data/cli/\(name)", &times, 0) == 0)
            }
            IdleHost.step(time, to: time.now + IdleHost.day * 100)
            let told = try await IdleHost.items(host, isDry: true)
            #expect(told.first { $0.what == .approvals }?.count == 1, "\(told)")
            #expect(told.first { $0.what == .cards }?.count == 2, "\(told)")
            #expect(told.compactMap(\.name) == ["data/cli/m_old"])
            #expect(try await host.runtime.central.read { try ApprovalRow.fetchCount($0) } == 3)
            let gone = try await IdleHost.items(host)
            #expect(gone == told)
            let left = try await host.runtime.central.read { try ApprovalRow.fetchAll($0).map(\.id) }
            #expect(Set(left) == [ids[1], waiting])
            #expect(try copies.directory("cli").names() == ["m_new"])
        }
    }

    private static func withFile(_ row: InboundRow) -> NewOutbound {
        NewOutbound(
            content: .chat(OutboundChat(text: "answer")),
            address: row.address,
            inReplyTo: row.id,
            turn: .random()
        )
    }

    /// Every file of a tree with its bytes, size and times; what SQLite shares between processes holds no data.
    private static func contents(of root: String) throws -> [String] {
        var found: [String] = []
        var open = [""]
        while let folder = open.popLast() {
            let directory = try Directory(path: root + folder)
            for name in try directory.names() {
                let path = "\(folder)/\(name)"
                let status = try #require(try directory.status(name))
                var line = "\(path) \(status.st_mode) \(status.st_ino) \(status.st_size)"
                switch status.st_mode & S_IFMT {
                case S_IFDIR: open.append(path)
                case S_IFREG where !name.hasSuffix("-shm"):
                    line += " \(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec)"
                    line += " \(try directory.contents(name, limit: 1 << 28).hashValue)"
                default: break
                }
                found.append(line)
            }
        }
        return found.sorted()
    }

    // MARK: - The verb

    @Test func `the control socket runs it, event by event`() async throws {
        try await IdleHost.with { host, time in
            try await IdleHost.talk(host, time, "hello")
            IdleHost.step(time, to: time.now + IdleHost.day * 100)
            let client = RawClient(try ControlAddress.connect(home: host.runtime.options.home))
            func ask(_ arguments: [String: JSONValue]) async throws -> ([JSONValue], JSONValue?) {
                try await client.send(ControlRequest(id: "1", command: "retention run", arguments: arguments))
                var events: [JSONValue] = []
                while let reply = try await client.next() {
                    switch reply.body {
                    case .event(let event): events.append(event)
                    case .result(let value): return (events, value)
                    case .failure(let error): throw error
                    }
                }
                return (events, nil)
            }
            let (told, _) = try await ask(["dryRun": true])
            let (done, result) = try await ask([:])
            #expect(told == done && done.contains { $0[key: "what"] == "session" })
            #expect(result == ["dryRun": false, "count": .integer(Int64(done.count))])
            await #expect(throws: ControlError.self) { _ = try await ask(["dry": true]) }
        }
    }
}
