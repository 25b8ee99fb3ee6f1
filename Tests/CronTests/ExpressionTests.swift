import Core
import Testing

@testable import Cron

/// What an expression means on a clock that is never turned.
struct ExpressionTests {
    @Test(arguments: [
        ("*/20 * * * *", "2026-01-01T00:00", ["00:20:00", "00:40:00", "01:00:00"]),
        ("5 4 * * *", "2026-01-01T04:05", ["04:05:00", "04:05:00", "04:05:00"]),
        ("0-10/5 7 * * *", "2026-01-01T07:00", ["07:05:00", "07:10:00", "07:00:00"]),
        ("50/4 7 * * *", "2026-01-01T07:00", ["07:50:00", "07:54:00", "07:58:00"]),
        ("43-43/11 7 * * *", "2026-01-01T07:00", ["07:43:00", "07:43:00", "07:43:00"]),
        ("1,3,1-2 7 * * *", "2026-01-01T07:00", ["07:01:00", "07:02:00", "07:03:00"]),
        ("*/20 30 7 * * *", "2026-01-01T07:00", ["07:30:00", "07:30:20", "07:30:40"]),
        ("59 59 23 * * *", "2026-01-01T23:59:58", ["23:59:59", "23:59:59", "23:59:59"]),
        ("007 7 * * *", "2026-01-01T07:00", ["07:07:00", "07:07:00", "07:07:00"]),
    ])
    func `times of day`(expression: String, from: String, expected: [String]) throws {
        let found = try next(expression, "UTC", from: from, count: 3)
        #expect(found.map { String($0.dropFirst(11).prefix(8)) } == expected)
    }

    @Test(arguments: [
        ("0 0 * jan,Jul *", ["2026-01-02", "2026-01-03"]),
        ("0 0 1 JAN,jul *", ["2026-07-01", "2027-01-01"]),
        ("0 0 1 */5 *", ["2026-06-01", "2026-11-01"]),
        ("0 0 29 2 *", ["2028-02-29", "2032-02-29"]),
        ("0 0 31 * *", ["2026-01-31", "2026-03-31"]),
        // 0, 7 and sun are Sunday, and a week may end with it.
        ("0 0 * * 0", ["2026-01-04", "2026-01-11"]),
        ("0 0 * * 7", ["2026-01-04", "2026-01-11"]),
        ("0 0 * * SUN", ["2026-01-04", "2026-01-11"]),
        ("0 0 * * sat-sun", ["2026-01-03", "2026-01-04"]),
        ("0 0 * * 5-7", ["2026-01-02", "2026-01-03"]),
        ("0 0 * * mon-fri", ["2026-01-02", "2026-01-05"]),
        // Both day fields restricted: either; one that begins with a star: both.
        ("0 0 13 * fri", ["2026-01-02", "2026-01-09"]),
        ("0 0 5,13 * wed", ["2026-01-05", "2026-01-07"]),
        ("0 0 */13 * fri", ["2026-02-27", "2026-03-27"]),
        ("0 0 13 * *", ["2026-01-13", "2026-02-13"]),
        ("0 0 13 * */2", ["2026-01-13", "2026-06-13"]),
        ("0 0 1-31 * fri", ["2026-01-02", "2026-01-03"]),
        // The last day, and days before it.
        ("0 0 L * *", ["2026-01-31", "2026-02-28"]),
        ("0 0 L 2 *", ["2026-02-28", "2027-02-28"]),
        ("0 0 l-3 * *", ["2026-01-28", "2026-02-25"]),
        ("0 0 L-30 * *", ["2026-03-01", "2026-05-01"]),
        ("0 0 15,L * *", ["2026-01-15", "2026-01-31"]),
        // The nearest workday, never in another month.
        ("0 0 15W * *", ["2026-01-15", "2026-02-16"]),
        ("0 0 1W * *", ["2026-02-02", "2026-03-02"]),
        ("0 0 1w 8 *", ["2026-08-03", "2027-08-02"]),
        ("0 0 31W 5 *", ["2026-05-29", "2027-05-31"]),
        ("0 0 31W * *", ["2026-01-30", "2026-02-27"]),
        ("0 0 LW * *", ["2026-01-30", "2026-02-27"]),
        ("0 0 lw 5 *", ["2026-05-29", "2027-05-31"]),
        // Of the week days in a month.
        ("0 0 * * 5#3", ["2026-01-16", "2026-02-20"]),
        ("0 0 * * fri#5", ["2026-01-30", "2026-05-29"]),
        ("0 0 * * 7#1", ["2026-01-04", "2026-02-01"]),
        ("0 0 * * 5L", ["2026-01-30", "2026-02-27"]),
        ("0 0 * * sunL", ["2026-01-25", "2026-02-22"]),
        ("0 0 * * 1#1,5L", ["2026-01-05", "2026-01-30"]),
        ("0 0 29 2 fri#5", ["2028-02-29", "2032-02-29"]),
        // Names of schedules.
        ("@yearly", ["2027-01-01", "2028-01-01"]),
        ("@annually", ["2027-01-01", "2028-01-01"]),
        ("@Monthly", ["2026-02-01", "2026-03-01"]),
        ("@weekly", ["2026-01-04", "2026-01-11"]),
        ("@daily", ["2026-01-02", "2026-01-03"]),
        ("@midnight", ["2026-01-02", "2026-01-03"]),
        ("@hourly", ["2026-01-01", "2026-01-01"]),
    ])
    func `days`(expression: String, expected: [String]) throws {
        #expect(try dates(expression, from: "2026-01-01T00:00", count: 2) == expected)
    }

    @Test func `the rarest day is found`() throws {
        // The fifth Monday of February needs a leap day; 2100 is no leap year.
        #expect(
            try dates("0 0 * 2 mon#5", from: "2026-01-01T00:00", count: 3) == [
                "2044-02-29", "2072-02-29", "2112-02-29",
            ]
        )
    }

    @Test func `behind the last year nothing comes`() throws {
        #expect(try next("@yearly", "UTC", from: "9998-06-01T00:00", count: 3) == ["9999-01-01T00:00:00+00:00"])
        #expect(try next("@yearly", "Europe/Berlin", from: "9999-06-01T00:00") == [])
        let schedule = Schedule.cron(try CronExpression("@hourly"), try Zone("Europe/Berlin"))
        #expect(schedule.next(after: Timestamp(milliseconds: .max)) == nil)
        #expect(schedule.next(after: Timestamp(milliseconds: .min)) != nil)
    }

    @Test func `an expression is kept as it was written, with single spaces`() throws {
        #expect(try CronExpression("  0\t9  *  * Mon-Fri ").text == "0 9 * * Mon-Fri")
        #expect(try CronExpression("@Daily").text == "@daily")
        let once = try CronExpression("0 9 * * 1")
        #expect(try CronExpression(once.text) == once)
    }
}
