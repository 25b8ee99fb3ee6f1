import Foundation
import TestSupport
import Testing

/// Where a session or a runner begins, on a disk that answers ENOSPC or EIO and then does so no longer.
@Suite(.serialized, .timeLimit(.minutes(5)), .enabled(if: FaultLayer.isThere, "root and strace are needed"))
struct DiskFaultStartTests {
    private struct Place {
        let name: String
        let calls: String
        /// `S` stands for the session's folder, `G` for the agent group's id.
        let files: [String]
    }

    private static func layer(
        _ place: Place,
        _ error: String,
        home: String,
        session: String = "",
        group: String
    )
        -> FaultLayer
    {
        let paths = place.files.map { file in
            let path = file.replacingOccurrences(of: "G", with: group)
            return path.hasPrefix("S") ? session + path.dropFirst() : "\(home)/\(path)"
        }
        return FaultLayer(calls: place.calls, error: error, paths: paths)
    }

    private static func isTold(_ error: String, _ words: String) -> Bool {
        let full = ["full", "No space"]
        // What a sync lacked room for is an I/O error to SQLite.
        let device = ["I/O error", "input/output error", "Input/output error"]
        return (error == "EIO" ? device : full + device).contains { words.contains($0) }
    }

    /// In the order in which they come: what one has made is there for the next.
    private static let making: [Place] = [
        Place(name: "folder", calls: "mkdirat", files: ["data/sessions/G"]),
        Place(name: "a folder in it", calls: "mkdirat,fsync", files: ["S"]),
        Place(
            name: "inbound.db",
            calls: "pwrite64,fsync,fdatasync",
            files: ["S/inbound.db.new", "S/inbound.db.new-journal"]
        ),
        Place(name: "inbound.db in its place", calls: "renameat,renameat2", files: ["S/inbound"]),
        Place(
            name: "outbound.db",
            calls: "pwrite64,fsync,fdatasync",
            files: ["S/outbound.db.new", "S/outbound.db.new-journal"]
        ),
        Place(name: "outbound.db in its place", calls: "fsync", files: ["S/outbound"]),
    ]

    @Test(arguments: ["ENOSPC", "EIO"])
    func `T26 a session that a full or failing disk lets nobody make is made once it can be`(error: String) async throws
    {
        try await withHost { host in
            _ = try await host.chat("hello")
            let chat = "cli:local:new"
            let wired = try await host.nanoclaw("wirings", "create", "--chat", chat, "--group", "main")
            try #require(wired.status == 0, "\(wired)")
            let group = try await host.sql("data/nanoclaw.db", "SELECT id FROM agent_groups WHERE folder = 'main'")[0]
            for (number, place) in Self.making.enumerated() {
                // Recorded by the first try.
                let session = try await host.sql(
                    "data/nanoclaw.db",
                    """
                    SELECT s.id FROM sessions s JOIN messaging_groups m ON m.id = s.messaging_group_id
                    WHERE m.platform_id = '\(chat)'
                    """
                )
                let folder = session.first.map { "\(host.home)/data/sessions/\(group)/\($0)" } ?? ""
                try #require(number == 0 || !folder.isEmpty)
                let layer = Self.layer(place, error, home: host.home, session: folder, group: group)
                var refused = Finished(status: 0, output: "", errors: "")
                let count = try await layer.attached(to: host.process.pid, "\(host.home).strace") {
                    refused = try await host.nanoclaw(
                        "chat",
                        "--chat",
                        chat,
                        "-m",
                        "run echo no-\(number)",
                        "--timeout",
                        "2"
                    )
                }
                #expect(count > 0, "\(place.name): nothing failed")
                #expect(refused.status == 1, "\(place.name): \(refused)")
                #expect(Self.isTold(error, refused.output + refused.errors), "\(place.name): \(refused)")
                // Whoever has a session is not held up.
                let other = "run echo other-\(number)"
                #expect(try await host.chat(other, timeout: 10).contains("other-\(number)"), "\(place.name)")
            }
            let made = try await host.nanoclaw("chat", "--chat", chat, "-m", "run echo made", "--timeout", "20")
            #expect(made.status == 0 && made.output.contains("made"), "\(made)")
            let left = try await run("/usr/bin/find", ["\(host.home)/data/sessions", "-name", "*.new*"])
            #expect(left.output.isEmpty, "\(left)")
            try await host.checkFiles()
            let expected = ["hello", "run echo made"] + Self.making.indices.map { "run echo other-\($0)" }
            #expect(try await host.checkReplies() == Set(expected))
        }
    }

    private static let starting: [Place] = [
        Place(
            name: "what the session is told",
            calls: "pwrite64,fsync,fdatasync",
            files: ["S/inbound/inbound.db", "S/inbound/inbound.db-journal"]
        ),
        Place(
            name: "its number",
            calls: "pwrite64,fsync,fdatasync",
            files: ["data/nanoclaw.db-wal", "data/nanoclaw.db"]
        ),
        Place(name: "its instructions", calls: "mkdirat", files: ["data/composed/G"]),
    ]

    @Test(arguments: ["ENOSPC", "EIO"])
    func `T26 a runner that a full or failing disk lets nobody start is started once it can be`(
        error: String
    ) async throws {
        try await withHost { host in
            _ = try await host.chat("hello")
            let group = try await host.sql("data/nanoclaw.db", "SELECT id FROM agent_groups WHERE folder = 'main'")[0]
            let session = try #require(try await host.rows("sessions", "list").first?["id"] as? String)
            let folder = "\(host.home)/data/sessions/\(group)/\(session)"
            var expected: Set<String> = ["hello"]
            func failedStarts() -> Int {
                let log = (try? String(contentsOfFile: "\(host.home)/data/logs/nanoclaw.log", encoding: .utf8)) ?? ""
                return log.components(separatedBy: "A runner could not be started").count - 1
            }
            for (number, place) in Self.starting.enumerated() {
                let text = "run sleep 1.\(number)625; echo reply-\(number)"
                expected.insert(text)
                let answer = try Command(
                    Release.nanoclaw,
                    ["--home", host.home, "chat", "-m", text, "--timeout", "60"]
                )
                try await eventually(within: 20, "the turn is under way") {
                    try await run("/usr/bin/pgrep", ["-f", "^sleep 1[.]\(number)625$"]).status == 0
                }
                // The next runner has other instructions.
                try "Be brief: \(number).\n".write(
                    toFile: "\(host.home)/groups/main/CLAUDE.md",
                    atomically: true,
                    encoding: .utf8
                )
                let pid = try #require(
                    try await host.rows("sessions", "list").compactMap { $0["pid"] as? Int }.first.map(Int32.init)
                )
                let before = failedStarts()
                let layer = Self.layer(place, error, home: host.home, session: folder, group: group)
                let count = try await layer.attached(to: host.process.pid, "\(host.home).strace") {
                    kill(pid, SIGKILL)
                    try await eventually("no runner starts: \(place.name)") { failedStarts() > before }
                }
                #expect(count > 0, "\(place.name): nothing failed")
                let finished = await answer.finished()
                #expect(
                    finished.status == 0 && finished.output.contains("reply-\(number)"),
                    "\(place.name): \(finished)"
                )
                print("T26 \(error), \(place.name): \(count) calls failed, \(failedStarts() - before) starts")
                try await host.checkFiles()
            }
            #expect(try await host.checkReplies() == expected)
        }
    }
}
