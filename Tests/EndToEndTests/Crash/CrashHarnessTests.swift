import Core
import Foundation
import TestSupport
import Testing

/// `kill -9` at every step between a platform's event and its recorded delivery, in host, launcher and runner: each
/// event that was accepted is answered once, or twice with a mark.
///
/// A recovery may wait for a sweep (60 s). Measured: under 15 s for any point.
@Suite(.serialized, .enabled(if: CrashDriver.isBuilt, "no crash-host in \(CrashDriver.binaries)"))
struct CrashHarnessTests {
    private static let deadline = 75.0

    @Test func `every fault point has a name of its own and a place in a scenario`() {
        #expect(CrashPoints.all.count > 40)
        #expect(Set(CrashPoints.all).count == CrashPoints.all.count)
        for group in [
            CrashPoints.runner, CrashPoints.rollback, CrashPoints.recovery, CrashPoints.takeover, CrashPoints.host,
            CrashPoints.upgrade, CrashPoints.retention, CrashPoints.agents, CrashPoints.approvals, CrashPoints.chat,
            CrashPoints.tasks, CrashPoints.keyedSends, CrashPoints.channels, CrashPoints.admission,
            CrashPoints.questions, CrashPoints.asides, CrashPoints.notices,
        ] { #expect(!group.isEmpty) }
    }

    @Test func `T05 T12 the host dies at each of its points and loses nothing`() async throws {
        // Most of a death is waiting: three homes share the points.
        let lanes = 3
        try await withThrowingTaskGroup(of: (events: Int, repeated: Int).self) { group in
            for lane in 0..<lanes {
                group.addTask {
                    try await CrashDriver.with { driver in
                        for point in CrashPoints.host.enumerated() where point.offset % lanes == lane {
                            try await driver.die(at: point.element, within: Self.deadline)
                            try await driver.comeToRest(within: Self.deadline, point.element)
                        }
                        let repeated = try await driver.check("at the end")
                        return (driver.ledger.events.count, repeated)
                    }
                }
            }
            let ends = try await group.reduce(into: [(events: Int, repeated: Int)]()) { $0.append($1) }
            let (events, repeated) = (ends.map(\.events).reduce(0, +), ends.map(\.repeated).reduce(0, +))
            print(
                "crash: \(CrashPoints.host.count) points of the host, \(events) events, \(repeated) repeated and marked"
            )
        }
    }

    @Test func `T05 T10 the host dies again while it takes over what the one before left`() async throws {
        try await CrashDriver.with { driver in
            for point in CrashPoints.takeover {
                try await driver.dieInTakeover(at: point, within: Self.deadline)
                try await driver.comeToRest(within: Self.deadline, point)
            }
            try await driver.check("at the end")
        }
    }

    @Test func `T22 the runner dies at each of its points and its journal is rolled back`() async throws {
        try await CrashDriver.with { driver in
            let chats = CrashPoints.runner.map { CrashDriver.keyedChat($0) }
            for chat in chats { driver.write(to: chat) }
            try await driver.waitForAnswers(within: Self.deadline, "at the start")
            try await driver.waitUntilNoRunnerLives()
            for (point, chat) in zip(CrashPoints.runner, chats) { try await driver.armRunner(of: chat, point) }
            for (point, chat) in zip(CrashPoints.runner, chats) {
                let sendsFile = point.hasPrefix("outbox.") || point.hasPrefix("row.")
                if sendsFile { driver.askForFile(in: chat) } else { driver.write(to: chat, seconds: 0.1) }
            }
            for (point, chat) in zip(CrashPoints.runner, chats) {
                try await eventually(within: 30, "a runner dies at \(point)") {
                    try await !driver.isRunnerArmed(of: chat)
                }
            }
            try await driver.waitForAnswers(within: Self.deadline, "after the runners' deaths")
            try await driver.comeToRest(within: Self.deadline, "after the runners' deaths")
            try await driver.check("at the end")
            print("crash: \(chats.count) points of the runner, \(driver.ledger.events.count) events")
        }
    }

    @Test func `T22 the host or the rollback itself dies while a hot journal is rolled back`() async throws {
        try await CrashDriver.with { driver in
            let points = CrashPoints.rollback + CrashPoints.recovery
            for point in points { driver.write(to: CrashDriver.keyedChat(point)) }
            try await driver.comeToRest(within: Self.deadline, "at the start")
            for point in points {
                try await driver.dieInRecovery(at: point, of: CrashDriver.keyedChat(point), within: Self.deadline)
                try await driver.comeToRest(within: Self.deadline, point)
            }
            try await driver.check("at the end")
        }
    }

    @Test func `T68 the host dies while it ends what is old, and the next message is answered`() async throws {
        try await CrashDriver.with { driver in
            for point in CrashPoints.retention {
                let thread = driver.freshThread()
                driver.write(to: thread, file: "a note")
                driver.askForFile(in: thread)
                try await driver.waitForAnswers(within: Self.deadline, point)
                try await driver.comeToRest(within: Self.deadline, "before \(point)")
                try await driver.age(thread)
                try driver.arm(point)
                driver.killHost()
                try await eventually(within: 30, "the next host dies at \(point)") { !driver.isArmed }
                let folder = try await driver.sessionFolder(thread)
                // A file in `outbox/` whose row went before it is kept for the days of failed ones.
                try await eventually(within: 30, "nothing old is left after \(point)") {
                    try FileManager.default.contentsOfDirectory(atPath: "\(folder)/inbound/inbox").isEmpty
                }
                driver.write(to: thread)
                try await driver.waitForAnswers(within: Self.deadline, point)
            }
            try await driver.comeToRest(within: Self.deadline, "after the last")
            try await driver.check("at the end")
        }
    }

    /// Lets the host die at each of these points on the way of what `act` begins, and the next one end it.
    private func die(at points: [String], _ driver: CrashDriver, by act: () -> Void) async throws {
        for point in points {
            try driver.arm(point)
            act()
            try await eventually(within: 30, "the host dies at \(point)") { !driver.isArmed }
            try await driver.waitForAnswers(within: Self.deadline, point)
            try await driver.comeToRest(within: Self.deadline, point)
        }
    }

    @Test func `T05 the host dies on an agent's message to another, and it is there once`() async throws {
        try await CrashDriver.with { driver in
            let chat = CrashDriver.keyedChat("agents")
            driver.write(to: chat)
            try await driver.waitForAnswers(within: Self.deadline, "at the start")
            try await driver.addHelper(answeringIn: chat)
            try await die(at: CrashPoints.agents, driver) { driver.askHelper(in: chat) }
            let accepted = try await driver.acceptedBetweenAgents()
            // To the helper and back, for each point; the turn that a death cut off may have asked once more.
            #expect(accepted.count >= 2 * CrashPoints.agents.count)
            #expect(accepted.allSatisfy { $0.value == 1 }, "\(accepted)")
        }
    }

    @Test func `on a channel that knows keys for ever no death in a send is seen`() async throws {
        try await CrashDriver.with { driver in
            let chat = CrashDriver.keyedChat("keys")
            try await die(at: CrashPoints.keyedSends, driver) { driver.write(to: chat) }
            #expect(try await driver.check("at the end") == 0)
        }
    }

    @Test func `what is written at a terminal is answered once, wherever the host dies`() async throws {
        try await CrashDriver.with { driver in
            let central = "\(driver.home)/data/nanoclaw.db"
            for (number, point) in CrashPoints.chat.enumerated() {
                let token = "written-\(number)-"
                func entries(_ direction: String) async throws -> [String] {
                    try await driver.sql(
                        central,
                        """
                        SELECT count(*) FROM cli_messages
                        WHERE direction = '\(direction)' AND content ->> 'text' LIKE '%\(token)%'
                        """
                    )
                }
                try driver.arm(point)
                _ = try await driver.verb("chat", "-m", "run echo \(token)", "--timeout", "10")
                try await eventually(within: 30, "the host dies at \(point)") { !driver.isArmed }
                try await eventually(within: Self.deadline, "it is answered after \(point)") {
                    try await entries("out") == ["1"]
                }
                try await driver.comeToRest(within: Self.deadline, point)
                #expect(try await entries("in") == ["1"], "\(point)")
                #expect(try await entries("out") == ["1"], "\(point)")
            }
            let open = "SELECT count(*) FROM cli_messages WHERE content ->> 'isOpen'"
            #expect(try await driver.sql(central, open) == ["0"])
        }
    }

    @Test func `a task runs once, wherever the host dies`() async throws {
        try await CrashDriver.with { driver in
            let chat = CrashDriver.keyedChat("agents")
            driver.write(to: chat)
            try await driver.waitForAnswers(within: Self.deadline, "at the start")
            try await driver.addHelper(answeringIn: chat)
            for (number, point) in CrashPoints.tasks.enumerated() {
                try driver.arm(point)
                try await driver.addTask(number, in: chat)
                try await eventually(within: 30, "the host dies at \(point)") { !driver.isArmed }
                try await driver.comeToRest(within: Self.deadline, point)
            }
            _ = try await driver.checkTasks(Array(CrashPoints.tasks.indices), within: Self.deadline)
        }
    }

    @Test func `T47 the host dies at each step of an approval, which is carried out once at most, ends and is told`()
        async throws
    {
        try await CrashDriver.with { driver in
            let central = "\(driver.home)/data/nanoclaw.db"
            let policy = try await driver.verb("groups", "config", "update", "main", "--shell-policy", "ask")
            try #require(policy.status == 0, "\(policy)")
            var unknown = 0
            for (number, point) in CrashPoints.approvals.enumerated() {
                let marker = "allowed-\(number)"
                let isOfAsking = ["approval.asked", "approval.card-sent"].contains(point)
                if isOfAsking { try driver.arm(point) }
                _ = try await driver.verb("chat", "-m", "run touch \(marker); echo ran >> \(marker)", "--timeout", "20")
                try await eventually(within: 30, "somebody is asked about \(marker)") {
                    try await !driver.sql(central, "SELECT 1 FROM approvals WHERE plan LIKE '%\(marker)%'").isEmpty
                }
                if !isOfAsking { try driver.arm(point) }
                let rows = try await driver.sql(central, "SELECT id FROM approvals WHERE plan LIKE '%\(marker)%'")
                try #require(rows.count == 1, "\(point): one request is one approval: \(rows)")
                try await eventually(within: 30, "it is decided") {
                    _ = try await driver.verb("approvals", "approve", rows[0])
                    return try await driver.sql(
                        central,
                        "SELECT 1 FROM approvals WHERE id = '\(rows[0])' AND status <> 'pending'"
                    ) == ["1"]
                }
                try await eventually(within: 30, "the host dies at \(point)") { !driver.isArmed }
                var end: [String] = []
                try await eventually(within: Self.deadline, "it ends after \(point)") {
                    end = try await driver.sql(
                        central,
                        "SELECT status FROM approvals WHERE id = '\(rows[0])' AND status IN ('executed', 'interrupted')"
                    )
                    return !end.isEmpty
                }
                // Told once, whatever has become of it; and where it was allowed it ran, once.
                let session = try await driver.sessionFolder(ChatAddress(channel: "cli", platformID: "cli:local:main"))
                let told = """
                    SELECT count(*) FROM messages_in WHERE kind = 'system' AND status = 'completed'
                        AND content ->> 'action' = 'shell_command' AND content ->> 'status' <> 'pending'
                    """
                try await eventually(within: Self.deadline, "its end is told after \(point)") {
                    try await driver.sql("\(session)/inbound/inbound.db", told) == ["\(number + 1)"]
                }
                let ran = try? String(contentsOfFile: "\(driver.home)/groups/main/\(marker)", encoding: .utf8)
                if end == ["executed"], ran == nil {
                    // Its runner, which dies with the host, had begun it and come no further: then the agent is told so.
                    unknown += 1
                } else {
                    #expect(ran == (end == ["executed"] ? "ran\n" : nil), "\(point): \(end)")
                }
                #expect(
                    try await driver.transcripts(session, with: "whether it is done is not known") == unknown,
                    "\(point)"
                )
                try await driver.comeToRest(within: Self.deadline, point)
            }
            // The host's death catches a runner between the two in one or two of them at most.
            #expect(unknown < CrashPoints.approvals.count / 2)
            let audit = try await driver.verb("audit", "verify")
            #expect(audit.status == 0, "\(audit)")
        }
    }

    @Test(arguments: ["launcher", "init", "runner", "tool"])
    func `T08 the sandbox dies at each step of its set-up and the message is answered by the next`(
        role: String
    ) async throws {
        try await CrashDriver.with { driver in
            let file = "\(driver.home)/crash-sandbox"
            func deaths() -> Int {
                (try? String(contentsOfFile: file + ".hits", encoding: .utf8)).flatMap { Int($0) } ?? 0
            }
            let width = 16
            var step = 1
            while step < 1000 {
                let before = deaths()
                let lines = (step..<step + width).map { "\(role) \($0)\n" }.joined()
                try lines.write(toFile: file, atomically: false, encoding: .utf8)
                let threads = (0..<width).map { _ in driver.freshThread() }
                for thread in threads { driver.write(to: thread) }
                try await driver.waitForAnswers(within: Self.deadline, "\(role) \(step)")
                try await eventually(within: 10, "every step was tried") {
                    (try? String(contentsOfFile: file, encoding: .utf8))?.isEmpty == true
                }
                step += width
                try await driver.writeOnceMore(within: Self.deadline, "\(role) \(step)")
                // A step that nobody came to is behind the last one.
                if deaths() - before < width { break }
            }
            try await driver.comeToRest(within: Self.deadline, "after all steps of \(role)")
            #expect(deaths() >= (SandboxSteps.least[role] ?? .max), "\(deaths()) deaths of \(role)")
            // A tool tier dies in the first call or in one of the next; after a call that is told of it there is another one.
            let told = Set(driver.ledger.toolFailures.keys.compactMap { driver.ledger.events[$0]?.line.address })
            #expect(role == "tool" ? !told.isEmpty : told.isEmpty, "\(driver.ledger.toolFailures)")
            for address in told { driver.write(to: address) }
            try await driver.waitForAnswers(within: Self.deadline, "who was told that a tool tier has ended")
            let later = told.map { driver.write(to: $0) }
            try await driver.waitForAnswers(within: Self.deadline, "the same once more")
            #expect(later.allSatisfy { driver.ledger.toolFailures[$0] == nil }, "\(driver.ledger.toolFailures)")
            try await driver.check("at the end")
            #expect(driver.ledger.toolFailures.count <= (role == "tool" ? 16 : 0), "\(driver.ledger.toolFailures)")
            print("crash: \(deaths()) steps of \(role), \(driver.ledger.events.count) events")
        }
    }

    @Test(arguments: ["drop", "double"])
    func `the books show a host that drops a message and one that doubles one`(mistake: String) async throws {
        try await CrashDriver.with(environment: ["NANOCLAW_MUTANT": mistake]) { driver in
            for _ in 0..<10 { driver.write(to: driver.freshThread()) }
            try await eventually(within: 30, "the host is done") {
                let ledger = driver.ledger
                return mistake == "drop"
                    ? ledger.open.count == 2 && ledger.sends.count == 9
                    : ledger.open.isEmpty && ledger.sends.count == 13
            }
            let found = driver.ledger.notOnce.values.sorted()
            #expect(found == (mistake == "drop" ? [0, 0] : [2, 2]))
            let books = try await driver.books()
            #expect(books.problems.count == 2)
        }
    }
}
