import Core
import Cron
import Testing

@testable import Scheduling

@Suite struct TaskScheduleTests {
    /// 2026-03-28T12:00:00Z, the day before the clocks go forward in Berlin.
    static let now = Timestamp(milliseconds: 1_774_699_200_000)

    static func schedule(
        at: String? = nil,
        every: String? = nil,
        cron: String? = nil,
        zone: String = "Europe/Berlin"
    ) throws -> TaskSchedule {
        try TaskSchedule(at: at, every: every, cron: cron, zone: zone, now: now)
    }

    @Test(arguments: [
        ("2026-03-28T20:00", "2026-03-28T20:00:00+01:00 (2026-03-28T19:00:00Z)"),
        ("2026-03-29T09:00", "2026-03-29T09:00:00+02:00 (2026-03-29T07:00:00Z)"),
        ("2026-03-29T09:00Z", "2026-03-29T11:00:00+02:00 (2026-03-29T09:00:00Z)"),
        ("2026-03-29T09:00+05:00", "2026-03-29T06:00:00+02:00 (2026-03-29T04:00:00Z)"),
    ])
    func `T15 §16.266 a naive time is one of the zone, one with an offset is not`(text: String, both: String) throws {
        let schedule = try Self.schedule(at: text)
        let first = try #require(schedule.first(from: Self.now))
        #expect(schedule.both(first) == both)
        #expect(schedule.remark == nil)
    }

    @Test func `T15 a time that the clocks skip or show twice is said to be one`() throws {
        let gap = try Self.schedule(at: "2026-03-29T02:30")
        #expect(gap.first(from: Self.now).map(gap.both) == "2026-03-29T03:00:00+02:00 (2026-03-29T01:00:00Z)")
        #expect(gap.remark?.contains("skip 2026-03-29T02:30") == true)
        let twice = try Self.schedule(at: "2026-10-25T02:30")
        #expect(twice.first(from: Self.now).map(twice.both) == "2026-10-25T02:30:00+02:00 (2026-10-25T00:30:00Z)")
        #expect(twice.remark?.contains("twice") == true)
    }

    @Test func `what is stored makes the same schedule`() throws {
        for made in [
            try Self.schedule(at: "2026-03-29T02:30"), try Self.schedule(every: "90m"),
            try Self.schedule(cron: " 0  9 * * 1-5 "), try Self.schedule(at: "2026-04-01T00:00", every: "1d"),
        ] {
            let read = try TaskSchedule(
                kind: made.kind,
                text: made.text,
                anchor: made.anchor,
                zone: made.zone.identifier
            )
            #expect(read.schedule == made.schedule)
            #expect(read.words == made.words)
        }
        #expect(try Self.schedule(cron: " 0  9 * * 1-5 ").words == "cron 0 9 * * 1-5")
    }

    @Test(arguments: [
        (nil, nil, nil, "UTC", "say when"), ("tomorrow", nil, nil, "UTC", "no time"),
        ("2026-03-28T11:00Z", nil, nil, "UTC", "a time to come"),
        ("2026-03-29T09:00", nil, "* * * * *", "UTC", "alone"),
        (nil, "5", nil, "UTC", "write 15m"), (nil, "59s", nil, "UTC", "shortest interval is 60 s"),
        (nil, "", nil, "UTC", "write 15m"), (nil, "400d", nil, "UTC", "longest"), (nil, "-5m", nil, "UTC", "write 15m"),
        (nil, "99999999999999999999m", nil, "UTC", "write 15m"), (nil, nil, "* * *", "UTC", "* * *"),
        (nil, nil, "*/30 * * * * *", "UTC", "less than 60 s"), (nil, nil, "0 0 30 2 *", "UTC", "0 0 30 2 *"),
        (nil, nil, "0,30 0 9 * * *", "UTC", "less than 60 s"), (nil, "1h", nil, "Mars/Olympus", "Mars/Olympus"),
        (nil, "1h", nil, "../etc/passwd", "time zone"),
    ])
    func `§16.267 what cannot be scheduled is refused at once, in words that say what to write`(
        at: String?,
        every: String?,
        cron: String?,
        zone: String,
        words: String
    ) throws {
        let error = #expect(throws: SchedulingError.self) {
            _ = try Self.schedule(at: at, every: every, cron: cron, zone: zone)
        }
        #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
    }

    @Test(arguments: [("60s", 60), ("15m", 900), ("1h30m", 5400), ("2d", 172_800), ("1w", 604_800), ("1H", 3600)])
    func `intervals are read as people write them`(text: String, seconds: Int64) throws {
        #expect(try Interval(text).seconds == seconds)
    }

    @Test func `an interval begins at its first time, or one step from now`() throws {
        #expect(try Self.schedule(every: "2h").first(from: Self.now) == Self.now + .seconds(7200))
        let later = try Self.schedule(at: "2026-03-30T00:00Z", every: "2h", zone: "UTC")
        #expect(later.first(from: Self.now).map(later.local) == "2026-03-30T00:00:00+00:00")
        // From a first time that is over the grid goes on.
        let over = try Self.schedule(at: "2026-03-28T11:00Z", every: "2h", zone: "UTC")
        #expect(over.first(from: Self.now).map(over.local) == "2026-03-28T13:00:00+00:00")
    }
}
