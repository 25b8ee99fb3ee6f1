import Foundation
import Synchronization
import TestSupport
import Testing

/// Verbs that only look, beside a host that works.
@Suite(.serialized, .timeLimit(.minutes(600)))
struct ReadOnlyVerbTests {
    /// Runs of each verb; `NANOCLAW_LONG=1` makes it 10,000.
    private static let rounds: Int = {
        let variables = ProcessInfo.processInfo.environment
        return variables["NANOCLAW_LONG"] == "1" ? 10_000 : variables["NANOCLAW_ROUNDS"].flatMap(Int.init) ?? 4
    }()

    private static func verbs(group: String, chat: String, wiring: String, session: String) -> [[String]] {
        [
            ["status"], ["doctor"], ["doctor", "--json", "--providers"], ["logs", "-n", "5"],

            ["config", "show"], ["config", "validate"], ["groups", "list", "--all"], ["groups", "get", group],
            ["groups", "config", "get", group], ["providers", "list"], ["skills", "list"], ["skills", "validate"],
            ["sessions", "list"], ["sessions", "get", session], ["sessions", "history", session],
            ["messaging-groups", "list"], ["messaging-groups", "get", chat], ["wirings", "list"],
            ["wirings", "get", wiring], ["wirings", "explain", chat], ["destinations", "list"], ["users", "list"],
            ["users", "get", "cli:0"], ["roles", "list"], ["members", "list"], ["dropped-messages"], ["logs", "level"],
            ["sandbox", "probe"], ["sandbox", "apparmor"], ["service", "install", "--print"],
        ]
    }

    private static func check(_ home: String) async throws {
        let found = try await run("/usr/bin/find", [home + "/data", "-name", "*.db"])
        let databases = found.output.split(separator: "\n").map(String.init)
        #expect(databases.count >= 3, "\(databases)")
        for database in databases {
            let answer = try await run("/usr/bin/sqlite3", [database, "PRAGMA integrity_check"])
            #expect(answer.output == "ok\n", "\(database): \(answer)")
        }
    }

    @Test func `T25 every reading verb beside a loaded host leaves each database whole`() async throws {
        try await withTemporaryDirectory { path in
            let home = path + "/home"
            try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: true)
            try await withHost(home: home) { host in
                _ = try await host.chat("hello")
                let group = try #require(try await host.rows("groups", "list").first?["folder"] as? String)
                let chat = try #require(try await host.rows("messaging-groups", "list").first?["id"] as? String)
                let wiring = try #require(try await host.rows("wirings", "list").first?["id"] as? String)
                let session = try #require(try await host.rows("sessions", "list").first?["id"] as? String)
                let verbs = Self.verbs(group: group, chat: chat, wiring: wiring, session: session)
                let isOver = Flag()
                async let load = Self.load(host, until: isOver)
                var count = 0
                for _ in 0..<Self.rounds {
                    // Two at once, so that they meet each other too.
                    for pair in stride(from: 0, to: verbs.count, by: 2) {
                        async let first = host.nanoclaw(verbs[pair])
                        let second = pair + 1 < verbs.count ? try await host.nanoclaw(verbs[pair + 1]) : nil
                        for (verb, answer) in [
                            (verbs[pair], try await first), (verbs[min(pair + 1, verbs.count - 1)], second),
                        ] {
                            guard let answer else { continue }
                            #expect(answer.status == 0, "\(verb): \(answer)")
                            count += 1
                        }
                    }
                }
                isOver.raise()
                let sent = try await load
                print("T25: \(count) runs of \(verbs.count) verbs beside \(sent) turns")
                #expect(sent > 0)
                #expect(try await host.chat("run echo unharmed").contains("unharmed"))
            }
            try await Self.check(home)
        }
    }

    /// Turns without a pause until the flag is up; how many.
    private static func load(_ host: TestHost, until isOver: Flag) async throws -> Int {
        var sent = 0
        while !isOver.isUp {
            _ = try await host.chat("run echo load \(sent)")
            sent += 1
        }
        return sent
    }
}

/// Raised once, from any task.
final class Flag: Sendable {
    private let value = Atomic<Bool>(false)

    var isUp: Bool { value.load(ordering: .acquiring) }

    func raise() { value.store(true, ordering: .releasing) }
}
