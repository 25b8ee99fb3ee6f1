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

/// Sessions at rest: closed when their days are over, opened by the next message, and left alone otherwise.
@Suite(.timeLimit(.minutes(2))) struct IdleSessionTests {
    private static let day = Duration.seconds(86_400)

    /// A host beside which nothing ends by itself before a test turns the clock.
    private func withIdleHost(
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
    private func talk(_ host: TestHost, _ time: ManualTime, _ text: String, id: String = "p1") async throws {
        let sent = host.channel.sent.count
        try await host.runtime.accept(host.event(text, id: id))
        try await host.turn(time, until: "an answer to \(text)") { host.channel.sent.count > sent }
        await rest(host)
        try await host.turn(time, until: "the session is at rest") { try await isAtRest(host) }
    }

    private func rest(_ host: TestHost) async {
        for (id, _) in host.runtime.supervisor.live.all {
            await host.runtime.supervisor.end(id, .asked("the test wants it at rest"))
        }
    }

    private func isAtRest(_ host: TestHost) async throws -> Bool {
        try await host.runtime.central.dirtySessions().isEmpty && host.runtime.supervisor.live.all.isEmpty
    }

    private func record(_ host: TestHost) async throws -> Session {
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
    private func step(_ time: ManualTime, to end: Timestamp) {
        time.stepWall(by: .milliseconds(end.milliseconds - time.now.milliseconds))
    }

    private func items(_ host: TestHost, isDry: Bool = false) async throws -> [RetentionItem] {
        let found = Found()
        try await host.runtime.retain(isDry: isDry) { found.add($0) }
        return found.all
    }

    // MARK: - Closing and opening

    @Test
    func `T68 a session without a message for its days is closed, and the next message opens it with its history`()
        async throws
    {
        try await withIdleHost { host, time in
            try await talk(host, time, "hello", id: "p1")
            let session = try await record(host)
            step(time, to: session.lastActive + Self.day * 90 - .milliseconds(1))
            #expect(try await items(host).filter { $0.what == .session }.isEmpty)
            #expect(try await record(host).status == .active)
            step(time, to: session.lastActive + Self.day * 90)
            #expect(try await items(host).contains { $0.what == .session && $0.session == session.id })
            let closed = try await record(host)
            #expect(closed.status == .closed && closed.reopens && closed.closedAt == time.now)
            #expect(closed.statusReason == "no message for 90 days")
            try await host.turn(time, until: "its files are let go") {
                await host.runtime.sessions.openSession(session.id) == nil
            }

            try await talk(host, time, "again", id: "p2")
            let open = try await record(host)
            #expect(open.id == session.id && open.status == .active && !open.reopens && open.closedAt == nil)
            #expect(host.channel.texts == ["echo: hello", "echo: again"])
            // Its numbers go on, and what came before is still known for a repeat.
            let handle = try await host.session()
            #expect(try await handle.store.history(limit: 9).map(\.seq).max() ?? 0 > 2)
        }
    }

    @Test func `a session that a person has closed stays so, and the next message begins a new one`() async throws {
        try await withIdleHost { host, time in
            try await talk(host, time, "hello")
            let session = try await record(host)
            step(time, to: session.lastActive + Self.day * 91)
            _ = try await items(host)
            try await host.runtime.close(session: session.id)
            #expect(try await record(host).reopens == false)
            try await host.runtime.accept(host.event("again", id: "p2"))
            let all = try await host.runtime.central.read { try Session.fetchAll($0) }
            #expect(all.count == 2 && all.filter { $0.status == .active }.map(\.id) != [session.id])
        }
    }

    @Test func `never closes no session`() async throws {
        try await withIdleHost(configuration: "retention:\n  idleSessionDays: never\n") { host, time in
            try await talk(host, time, "hello")
            step(time, to: time.now + Self.day * 1000)
            _ = try await items(host)
            #expect(try await record(host).status == .active)
        }
    }

    @Test func `T68 a message that comes while its session is being closed is answered in it`() async throws {
        try await withIdleHost { host, time in
            try await talk(host, time, "hello", id: "p0")
            let central = host.runtime.central
            // Read as idle, marked by a message, then closed: the mark wins.
            step(time, to: time.now + Self.day * 90)
            let due = try #require(try await central.retentionDue(at: time.now, after: nil, limit: 9).first)
            #expect(due.isIdle(for: Self.day * 90, at: time.now))
            try await host.runtime.ledger.holding(due.id, reason: "message") {
                let isClosed = try await central.closeIdle(due, at: time.now, reason: "x")
                #expect(!isClosed)
                // Nor does what was reckoned before hide what comes now.
                try await central.setRetentionDue(nil, of: due)
            }
            #expect(try await record(host).retentionDueAt != nil)
            try await host.runtime.supervisor.attend(host.session())
            try await host.turn(time, until: "the session is at rest") { try await isAtRest(host) }

            // Found by its key, closed, and then written to: the mark opens it.
            for round in 1...20 {
                step(time, to: time.now + Self.day * 91)
                async let ending = items(host)
                async let message: Void = host.runtime.accept(host.event("round \(round)", id: "p\(round)"))
                _ = try await (ending, message)
                try await host.turn(time, until: "answer \(round)") {
                    host.channel.texts.contains("echo: round \(round)")
                }
                await rest(host)
                try await host.turn(time, until: "the session is at rest") { try await isAtRest(host) }
                #expect(try await record(host).status == .active)
            }
            #expect(host.channel.sent.count == 21)
        }
    }

    @Test func `T68 a closed session keeps what it goes on from until its days are over, and then answers without`()
        async throws
    {
        try await withIdleHost { host, time in
            try await talk(host, time, "hello", id: "p1")
            let session = try await record(host)
            let state = try Directory(path: try await host.session().folder.state)
            try state.makeDirectory("transcripts")
            try state.directory("transcripts").create("t.jsonl").write([1])
            step(time, to: session.lastActive + Self.day * 90)
            _ = try await items(host)
            let closedAt = try #require(try await record(host).closedAt)
            step(time, to: closedAt + Self.day * 90 - .milliseconds(1))
            #expect(try await items(host).isEmpty)
            #expect(try await record(host).retentionDueAt == closedAt + Self.day * 90)
            step(time, to: closedAt + Self.day * 90)
            #expect(try await items(host).contains { $0.what == .transcripts })
            #expect(try state.names().isEmpty)
            #expect(try await record(host).retentionDueAt == nil)
            try await talk(host, time, "again", id: "p2")
            #expect(host.channel.texts.last == "echo: again")
        }
    }

    @Test func `what a closed session goes on from is left to who has come to use it`() async throws {
        try await withIdleHost { host, time in
            try await talk(host, time, "hello")
            step(time, to: time.now + Self.day * 91)
            _ = try await items(host)
            let handle = try await host.session()
            let supervisor = host.runtime.supervisor
            let order = Found()
            let done = try await supervisor.atRest(handle) {
                // Somebody comes meanwhile: nobody may start, and nobody else may do the same.
                await supervisor.attend(handle)
                let other = try await supervisor.atRest(handle) { true }
                #expect(other == nil)
                order.add(RetentionItem(.session))
                return true
            }
            #expect(done == true && order.all.count == 1)
            try await host.turn(time, until: "who waited was looked after") { await supervisor.entries.isEmpty }
        }
    }

    // MARK: - Who is looked at

    @Test func `T68 what a busy session says is looked at in time, and nothing of it is lost`() async throws {
        try await withIdleHost({ _ in .hang }) { host, time in
            try await host.runtime.accept(host.event("work"))
            try await host.turn(time, until: "a runner lives") { !host.runtime.supervisor.live.all.isEmpty }
            let output = try Directory(path: "\(host.runtime.options.home)/data/logs/runners")
            let id = try await record(host).id
            var old = [timespec(tv_sec: 1, tv_nsec: 0), timespec(tv_sec: 1, tv_nsec: 0)]
            for name in ["\(id).log", "se_gone.log"] {
                _ = try? output.create(name)
                utimensat(output.descriptor.number, name, &old, 0)
            }
            step(time, to: time.now + Self.day * 1000)
            let ended = try await items(host)
            #expect(ended.filter { $0.what != .repeats } == [RetentionItem(.runnerOutput, name: "se_gone.log")])
            let session = try await record(host)
            #expect(session.status == .active && session.retentionDueAt == time.now + Self.day)
            #expect(try await host.session().store.state(now: time.now).open == 1)
        }
    }

    @Test func `T68 of a thousand sessions at rest none is opened when none is due`() async throws {
        try await withIdleHost { host, time in
            try await talk(host, time, "hello")
            let (folders, group) = (host.runtime.options.home + "/data/sessions/\(host.group.id)", host.group.id)
            let watch = inotify_init1(Int32(IN_NONBLOCK))
            defer { close(watch) }
            let later = time.now + Self.day * 5
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
            let own = try await record(host).id
            try await host.runtime.central.write { db in
                try db.execute(sql: "UPDATE sessions SET retention_due_at = ? WHERE id = ?", arguments: [later, own])
            }
            _ = opens()
            await host.runtime.sweep.pass(everything: false)
            await host.runtime.retention.pass()
            #expect(opens() == 0)
            // Due, they are looked at a hundred in a pass.
            step(time, to: later)
            await host.runtime.retention.pass()
            let left = try await host.runtime.central.retentionDue(at: time.now, after: nil, limit: 2000)
            #expect(left.count == 901)
            #expect(opens() > 0)
            #expect(await host.runtime.sessions.openSession(SessionID(unchecked: "se_0")) == nil)
        }
    }

    @Test func `the sessions that are due and the session of a key are found by an index`() async throws {
        try await withIdleHost { host, _ in
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
        try await withIdleHost { host, time in
            try await talk(host, time, "hello")
            let central = host.runtime.central
            let later = time.now + Self.day * 5
            try await central.write { db in
                try db.execute(sql: "UPDATE sessions SET retention_due_at = ?", arguments: [later])
            }
            let periods = try await central.read { try String.fetchOne($0, sql: "SELECT periods FROM retention") }
            try await central.adoptPeriods(try #require(periods))
            #expect(try await record(host).retentionDueAt == later)
            try await central.adoptPeriods("others")
            #expect(try await record(host).retentionDueAt == Timestamp(milliseconds: 0))
        }
    }

    // MARK: - A dry run

    @Test func `a dry run changes nothing and tells what the run then does`() async throws {
        try await withIdleHost({ _ in .say { row in [Self.withFile(row)] } }) { host, time in
            let home = host.runtime.options.home
            let event = host.event("hello", id: "p1")
            try await host.runtime.accept(event)
            try await host.turn(time, until: "an answer") { host.channel.sent.count == 1 }
            await rest(host)
            try await host.turn(time, until: "the session is at rest") { try await isAtRest(host) }
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
            step(time, to: time.now + Self.day * 366)
            try await host.runtime.traces.flush()
            let before = try Self.contents(of: home)
            let told = try await items(host, isDry: true)
            let again = try await items(host, isDry: true)
            #expect(told == again)
            #expect(try Self.contents(of: home) == before)
            #expect(try await items(host) == told)
            let kinds: Set<RetentionItem.Kind> = [
                .session, .messages, .deliveries, .repeats, .inbox, .outbox, .runnerOutput, .droppedCounts,
            ]
            #expect(Set(told.map(\.what)) == kinds)
            #expect(try await items(host).isEmpty)
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
        try await withIdleHost { host, time in
            try await talk(host, time, "hello")
            step(time, to: time.now + Self.day * 100)
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

/// What was told, from any task.
private final class Found: Sendable {
    private let items = Mutex<[RetentionItem]>([])
    var all: [RetentionItem] { items.withLock { $0 } }
    func add(_ item: RetentionItem) { items.withLock { $0.append(item) } }
}
