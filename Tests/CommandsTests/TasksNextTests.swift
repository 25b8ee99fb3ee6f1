import ArgumentParser
import Core
import Cron
import Testing

@testable import Commands

/// `nanoclaw tasks next`: what it prints.
struct TasksNextTests {
    private let now = Timestamp(milliseconds: 1_774_699_200_000)

    private func upcoming(_ expression: String, _ zone: String, _ from: String?, _ count: Int) throws -> UpcomingTimes {
        try UpcomingTimes(expression, zone: zone, from: from, now: now, count: count)
    }

    @Test func `JSON is an array of instants in UTC and on the zone's clocks, in this order`() throws {
        let next = try upcoming("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00", 2)
        #expect(
            next.json == #"[{"utc":"2026-03-29T01:00:00Z","local":"2026-03-29T03:00:00+02:00"},"#
                + #"{"utc":"2026-03-30T00:30:00Z","local":"2026-03-30T02:30:00+02:00"}]"#
        )
        #expect(try upcoming("@yearly", "UTC", "9999-06-01T00:00", 5).json == "[]")
    }

    @Test func `without a start the times are those after now, and a start in the zone is naive`() throws {
        // Now is 2026-03-28T12:00:00Z.
        #expect(try upcoming("0 13 * * *", "UTC", nil, 1).times == [now + .seconds(3600)])
        #expect(try upcoming("0 13 * * *", "Europe/Berlin", nil, 1).times == [now + .seconds(23 * 3600)])
        #expect(try upcoming("0 13 * * *", "Europe/Berlin", "2026-03-28T12:00", 1).times == [now])
        #expect(try upcoming("0 13 * * *", "Europe/Berlin", "2026-03-28T11:59:59Z", 1).times == [now])
    }

    @Test func `people see the zone, where it is from, and what became of a start that the clocks skip`() throws {
        let next = try upcoming("*/30 * * * *", "Europe/Berlin", "2026-03-29T02:10", 1)
        let lines = next.table(zoneFrom: "config.yaml:3").split(separator: "\n")
        #expect(
            lines.first?.hasPrefix("*/30 * * * * in Europe/Berlin (config.yaml:3), after 2026-03-29T03:00:00+02:00")
                == true
        )
        #expect(lines.first?.contains("skipped by the clocks") == true)
        #expect(lines.last == "2026-03-29T03:30:00+02:00  2026-03-29T01:30:00Z")
        let second = try upcoming("@hourly", "Europe/Berlin", "2026-10-25T02:30", 1)
        #expect(second.table(zoneFrom: "--zone").contains("the first of two such times"))
    }

    @Test func `what was typed wrong is named`() throws {
        #expect(throws: CronError.self) { try upcoming("61 * * * *", "UTC", nil, 1) }
        #expect(throws: CronError.self) { try upcoming("* * * * *", "Mars/Olympus", nil, 1) }
        #expect(throws: CronError.self) { try upcoming("* * * * *", "UTC", "tomorrow", 1) }
    }

    @Test func `wrong usage ends with 64 and an example`() throws {
        for words in [
            ["61 * * * *", "--zone", "UTC"], ["* * * * *", "--zone", "X"],
            ["* * * * *", "--zone", "UTC", "--from", "x"],
            ["* * * * *", "--zone", "UTC", "--count", "0"], ["* * * * *", "--zone", "UTC", "--count", "1001"],
        ] {
            let command = try TasksNextCommand.parse(words)
            let failure = #expect(throws: CommandFailure.self) { try command.run() }
            #expect(failure?.status == .usage)
            #expect(failure?.description.contains("\n") == false)
        }
    }
}
