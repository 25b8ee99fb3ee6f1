import Foundation
import Testing

/// What a home holds after its disk was full or failed.
extension TestHost {
    func size(_ path: String) -> Int {
        (try? FileManager.default.attributesOfItem(atPath: "\(home)/\(path)")[.size] as? Int) ?? -1
    }

    /// Rows of a query of one of the home's databases, columns by `|`.
    func sql(_ path: String, _ query: String) async throws -> [String] {
        let answer = try await run(
            "/usr/bin/sqlite3",
            ["-readonly", "-cmd", ".timeout 5000", "\(home)/\(path)", query]
        )
        #expect(answer.status == 0, "\(path): \(query): \(answer)")
        return answer.output.split(separator: "\n").map(String.init)
    }

    /// The databases of the home, with their sessions'.
    func databases() async throws -> [String] {
        let found = try await run("/usr/bin/find", ["\(home)/data", "-name", "*.db"])
        return found.output.split(separator: "\n").map { String($0.dropFirst(home.count + 1)) }
    }

    /// No database and no configuration has shrunk to nothing, and every database is whole.
    func checkFiles() async throws {
        let files = try await databases()
        #expect(files.count >= 4, "\(files)")
        for file in files {
            #expect(size(file) > 0, "\(file)")
            #expect(try await sql(file, "pragma integrity_check") == ["ok"], "\(file)")
        }
        #expect(size("config.yaml") > 0)
    }

    /// Waits until nothing is open in a session's file: an end is recorded a moment after people see it.
    private func settled(_ file: String) async throws {
        let deadline = ContinuousClock.now + .seconds(10)
        while ContinuousClock.now < deadline {
            let open = try await sql(
                file,
                "select count(*) from messages_in where kind = 'chat' and status = 'pending'"
            )
            if open == ["0"] { return }
        }
    }

    /// Everything that was stored for an agent has ended, and every word that one was to say stands once in the chat's
    /// history; answers the texts that were stored.
    func checkReplies() async throws -> Set<String> {
        let said = try await sql(
            "data/nanoclaw.db",
            "select json_extract(content, '$.text') from cli_messages where direction = 'out'"
        )
        var texts: Set<String> = []
        for file in try await databases() where file.hasSuffix("/inbound.db") {
            try await settled(file)
            let rows = "select status, json_extract(content, '$.text') from messages_in where kind = 'chat'"
            for row in try await sql(file, rows) {
                let fields = row.split(separator: "|", maxSplits: 1).map(String.init)
                #expect(fields[0] == "completed", "\(row)")
                #expect(texts.insert(fields[1]).inserted, "stored twice: \(row)")
                guard let word = fields[1].components(separatedBy: "echo ").dropFirst().last else { continue }
                #expect(said.count { $0 == word } == 1, "replies to \(row): \(said)")
            }
        }
        return texts
    }
}
