import Core
import TestSupport
import Testing

@testable import Cron

/// What the days do on which the clocks are turned, as Debian's cron has it.
struct ClockChangeTests {
    /// A change of the clocks in 2026 or 2027, in the zone's own words.
    struct Change: Sendable {
        let zone: String
        /// The day before, to ask from.
        let eve: String
        /// The fixed time asked for, and all times on that day and the next.
        let fixed: String
        let expected: [String]
    }

    static let gaps = [
        Change(
            "America/New_York",
            "2026-03-07T12:00",
            "30 2 * * *",
            ["2026-03-08T03:00:00-04:00", "2026-03-09T02:30:00-04:00"]
        ),
        Change(
            "America/New_York",
            "2027-03-13T12:00",
            "30 2 * * *",
            ["2027-03-14T03:00:00-04:00", "2027-03-15T02:30:00-04:00"]
        ),
        Change(
            "Europe/Berlin",
            "2026-03-28T12:00",
            "30 2 * * *",
            ["2026-03-29T03:00:00+02:00", "2026-03-30T02:30:00+02:00"]
        ),
        Change(
            "Europe/Berlin",
            "2027-03-27T12:00",
            "30 2 * * *",
            ["2027-03-28T03:00:00+02:00", "2027-03-29T02:30:00+02:00"]
        ),
        // Half an hour: half past two is there, a quarter past is not.
        Change(
            "Australia/Lord_Howe",
            "2026-10-03T12:00",
            "30 2 * * *",
            ["2026-10-04T02:30:00+11:00", "2026-10-05T02:30:00+11:00"]
        ),
        Change(
            "Australia/Lord_Howe",
            "2026-10-03T12:00",
            "15 2 * * *",
            ["2026-10-04T02:30:00+11:00", "2026-10-05T02:15:00+11:00"]
        ),
        Change(
            "Australia/Lord_Howe",
            "2027-10-02T12:00",
            "0 2 * * *",
            ["2027-10-03T02:30:00+11:00", "2027-10-04T02:00:00+11:00"]
        ),
        // The gap is the first hour of the day.
        Change(
            "Africa/Cairo",
            "2026-04-23T12:00",
            "0 0 * * *",
            ["2026-04-24T01:00:00+03:00", "2026-04-25T00:00:00+03:00"]
        ),
        Change(
            "Africa/Cairo",
            "2026-04-23T12:00",
            "@daily",
            ["2026-04-24T01:00:00+03:00", "2026-04-25T00:00:00+03:00"]
        ),
        Change(
            "Africa/Cairo",
            "2026-04-23T12:00",
            "30 0 24 4 *",
            ["2026-04-24T01:00:00+03:00", "2027-04-24T00:30:00+02:00"]
        ),
        // The gap begins an hour before midnight: the day before has the run.
        Change(
            "America/Scoresbysund",
            "2026-03-28T12:00",
            "30 23 28 3 *",
            ["2026-03-29T00:00:00-01:00", "2027-03-28T23:30:00-01:00"]
        ),
        // Two times in the gap, and one at its end, are one run.
        Change(
            "Europe/Berlin",
            "2026-03-28T12:00",
            "0,30 2,3 * * *",
            ["2026-03-29T03:00:00+02:00", "2026-03-29T03:30:00+02:00"]
        ),
        Change(
            "Europe/Berlin",
            "2026-03-28T12:00",
            "15 30 2 * * *",
            ["2026-03-29T03:00:00+02:00", "2026-03-30T02:30:15+02:00"]
        ),
        // Wildcards follow the clock: nothing is run for a time that is not.
        Change(
            "Europe/Berlin",
            "2026-03-28T12:00",
            "*/30 2 * * *",
            ["2026-03-30T02:00:00+02:00", "2026-03-30T02:30:00+02:00"]
        ),
        Change(
            "Europe/Berlin",
            "2026-03-29T01:00",
            "30 */2 * * *",
            ["2026-03-29T04:30:00+02:00", "2026-03-29T06:30:00+02:00"]
        ),
    ]

    static let repeats = [
        Change(
            "America/New_York",
            "2026-10-31T12:00",
            "30 1 * * *",
            ["2026-11-01T01:30:00-04:00", "2026-11-02T01:30:00-05:00"]
        ),
        Change(
            "America/New_York",
            "2027-11-06T12:00",
            "30 1 * * *",
            ["2027-11-07T01:30:00-04:00", "2027-11-08T01:30:00-05:00"]
        ),
        Change(
            "Europe/Berlin",
            "2026-10-24T12:00",
            "30 2 * * *",
            ["2026-10-25T02:30:00+02:00", "2026-10-26T02:30:00+01:00"]
        ),
        Change(
            "Europe/Berlin",
            "2027-10-30T12:00",
            "30 1 * * *",
            ["2027-10-31T01:30:00+02:00", "2027-11-01T01:30:00+01:00"]
        ),
        Change(
            "Australia/Lord_Howe",
            "2026-04-04T12:00",
            "30 1 * * *",
            ["2026-04-05T01:30:00+11:00", "2026-04-06T01:30:00+10:30"]
        ),
        Change(
            "Australia/Lord_Howe",
            "2027-04-03T12:00",
            "45 1 * * *",
            ["2027-04-04T01:45:00+11:00", "2027-04-05T01:45:00+10:30"]
        ),
        // From within the second pass, only what follows it.
        Change(
            "Europe/Berlin",
            "2026-10-25T02:10:00+01:00",
            "30 2 * * *",
            ["2026-10-26T02:30:00+01:00", "2026-10-27T02:30:00+01:00"]
        ),
        Change(
            "Europe/Berlin",
            "2026-10-25T02:45:00+02:00",
            "30 2,3 * * *",
            ["2026-10-25T03:30:00+01:00", "2026-10-26T02:30:00+01:00"]
        ),
        // The repeated hour is the last of the day before: midnight comes once.
        Change(
            "Asia/Beirut",
            "2026-10-24T12:00",
            "30 23 * * *",
            ["2026-10-24T23:30:00+03:00", "2026-10-25T23:30:00+02:00"]
        ),
        Change(
            "Asia/Beirut",
            "2026-10-24T12:00",
            "0 0 * * *",
            ["2026-10-25T00:00:00+02:00", "2026-10-26T00:00:00+02:00"]
        ),
        // Wildcards run in both.
        Change(
            "Europe/Berlin",
            "2026-10-25T01:00",
            "30 * * * *",
            ["2026-10-25T01:30:00+02:00", "2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00"]
        ),
        Change(
            "Europe/Berlin",
            "2026-10-25T01:00",
            "*/30 2 * * *",
            ["2026-10-25T02:00:00+02:00", "2026-10-25T02:30:00+02:00", "2026-10-25T02:00:00+01:00"]
        ),
        Change(
            "Europe/Berlin",
            "2026-10-25T01:00",
            "@hourly",
            ["2026-10-25T02:00:00+02:00", "2026-10-25T02:00:00+01:00", "2026-10-25T03:00:00+01:00"]
        ),
    ]

    @Test(arguments: gaps)
    func `T16 a fixed time in the gap runs right after it`(change: Change) throws {
        #expect(try next(change.fixed, change.zone, from: change.eve, count: change.expected.count) == change.expected)
    }

    @Test(arguments: repeats)
    func `T16 a fixed time in the repeat runs once`(change: Change) throws {
        #expect(try next(change.fixed, change.zone, from: change.eve, count: change.expected.count) == change.expected)
    }

    static let zones = ["America/New_York", "Europe/Berlin", "Australia/Lord_Howe"]

    @Test(arguments: zones)
    func `T16 in two years a daily job runs once on every day`(name: String) throws {
        let zone = try Zone(name)
        let start = try WrittenTime("2025-12-31T23:59:59").resolved(in: zone).time
        let end = try WrittenTime("2027-12-31T23:59:59").resolved(in: zone).time
        for expression in ["30 2 * * *", "30 1 * * *", "0 2 * * *", "45 1 * * *", "0 3 * * *"] {
            let times = Schedule.cron(try CronExpression(expression), zone).times(
                after: start,
                through: end,
                limit: 1000
            )
            let days = times.map { String(zone.text($0).prefix(10)) }
            #expect(days.count == 730, "\(expression)")
            #expect(Set(days).count == 730, "\(expression)")
            #expect(days.first == "2026-01-01" && days.last == "2027-12-31")
            // On every day but those with a gap it is the time that was asked for.
            let asked = expression.split(separator: " ")
            let wanted = "T\(Civil.padded(Int(asked[1]) ?? 0)):\(Civil.padded(Int(asked[0]) ?? 0)):00"
            let moved = times.count { !zone.text($0).contains(wanted) }
            #expect([0, 2].contains(moved), "\(expression): \(moved)")
        }
    }

    @Test(arguments: zones)
    func `T16 in two years a job for every quarter of an hour runs at each real one`(name: String) throws {
        let zone = try Zone(name)
        let start = try WrittenTime("2025-12-31T23:59:59").resolved(in: zone).time
        let end = try WrittenTime("2027-12-31T23:59:59").resolved(in: zone).time
        let schedule = Schedule.cron(try CronExpression("*/15 * * * *"), zone)
        let times = schedule.times(after: start, through: end, limit: 100_000)
        #expect(times.count == 730 * 96)
        #expect(zip(times, times.dropFirst()).allSatisfy { $1.milliseconds - $0.milliseconds == 15 * 60_000 })
        #expect(times.allSatisfy { $0.milliseconds % (15 * 60_000) == 0 })
    }

    @Test func `a day that the calendar left out is not made up for`() throws {
        // Samoa went over the date line: 30 December 2011 was not.
        let times = try next("30 2 * * *", "Pacific/Apia", from: "2011-12-28T12:00", count: 3)
        #expect(times == ["2011-12-29T02:30:00-10:00", "2011-12-31T02:30:00+14:00", "2012-01-01T02:30:00+14:00"])
        #expect(try next("0 9 30 12 *", "Pacific/Apia", from: "2011-12-01T00:00") == ["2012-12-30T09:00:00+14:00"])
    }

    @Test func `asked from any moment the next time is later and none is left out`() throws {
        var numbers = Seeded(state: 7)
        for name in Self.zones + ["Africa/Cairo", "Asia/Beirut", "America/Scoresbysund"] {
            let zone = try Zone(name)
            for expression in ["30 2 * * *", "*/15 * * * *", "0,30 0-3 * * *", "10 30 1,2,23 * * *"] {
                let schedule = Schedule.cron(try CronExpression(expression), zone)
                let start = try instant("2026-01-01T00:00Z")
                let times = schedule.times(after: start, through: try instant("2027-01-01T00:00Z"), limit: 100_000)
                for _ in 0..<200 {
                    let moment = start + .milliseconds(Int64.random(in: 0..<364 * 86_400_000, using: &numbers))
                    #expect(
                        schedule.next(after: moment) == times.first { $0 > moment },
                        "\(expression) \(name) \(moment)"
                    )
                }
            }
        }
    }
}

extension ClockChangeTests.Change {
    init(_ zone: String, _ eve: String, _ fixed: String, _ expected: [String]) {
        self.init(zone: zone, eve: eve, fixed: fixed, expected: expected)
    }
}
