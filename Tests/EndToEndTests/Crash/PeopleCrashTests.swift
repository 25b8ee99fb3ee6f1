import Core
import Foundation
import TestSupport
import Testing

/// The host dies at steps that people have a part in, or hear of: somebody is let in, a question is answered, a message file
/// is damaged, a task was cut off.
@Suite(.serialized, .enabled(if: CrashDriver.isBuilt, "no crash-host in \(CrashDriver.binaries)"))
struct PeopleCrashTests {
    /// As in ``CrashHarnessTests``.
    private static let deadline = 75.0

    /// How many messages with that text the owner's chat at the terminal shows.
    private static func atTerminal(_ driver: CrashDriver, _ text: String) async throws -> Int {
        let query = """
            SELECT count(*) FROM cli_messages WHERE direction = 'out' AND instr(content ->> 'text', '\(text)') > 0
            """
        return try await driver.sql("\(driver.home)/data/nanoclaw.db", query).first.flatMap { Int($0) } ?? 0
    }

    @Test func `who waits to be let in is asked about once and answered once, wherever the host dies`() async throws {
        try await CrashDriver.with { driver in
            let central = "\(driver.home)/data/nanoclaw.db"
            let door = CrashDriver.keyedChat("door")
            let made = try await driver.verb(
                ["messaging-groups", "create", "--channel", "keyed", "--platform-id", door.platformID]
                    + ["--unknown-sender-policy", "request_approval"]
            )
            try #require(made.status == 0, "\(made)")
            for (number, point) in CrashPoints.admission.enumerated() {
                let name = "bob\(number)"
                func approvals(_ what: String, _ status: String) async throws -> [String] {
                    let query = "SELECT \(what) FROM approvals WHERE plan LIKE '%\(name)%' AND status IN (\(status))"
                    return try await driver.sql(central, query)
                }
                try driver.arm(point)
                driver.write(to: door, text: "run ", as: name)
                var waiting: [String] = []
                try await eventually(within: 30, "somebody is asked about \(name)") {
                    waiting = try await approvals("id", "'pending'")
                    return !waiting.isEmpty
                }
                try await eventually(within: 30, "\(name) is let in") {
                    _ = try await driver.verb("approvals", "approve", waiting[0], "--answer", "admit")
                    return try await approvals("1", "'pending'").isEmpty
                }
                try await eventually(within: 30, "the host dies at \(point)") { !driver.isArmed }
                try await driver.comeToRest(within: Self.deadline, point)
                let all = try await driver.sql(central, "SELECT 1 FROM approvals WHERE plan LIKE '%\(name)%'")
                #expect(all == ["1"], "\(point): asked about \(all.count) times")
            }
            #expect(try await driver.sql(central, "SELECT 1 FROM pending_sender_approvals").isEmpty)
            #expect(try await driver.check("at the end") == 0)
        }
    }

    /// Answers every open question of the chat with its first answer meanwhile: a turn that a death cut off asks once more.
    private static func answering(
        _ central: String,
        _ driver: CrashDriver,
        _ chat: ChatAddress,
        _ body: () async throws -> Void
    ) async throws {
        let open = "SELECT '1 ' || (content ->> 'code') FROM cards WHERE purpose = 'question' AND state = 'open'"
        let answers = Task {
            var said: Set<String> = []
            while !Task.isCancelled {
                // A database that a host takes over may be locked for longer than is waited for.
                for answer in (try? await driver.sql(central, open)) ?? [] where said.insert(answer).inserted {
                    driver.say(answer, in: chat)
                }
                // Nothing tells of a card that another process opens in its database: it is looked for, as `eventually` does.
                try await Task.sleep(for: .milliseconds(200))
            }
        }
        defer { answers.cancel() }
        try await body()
    }

    @Test func `a question is answered once, and its card's end told once, wherever the host dies`() async throws {
        try await CrashDriver.with { driver in
            let central = "\(driver.home)/data/nanoclaw.db"
            let chat = CrashDriver.keyedChat("questions")
            driver.write(to: chat)
            try await driver.waitForAnswers(within: Self.deadline, "at the start")
            try await Self.answering(central, driver, chat) {
                for point in CrashPoints.questions {
                    try driver.arm(point)
                    driver.write(to: chat, text: "ask Which one? | red | ")
                    try await eventually(within: 30, "the host dies at \(point)") { !driver.isArmed }
                    try await driver.comeToRest(within: Self.deadline, point)
                    try await eventually(within: Self.deadline, "every card is closed, \(point)") {
                        try await driver.sql(central, "SELECT 1 FROM cards WHERE state <> 'closed'").isEmpty
                    }
                }
            }
            #expect(try await driver.sql(central, "SELECT 1 FROM pending_questions").isEmpty)
            let cards = try await driver.sql(central, "SELECT 1 FROM cards WHERE purpose = 'question'").count
            #expect((CrashPoints.questions.count...2 * CrashPoints.questions.count).contains(cards))
            let sends = driver.ledger.sends.filter { $0.address == chat }.map(\.text)
            #expect(sends.count { $0.hasSuffix("A question: keyed:ann: red") } == cards, "\(sends)")
            // Each was answered once; the agent says what it was told.
            let folder = try await driver.sessionFolder(chat)
            let told = try await driver.sql(
                "\(folder)/inbound/inbound.db",
                """
                SELECT count(*) FROM messages_in
                WHERE kind = 'system' AND content ->> 'action' = 'ask_user_question' AND content ->> 'status' = 'ok'
                """
            )
            #expect(told == ["\(cards)"])
            #expect(sends.count { $0.contains("chose \"red\"") } >= CrashPoints.questions.count, "\(sends)")
        }
    }

    @Test func `T22 a damaged message file is set aside and told, wherever the host dies`() async throws {
        try await CrashDriver.with { driver in
            for point in CrashPoints.asides {
                let chat = CrashDriver.keyedChat(point)
                driver.write(to: chat)
                try await driver.waitForAnswers(within: Self.deadline, "at the start")
                try await driver.waitUntilNoRunnerLives()
                let folder = try await driver.sessionFolder(chat)
                try driver.arm(point)
                let file = try FileHandle(forWritingTo: URL(filePath: "\(folder)/outbound/outbound.db"))
                try file.write(contentsOf: Data("no database at all".utf8))
                try file.close()
                driver.write(to: chat)
                try await eventually(within: 30, "the host dies at \(point)") { !driver.isArmed }
                try await driver.comeToRest(within: Self.deadline, point)
                let told = try await driver.sql(
                    "\(folder)/inbound/inbound.db",
                    "SELECT count(*) FROM messages_in WHERE content ->> 'action' = 'outbound_set_aside'"
                )
                #expect(["1", "2"].contains(told.first), "\(point): the agent was told \(told) times")
                let names = try FileManager.default.contentsOfDirectory(atPath: folder)
                #expect(names.contains { $0.hasPrefix("outbound.aside-") })
            }
            // Two for each that a death cut off behind the word.
            let owner = try await Self.atTerminal(driver, "damaged or tampered with")
            #expect((CrashPoints.asides.count...2 * CrashPoints.asides.count).contains(owner), "\(owner)")
            try await driver.check("at the end")
        }
    }

    @Test func `what became of a task is told once, wherever the host dies`() async throws {
        try await CrashDriver.with { driver in
            let chat = CrashDriver.keyedChat("tasks")
            driver.write(to: chat)
            try await driver.comeToRest(within: Self.deadline, "at the start")
            for (number, point) in CrashPoints.notices.enumerated() {
                try await driver.armRunner(of: chat, "tool.announced")
                try driver.arm(point)
                try await driver.addTask(number, in: chat)
                try await eventually(within: 30, "the host dies at \(point)") { !driver.isArmed }
                try await driver.comeToRest(within: Self.deadline, point)
                let untold = "SELECT 1 FROM task_runs WHERE notice IS NOT NULL"
                try await eventually(within: Self.deadline, "it is told, \(point)") {
                    try await driver.sql("\(driver.home)/data/nanoclaw.db", untold).isEmpty
                }
                try await driver.comeToRest(within: Self.deadline, point)
                #expect(try await Self.atTerminal(driver, "\"task-\(number)\"") == 1, "\(point)")
            }
        }
    }
}
