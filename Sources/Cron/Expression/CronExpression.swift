/// A cron expression: which seconds, minutes, hours and days are meant, on whatever wall the clock hangs.
///
/// Five fields (minute, hour, day of month, month, day of week) or six with the seconds first; `@daily` and its like. As
/// Debian's cron has it: when neither day field begins with `*`, a day that either names is meant; an expression whose minute
/// and hour fields do not begin with `*` is for fixed times. `docs/tasks.md` has the grammar and says where we differ from
/// others.
package struct CronExpression: Hashable, Sendable, CustomStringConvertible {
    /// The expression as it was written, with single spaces: what is stored and shown.
    package let text: String
    /// Neither the minute nor the hour field begins with `*`: such a job runs after a gap and only once in a repeated hour.
    package let isFixed: Bool

    let seconds: UInt64
    let minutes: UInt64
    let hours: UInt64
    /// Bits 1 to 12.
    let months: UInt64
    let days: DayRule

    /// The longest text that is read, in bytes.
    package static let longestText = 512

    /// Reads an expression; throws with the field, its value and what is allowed there.
    package init(_ text: String) throws(CronError) {
        self = try CronParser.parse(text)
    }

    init(text: String, isFixed: Bool, seconds: UInt64, minutes: UInt64, hours: UInt64, months: UInt64, days: DayRule) {
        self.text = text
        self.isFixed = isFixed
        self.seconds = seconds
        self.minutes = minutes
        self.hours = hours
        self.months = months
        self.days = days
    }

    package var description: String { text }

    /// True when some year of the calendar has such a day: there are only 14 kinds of years.
    var everComes: Bool {
        for leap in [false, true] {
            for firstDay in 0..<7 {
                var weekday = firstDay
                for month in 1...12 {
                    let length = Civil.daysInMonth(month, leap: leap)
                    if months & 1 << UInt64(month) != 0, days.mask(length: length, firstWeekday: weekday) != 0 {
                        return true
                    }
                    weekday = (weekday + length) % 7
                }
            }
        }
        return false
    }
}
