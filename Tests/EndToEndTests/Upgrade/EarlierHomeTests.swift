import Foundation
import TestSupport
import Testing

/// Homes that earlier releases have left, kept as text below `Tests/Fixtures/Homes`, under the programs of today.
@Suite(.serialized, .timeLimit(.minutes(3)))
struct EarlierHomeTests {
    static let fixtures = Release.checkout.appending(path: "Tests/Fixtures").path
    /// Revisions of the central database that no release had: the first home with their migrations and rows.
    static let revisions = ["4", "6"]
    static let names =
        ((try? FileManager.default.contentsOfDirectory(atPath: fixtures + "/Homes")) ?? []).sorted()
        + revisions

    /// Makes the home: each `.sql` becomes the database that it is the dump of.
    private static func build(_ name: String, at home: String) async throws {
        let source =
            revisions.contains(name)
            ? "python3 '\(fixtures)/make_revision.py' \(name)" : "cp -r '\(fixtures)/Homes/\(name)'"
        // What agents may write belonged to the service's user.
        let script = """
            set -e; \(source) '\(home)'; cd '\(home)'; chmod 700 data
            find . -name '*.sql' | while read -r file; do sqlite3 "${file%.sql}.db" <"$file" >/dev/null; rm "$file"; done
            find data/sessions -mindepth 2 -maxdepth 2 | while read -r session; do
                mkdir -p "$session/inbound/inbox" "$session/outbound/outbox" "$session/state"; touch "$session/lock"; done
            [ ! -e data/credentials ] || chmod -R go= data/credentials
            [ "$(id -u)" != 0 ] || chown -R nanoclaw: groups/* data/sessions/*/*
            """
        let made = try await run("/bin/bash", ["-c", script])
        try #require(made.status == 0, "\(made)")
    }

    /// Every message that any session holds, in and out, by id and text.
    private static func messages(_ home: String) async throws -> Set<String> {
        let query =
            "SELECT 'in', id, content FROM messages_in UNION ALL SELECT 'out', message_id, content FROM deliveries"
        let script = """
            for db in '\(home)'/data/sessions/*/*/inbound/inbound.db; do
                sqlite3 -readonly -cmd '.timeout 5000' "$db" "\(query)"; done
            """
        let found = try await run("/bin/sh", ["-c", script])
        #expect(found.status == 0, "\(found)")
        return Set(found.output.split(separator: "\n").map(String.init))
    }

    /// The number of the last migration of a home's central database.
    private static func revision(_ name: String) throws -> Int {
        if revisions.contains(name), let number = Int(name) { return number }
        let dump = try String(contentsOfFile: "\(fixtures)/Homes/\(name)/data/nanoclaw.sql", encoding: .utf8)
        return dump.components(separatedBy: "VALUES('central_0").count - 1
    }

    /// What a home has said to a verb since a revision: people, rights, tasks, allowances, accounts.
    private static let settings: [(since: Int, verb: [String], words: [String])] = [
        (1, ["groups", "config", "get", "research"], ["Ada", "Europe/Berlin"]),
        (1, ["members", "list"], ["mail:ann@example.org"]), (1, ["providers", "list"], ["local", "qwen3"]),
        (3, ["roles", "list"], ["mail:ann@example.org", "admin"]),
        (3, ["users", "identities"], ["mail:ann@example.org", "matrix:@ann:example.org"]),
        (5, ["destinations", "list"], ["research"]),
        (6, ["tasks", "show", "plan"], ["0 7 * * *", "Europe/Berlin", "skip"]),
        (6, ["tasks", "show", "plants"], ["2126-01-01", "Water the plants.", "paused"]),
        (7, ["approvals", "list", "--all"], ["touch waiting", "touch allowed"]),
        (7, ["approvals", "grants", "list", "--all"], ["touch allowed"]), (7, ["audit", "list"], ["role-granted"]),
        (7, ["audit", "verify"], ["all as they were written"]), (8, ["channels", "list"], ["webhook", "door"]),
    ]

    /// A fixture is as old as it is: nothing of it is to go by its days.
    private static let keepsAll = ["MESSAGE", "FILE", "FAILED_FILE", "TRANSCRIPT", "IDLE_SESSION"].reduce(
        into: ["NANOCLAW_RETENTION_APPROVAL_DAYS": "36500", "NANOCLAW_RETENTION_HISTORY_DAYS": "36500"]
    ) { $0["NANOCLAW_RETENTION_\($1)_DAYS"] = "never" }

    @Test(arguments: names)
    func `T62 a home of an earlier release opens, keeps each message, and goes on`(name: String) async throws {
        try await withTemporaryDirectory { path in
            chmod(path, 0o755)
            let home = path + "/home"
            try await Self.build(name, at: home)
            let before = try await Self.messages(home)
            #expect(before.count >= 10, "\(before)")
            // First as an upgrade looks at it.
            try await Self.build(name, at: path + "/copy")
            let look = try await run(Release.nanoclaw.path, ["upgrade", "--preflight", "--home", path + "/copy"])
            #expect(look.status == 0 && look.output.contains(#""problems":[]"#), "\(look)")
            #expect(look.output.contains(#""sessions":2"#), "\(look)")
            try await withHost(home: home, environment: Self.keepsAll) { host in
                // What was under way when that host died is answered by this one.
                try await eventually(within: 30, "the waiting message is answered") {
                    try await Self.messages(home).contains { $0.hasPrefix("out|") && $0.contains("late-answer") }
                }
                #expect(try await host.chat("run echo $((6*7))").contains("42"))
                #expect(try await host.chat("read notes.txt").contains("remember the milk"))
                #expect(try await host.chat("recall door").contains("door code"))
                let other = try await host.nanoclaw("chat", "--chat", "work", "-m", "read plan.md")
                #expect(other.output.contains("# Plan"), "\(other)")
                let settings = try await host.nanoclaw("config", "show", "--json")
                #expect(settings.output.contains("config.yaml:"), "\(settings)")
                let revision = try Self.revision(name)
                for (since, verb, words) in Self.settings where since <= revision {
                    let shown = try await host.nanoclaw(verb)
                    for word in words { #expect(shown.output.contains(word), "\(verb), \(word): \(shown)") }
                }
            }
            #expect(try await Self.messages(home).isSuperset(of: before))
        }
    }

    @Test func `T62 there is an earlier home to try`() throws {
        // Of the first revision, and of those at which people, tasks and accounts were there.
        #expect(try Set([1, 4, 6, 8]).isSubset(of: Self.names.map(Self.revision)))
    }
}
