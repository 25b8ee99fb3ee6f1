import Foundation
import TestSupport
import Testing

/// `nanoclaw tasks next` as a script calls it, without a host.
@Suite(.timeLimit(.minutes(5)))
struct TasksNextVerbTests {
    private func next(_ arguments: [String], home: String, zone: String? = nil) async throws -> Finished {
        let environment = zone.map { ["TZ": $0] } ?? [:]
        return try await run(
            Release.nanoclaw.path,
            ["--home", home, "tasks", "next"] + arguments,
            environment: environment
        )
    }

    @Test func `T15 the machine's own zone changes nothing of what is asked in another`() async throws {
        try await withTemporaryDirectory { home in
            let asked = [
                "30 2 * * *", "--zone", "Europe/Berlin", "--from", "2026-03-28T12:00", "--count", "2", "--json",
            ]
            let expected =
                #"[{"utc":"2026-03-29T01:00:00Z","local":"2026-03-29T03:00:00+02:00"},"#
                + #"{"utc":"2026-03-30T00:30:00Z","local":"2026-03-30T02:30:00+02:00"}]"# + "\n"
            for zone in [nil, "UTC", "Australia/Lord_Howe", "America/New_York", "nonsense"] {
                let answer = try await next(asked, home: home, zone: zone)
                #expect(answer.status == 0 && answer.output == expected, "\(zone ?? "-"): \(answer)")
            }
            let empty = try FileManager.default.contentsOfDirectory(atPath: home)
            #expect(empty.isEmpty, "it has written \(empty)")
        }
    }

    @Test func `without a zone that of the configuration is taken, else the system's, and it is named`() async throws {
        try await withTemporaryDirectory { home in
            let asked = ["0 12 * * *", "--from", "2026-01-01T00:00Z", "--count", "1"]
            let system = try await next(asked, home: home, zone: "America/New_York")
            #expect(system.output.contains("in America/New_York (system)"), "\(system)")
            #expect(system.output.contains("2026-01-01T12:00:00-05:00  2026-01-01T17:00:00Z"), "\(system)")
            try "timeZone: Asia/Kathmandu\n".write(toFile: home + "/config.yaml", atomically: true, encoding: .utf8)
            let configured = try await next(asked, home: home, zone: "America/New_York")
            #expect(configured.output.contains("in Asia/Kathmandu (\(home)/config.yaml:1)"), "\(configured)")
            #expect(configured.output.contains("2026-01-01T12:00:00+05:45"), "\(configured)")
        }
    }

    @Test func `wrong input ends with 64 and one line with what is wrong, what is allowed and an example`() async throws
    {
        try await withTemporaryDirectory { home in
            for (arguments, words) in [
                (["61 * * * *"], ["minute \"61\"", "0 to 59"]), (["* * *"], ["3 fields"]),
                (["0 0 30 2 *"], ["never comes"]),
                (["* * * * *", "--zone", "Mars/Olympus"], ["Mars/Olympus"]),
                (["* * * * *", "--from", "tomorrow"], ["\"tomorrow\" is no time"]),
            ] {
                let answer = try await next(arguments + ["--json"], home: home)
                #expect(answer.status == 64 && answer.output.isEmpty, "\(arguments): \(answer)")
                #expect(answer.errors.split(separator: "\n").count == 1, "\(answer)")
                for word in words + ["for example: ", "nanoclaw tasks next"] {
                    #expect(answer.errors.contains(word), "\(answer)")
                }
            }
        }
    }
}
