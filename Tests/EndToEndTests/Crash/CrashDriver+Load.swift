import Core
import Foundation
import TestSupport
import Testing

/// Work beside what people write: agents that write to each other, and tasks.
extension CrashDriver {
    static let helperRequest = "tell helper run echo tell back "

    /// Another agent, which the first one knows as `helper`; the chat is `back` to the first.
    func addHelper(answeringIn chat: ChatAddress) async throws {
        for words in [
            ["groups", "create", "Helper"],
            ["destinations", "add", "--group", "main", "--name", "helper", "--agent", "helper"],
            ["destinations", "add", "--group", "helper", "--name", "parent", "--agent", "main"],
            ["destinations", "add", "--group", "main", "--name", "back", "--chat", "\(chat)"],
        ] {
            let answer = try await verb(words)
            try #require(answer.status == 0, "\(words): \(answer)")
        }
    }

    /// Lets the agent ask the helper for a command that the agent then carries out: it answers in the chat.
    func askHelper(in address: ChatAddress) {
        write(to: address, text: Self.helperRequest)
    }

    /// Lets the agent ask the helper for a file with that text, whose name holds the token of the message.
    func askHelperForFile(_ text: String, in address: ChatAddress) -> String {
        let id = write(to: address, text: "tell helper send ")
        let name = "\(home)/groups/helper/echo \(CrashLedger.token(id))"
        #expect(FileManager.default.createFile(atPath: name, contents: Data(text.utf8)))
        return id
    }

    /// How often each message that was accepted between agents stands where it went.
    func acceptedBetweenAgents() async throws -> [String: Int] {
        let central = "\(home)/data/nanoclaw.db"
        let rows = try await sql(
            central,
            "SELECT message_id || ' ' || target_group_id || '/' || target_session_id FROM agent_messages"
        )
        var counts: [String: Int] = [:]
        for row in rows {
            let parts = row.split(separator: " ").map(String.init)
            let found = try await sql(
                "\(home)/data/sessions/\(parts[1])/inbound/inbound.db",
                "SELECT count(*) FROM messages_in WHERE platform_message_id = '\(parts[0])'"
            )
            counts[row] = found.first.flatMap { Int($0) } ?? 0
        }
        return counts
    }

    /// Makes a task that is due in two seconds and speaks in the chat; tries until a host lives that takes it.
    func addTask(_ number: Int, in chat: ChatAddress) async throws {
        try await eventually(within: 30, "task \(number) is made") {
            let due = Date(timeIntervalSinceNow: 2).formatted(.iso8601)
            let answer = try await verb(
                "tasks",
                "create",
                "run echo \(Self.taskWord(number))",
                "--group",
                "main",
                "--chat",
                "\(chat)",
                "--at",
                due,
                "--name",
                "task-\(number)"
            )
            guard answer.status != 0 else { return true }
            // The host may have died between the commit and its answer.
            return try await sql("\(home)/data/nanoclaw.db", "SELECT 1 FROM tasks WHERE name = 'task-\(number)'") == [
                "1"
            ]
        }
    }

    private static func taskWord(_ number: Int) -> String { "done-\(number)-" }

    /// Fails the test unless each task was begun once and has ended, and has spoken as that end says; answers how many
    /// were cut off.
    func checkTasks(_ numbers: [Int], within seconds: Double) async throws -> Int {
        func runs(_ states: String) async throws -> [String: Int] {
            let rows = try await sql(
                "\(home)/data/nanoclaw.db",
                "SELECT name, r.state FROM task_runs r JOIN tasks t ON t.id = r.task_id WHERE r.state IN (\(states))"
            )
            return Dictionary(rows.map { ($0, 1) }, uniquingKeysWith: +)
        }
        let ends = "'completed', 'interrupted'"
        try await eventually(within: seconds, "every task has ended") {
            try await runs(ends).values.reduce(0, +) >= numbers.count
        }
        let ended = try await runs(ends)
        #expect(try await runs("'claimed', 'running', 'quiet', 'failed', 'stopped', 'missed'").isEmpty)
        var interrupted = 0
        for number in numbers {
            let said = ledger.sends.count { $0.text.hasPrefix(Self.taskWord(number)) }
            let (done, cut) = (ended["task-\(number)|completed"] ?? 0, ended["task-\(number)|interrupted"] ?? 0)
            #expect(done + cut == 1, "task \(number): \(done) runs completed, \(cut) interrupted")
            #expect(done == 1 ? said == 1 : said <= 1, "task \(number) has spoken \(said) times")
            interrupted += cut
        }
        return interrupted
    }
}
