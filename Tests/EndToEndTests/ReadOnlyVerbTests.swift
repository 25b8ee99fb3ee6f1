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
                let verbs = try await ReadingVerbs.prepare(host, place: path)
                let locks = HostLocks(host: host)
                let isOver = Flag()
                async let load = Self.load(host, until: isOver)
                var count = 0
                for _ in 0..<Self.rounds { count += try await Self.round(verbs, host) }
                try locks.check()
                isOver.raise()
                let sent = try await load
                print("T25: \(count) runs of reading verbs beside \(sent) turns")
                #expect(sent > 0)
                #expect(try await host.chat("run echo unharmed").contains("unharmed"))
                try locks.check()
            }
            try await Self.check(home)
        }
    }

    @Test func `T25 every verb is known to read or to do something`() async throws {
        let verbs = try await ReadingVerbs.all()
        try #require(verbs.count > 90, "\(verbs)")
        let example = ReadingVerbs(group: "", chat: "", wiring: "", session: "", message: "", approval: "", place: "")
        let read = Set(
            example.words(files: "").map { words in
                (1...words.count).reversed().map { words.prefix($0).joined(separator: " ") }.first(
                    where: verbs.contains
                )
                    ?? "\(words)"
            }
        )
        // Some verbs only look by one of their options, and are in both lists.
        let known = read.union(ReadingVerbs.others)
        #expect(verbs.subtracting(known).sorted() == [], "neither among those that are run here nor among the others")
        #expect(known.subtracting(verbs).sorted() == [], "no verb of the program")
    }

    @Test(.enabled(if: FaultLayer.isThere))
    func `T25 the host opens no database past SQLite, whatever reads beside it`() async throws {
        try await withTemporaryDirectory { path in
            let home = path + "/home"
            try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: true)
            try await withHost(home: home) { host in
                let verbs = try await ReadingVerbs.prepare(host, place: path)
                #expect(try await host.nanoclaw("wirings", "create", "--group", "main", "--channel", "cli").status == 0)
                let trace = path + "/trace"
                try await FaultLayer.watching(host.process.pid, "open,openat,openat2", trace) {
                    _ = try await Self.round(verbs, host)
                    // A session whose files the host opens now.
                    let other = try await host.nanoclaw("chat", "--chat", "other", "-m", "run echo heard")
                    #expect(other.output.contains("heard"), "\(other)")
                    _ = try await Self.round(verbs, host)
                }
                let openings = try DatabaseOpening.all(in: trace, home: home)
                #expect(openings.contains { $0.isOfSQLite && $0.path.hasSuffix("/inbound.db") }, "\(openings)")
                #expect(openings.filter { !$0.isOfSQLite }.map(\.line) == [])
            }
        }
    }

    /// Each reading verb once, two at a time, so that they meet each other too; how many were run.
    private static func round(_ verbs: ReadingVerbs, _ host: TestHost) async throws -> Int {
        let files = verbs.place + "/files"
        try FileManager.default.createDirectory(atPath: files, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: files) }
        let all = verbs.words(files: files)
        for pair in stride(from: 0, to: all.count, by: 2) {
            async let first: Void = ReadingVerbs.perform(all[pair], on: host)
            if pair + 1 < all.count { try await ReadingVerbs.perform(all[pair + 1], on: host) }
            try await first
        }
        return all.count
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
