import Foundation
import TestSupport
import Testing

/// Every verb of the program: those that only look, as they are run, and those that do something.
struct ReadingVerbs {
    /// What the reading verbs are asked about.
    let group: String
    let chat: String
    let wiring: String
    let session: String
    let message: String
    let approval: String
    /// Holds `backup`, and in `release` the programs of another release.
    let place: String

    /// Makes one of everything that a reading verb shows, on a fresh home.
    static func prepare(_ host: TestHost, place: String) async throws -> ReadingVerbs {
        _ = try await host.chat("hello")
        let chat = try #require(try await host.rows("messaging-groups", "list").first)
        let platformID = try #require(chat["platform_id"] as? String)
        for words in [
            ["groups", "config", "update", "main", "--shell-policy", "ask"],
            ["providers", "add", "local", "--kind", "openai", "--base-url", "http://127.0.0.1:9/v1", "--model", "m"],
            ["users", "create", "mail:ann@example.org", "--name", "Ann"],
            [
                "tasks", "create", "x", "--group", "main", "--chat", platformID, "--cron", "0 7 * * *", "--name",
                "early",
            ],
            ["backup", "create", place + "/backup"],
        ] {
            let made = try await host.nanoclaw(words)
            try #require(made.status == 0, "\(words): \(made)")
        }
        #expect(try await host.chat("run touch made").contains("A person is asked"))
        let session = try #require(try await host.rows("sessions", "list").first?["id"] as? String)
        let log = URL(filePath: "\(host.home)/data/logs/runners/\(session).log")
        try Data("a line of a runner\n".utf8).write(to: log)
        try FileManager.default.copyItem(atPath: Release.directory.path, toPath: place + "/release")
        return ReadingVerbs(
            group: try #require(try await host.rows("groups", "list").first?["folder"] as? String),
            chat: try #require(chat["id"] as? String),
            wiring: try #require(try await host.rows("wirings", "list").first?["id"] as? String),
            session: session,
            message: try #require(try await host.rows("sessions", "history", session).first?["id"] as? String),
            approval: try #require(try await host.rows("approvals", "list").first?["id"] as? String),
            place: place
        )
    }

    /// The words of each verb that only looks; what it writes goes to `files`.
    func words(files: String) -> [[String]] {
        [
            ["status"], ["doctor"], ["doctor", "--json", "--providers"], ["logs", "show", "-n", "5"],
            ["logs", "level"],
            ["logs", "runner", session], ["config", "show"], ["config", "validate"], ["service", "install", "--print"],
            ["service", "status"], ["backup", "create", "\(files)/backup"],
            ["backup", "verify", "\(place)/backup"], ["upgrade", "--check", "--from", "\(place)/release"],
            ["retention", "run", "--dry-run"],

            ["groups", "list", "--all"], ["groups", "get", group], ["groups", "config", "get", group],
            ["providers", "list"], ["providers", "get", "local"], ["skills", "list"], ["skills", "validate"],
            ["sessions", "list"], ["sessions", "get", session], ["sessions", "history", session],
            ["messages", "trace", message], ["tasks", "list"], ["tasks", "show", "early"],
            ["tasks", "history", "early"], ["tasks", "next", "0 7 * * *"],

            ["channels", "add"], ["channels", "list"], ["channels", "status"], ["messaging-groups", "list"],
            ["messaging-groups", "get", chat], ["wirings", "list"], ["wirings", "get", wiring],
            ["wirings", "explain", chat], ["destinations", "list"], ["users", "list"], ["users", "get", "cli:0"],
            ["users", "identities"], ["users", "export", "cli:0", "--to", "\(files)/export"],
            ["users", "erase", "mail:ann@example.org", "--dry-run"], ["roles", "list"], ["members", "list"],
            ["dropped-messages", "list"], ["approvals", "list", "--all"], ["approvals", "show", approval],
            ["approvals", "grants", "list", "--all"], ["audit", "list"], ["audit", "verify"], ["audit", "export"],

            ["sandbox", "probe"], ["sandbox", "apparmor"], ["completion", "bash"],
        ]
    }

    /// Runs one; where systemd does not run, and where a model does not answer, the verb says so by its status.
    static func perform(_ words: [String], on host: TestHost) async throws {
        // The one verb that knows no home.
        let isHomeless = words[0] == "completion"
        let answer = isHomeless ? try await program(words) : try await host.nanoclaw(words)
        let isNoService = words.starts(with: ["service", "status"]) && answer.errors.contains("systemd does not run")
        let isNoModel = words.contains("--providers") && answer.output.contains("127.0.0.1:9")
        #expect(answer.status == 0 || answer.status == 1 && (isNoService || isNoModel), "\(words): \(answer)")
    }

    private static func program(_ words: [String]) async throws -> Finished {
        try await run(Release.nanoclaw.path, words)
    }

    /// Verbs that change, start or send something.
    static let others: Set<String> = [
        "chat", "up", "config set", "service install", "service remove", "backup restore", "upgrade", "retention run",
        "groups create", "groups update", "groups delete", "groups restart", "groups config update", "providers add",
        "providers update", "providers remove", "providers test", "sessions reset", "sessions close", "sessions stop",
        "tasks create", "tasks update", "tasks run", "tasks pause", "tasks resume", "tasks cancel", "channels test",
        "channels pair", "channels remove", "messaging-groups create", "messaging-groups update",
        "messaging-groups delete", "wirings create", "wirings update", "wirings delete", "destinations add",
        "destinations remove", "users create", "users update", "users delete", "users pair", "users link",
        "users unlink", "users erase", "roles grant", "roles revoke", "members add", "members remove",
        "approvals approve", "approvals deny", "approvals grants revoke", "approvals grants bypass", "sandbox exec",
    ]

    /// Every verb that the program has, by its own words for it, hidden ones too.
    static func all() async throws -> Set<String> {
        struct Dump: Decodable { let command: Verb }
        struct Verb: Decodable {
            let commandName: String
            let subcommands: [Verb]?
        }
        func leaves(_ verb: Verb, _ path: [String]) -> [String] {
            let below = (verb.subcommands ?? []).filter { $0.commandName != "help" }
            guard !below.isEmpty else { return [path.joined(separator: " ")] }
            return below.flatMap { leaves($0, path + [$0.commandName]) }
        }
        let help = try await program(["--experimental-dump-help"])
        return Set(leaves(try JSONDecoder().decode(Dump.self, from: Data(help.output.utf8)).command, []))
    }
}
