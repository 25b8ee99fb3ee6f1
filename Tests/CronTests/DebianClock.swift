import Core

@testable import Cron

/// Debian's cron as a clock that ticks: each minute it looks what time it should be and what time it is.
///
/// Written from what cron(8) and its cron.c say: a virtual clock in minutes of local time, and four cases by how far the real
/// one is ahead: up to 5 minutes, up to 3 hours, behind by less than 3 hours, and more, which is a correction.
struct DebianClock {
    let expression: CronExpression
    let zone: Zone

    /// The minutes in which the job is started after `start` and until `end`, both whole minutes.
    func runs(after start: Timestamp, until end: Timestamp) -> [Timestamp] {
        var runs: [Timestamp] = []
        var virtual = local(start.milliseconds / 60_000)
        for minute in start.milliseconds / 60_000 + 1...end.milliseconds / 60_000 {
            let real = local(minute)
            let ahead = real - virtual
            var starts = false
            if ahead == 1 || ahead > 180 || ahead <= -180 {
                virtual = real
                starts = holds(real)
            } else if ahead > 5 {
                starts = !expression.isFixed && holds(real)
                while virtual < real {
                    virtual += 1
                    if expression.isFixed, holds(virtual) { starts = true }
                }
            } else if ahead > 0 {
                while virtual < real {
                    virtual += 1
                    if holds(virtual) { starts = true }
                }
            } else {
                starts = !expression.isFixed && holds(real)
            }
            if starts { runs.append(Timestamp(milliseconds: minute * 60_000)) }
        }
        return runs
    }

    private func local(_ minute: Int64) -> Int64 {
        minute + Int64(zone.offset(at: Timestamp(milliseconds: minute * 60_000)) / 60)
    }

    private func holds(_ minute: Int64) -> Bool {
        let date = Civil.date(days: Int(minute / 1440))
        let first = Civil.weekday(days: Civil.days(year: date.year, month: date.month, day: 1))
        let length = Civil.daysInMonth(date.month, leap: Civil.isLeap(date.year))
        let days = expression.days.mask(length: length, firstWeekday: first)
        return expression.minutes >> UInt64(minute % 60) & 1 == 1
            && expression.hours >> UInt64(minute / 60 % 24) & 1 == 1
            && expression.months >> UInt64(date.month) & 1 == 1 && days >> UInt32(date.day) & 1 == 1
    }
}
