import Core
import Foundation
import TestSupport
import Testing

/// What a home holds, read from outside, and whether that agrees with the driver's own ledger.
extension CrashDriver {
    /// Reads with sqlite3, from outside: the lines of the answer.
    func sql(_ database: String, _ query: String) async throws -> [String] {
        let answer = try await run("/usr/bin/sqlite3", ["-readonly", "-cmd", ".timeout 5000", database, query])
        try #require(answer.status == 0, "\(query): \(answer)")
        return answer.output.split(separator: "\n").map(String.init)
    }

    /// Makes all that a chat's session has very old.
    func age(_ address: ChatAddress) async throws {
        let folder = try await sessionFolder(address)
        let session = folder.split(separator: "/").last ?? ""
        for (database, change) in [
            (
                "\(folder)/inbound/inbound.db",
                "UPDATE messages_in SET received_at = 1, ended_at = 1; UPDATE deliveries SET updated_at = 1"
            ),
            (
                "\(home)/data/nanoclaw.db",
                "UPDATE sessions SET last_active = 1, retention_due_at = 0 WHERE id = '\(session)'"
            ),
        ] {
            let answer = try await run("/usr/bin/sqlite3", ["-cmd", ".timeout 5000", database, change])
            try #require(answer.status == 0, "\(answer)")
        }
    }

    /// Folder of the session of a chat, made by the host already.
    func sessionFolder(_ address: ChatAddress) async throws -> String {
        let thread = address.thread.map { "= '\($0)'" } ?? "IS NULL"
        let found = try await sql(
            "\(home)/data/nanoclaw.db",
            """
            SELECT s.agent_group_id || '/' || s.id FROM sessions s JOIN messaging_groups m ON m.id = s.messaging_group_id
            WHERE m.platform_id = '\(address.platformID)' AND s.thread_id \(thread)
            """
        )
        return "\(home)/data/sessions/\(try #require(found.first))"
    }

    /// Number of the last runner that the chat's session has had.
    func incarnation(of address: ChatAddress) async throws -> Int64 {
        let session = try await sessionFolder(address).split(separator: "/").last ?? ""
        let found = try await sql(
            "\(home)/data/nanoclaw.db",
            "SELECT incarnation FROM runners WHERE session_id = '\(session)'"
        )
        return found.first.flatMap { Int64($0) } ?? 0
    }

    /// Process of the chat's runner; nil when none lives.
    func runnerProcess(of address: ChatAddress) async throws -> Int32? {
        let session = try await sessionFolder(address).split(separator: "/").last ?? ""
        let query = "SELECT pid FROM runners WHERE session_id = '\(session)' AND state = 'running'"
        guard let pid = try await sql("\(home)/data/nanoclaw.db", query).first else { return nil }
        let children = try await run("/usr/bin/pgrep", ["-P", pid, "-x", "agent-runner"])
        return children.output.split(separator: "\n").first.flatMap { Int32($0) }
    }

    /// How often the agent of this session was told that.
    func transcripts(_ session: String, with text: String) async throws -> Int {
        let found = try await run("/bin/grep", ["-rhoF", text, "\(session)/state/transcripts"])
        return found.output.split(separator: "\n").count
    }

    /// The books: every accepted event was answered once, or twice with the second marked as of unknown outcome, and no
    /// session is set aside.
    ///
    /// Answers what is wrong, and how many events were answered twice with a mark.
    func books() async throws -> (problems: [String], repeated: Int) {
        var problems: [String] = []
        var repeated = 0
        for (id, count) in ledger.notOnce.sorted(by: { $0.key < $1.key }) {
            if count == 2, try await isMarkedUnknown(id) {
                repeated += 1
            } else if count > 1, ledger.events[id]?.line.text.hasPrefix(Self.helperRequest) == true {
                // A turn that a death cut off asks the helper once more.
                continue
            } else {
                let sends = ledger.sends.filter { $0.text.contains(CrashLedger.token(id)) }.map(\.id)
                problems.append("\(id) was answered \(count) times: \(sends)")
            }
        }
        for (id, files) in ledger.filesSent {
            let whole = files.allSatisfy { $0 == "\(CrashLedger.token(id)).txt:a note\n" }
            // Each repetition of the turn sends it again, and so does an outcome that nobody knows.
            let allowed = try await 1 + repetitions(of: id)
            if !whole || !(1...allowed).contains(files.count) { problems.append("\(id) was sent the files \(files)") }
        }
        problems += try await sql(
            "\(home)/data/nanoclaw.db",
            "SELECT id || ' is set aside' FROM sessions WHERE status = 'quarantined'"
        )
        return (problems, repeated)
    }

    /// Fails the test when the books show anything wrong; answers how many events were answered twice with a mark.
    @discardableResult
    func check(_ what: String) async throws -> Int {
        let books = try await books()
        #expect(books.problems.isEmpty, "\(what): \(books.problems)")
        return books.repeated
    }

    /// What the file holds that each row of the message names.
    func storedFiles(of message: String, below inbound: String) async throws -> [String] {
        let query = """
            SELECT content ->> '$.attachments[0].path' FROM messages_in WHERE content LIKE '%\(CrashLedger.token(message))%'
            """
        return try await sql("\(inbound)/inbound.db", query).map { path in
            (try? String(contentsOfFile: "\(inbound)/\(path)", encoding: .utf8)) ?? "nothing at \(path)"
        }
    }

    private func isMarkedUnknown(_ id: String) async throws -> Bool {
        guard let address = ledger.events[id]?.line.address else { return false }
        let marks = try await sql(
            try await sessionFolder(address) + "/inbound/inbound.db",
            """
            SELECT count(*) FROM deliveries WHERE content ->> 'text' LIKE '%\(CrashLedger.token(id))%'
                AND error LIKE 'outcome unknown%'
            """
        )
        return marks.first == "1"
    }

    private func repetitions(of id: String) async throws -> Int {
        guard let address = ledger.events[id]?.line.address else { return 0 }
        let counts = try await sql(
            try await sessionFolder(address) + "/inbound/inbound.db",
            """
            SELECT sum(tries) FROM messages_in WHERE content LIKE '%\(CrashLedger.token(id))%' UNION ALL
            SELECT count(*) FROM deliveries WHERE content ->> 'files' LIKE '%\(CrashLedger.token(id))%'
                AND error LIKE 'outcome unknown%'
            """
        )
        return counts.compactMap { Int($0) }.reduce(0, +)
    }
}
