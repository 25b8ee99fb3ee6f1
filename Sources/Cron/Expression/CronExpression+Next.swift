import Core

extension CronExpression {
    /// A change of the clocks by this much or more is a correction: nothing is run after such a gap, and all again in such a
    /// repeat (Debian's cron.c: three hours).
    static let correction = 3 * 3600

    /// The first time after this one at which the expression holds on the zone's clocks; nil behind the last year.
    func next(after time: Timestamp, in zone: Zone) -> Timestamp? {
        let after = max(Civil.floor(time.milliseconds, 1000), LocalTime.start.seconds) + 1
        guard after < LocalTime.end.seconds else { return nil }
        var search = LocalSearch(expression: self)
        var segment = zone.data.segment(at: after)
        var from = after + Int64(segment.offset)
        // Asked for within a repeat: what is fixed has had its turn.
        if isFixed, segment.start > LocalTime.start.seconds {
            let before = zone.data.segment(at: segment.start - 1)
            if segment.start == after, let caught = caughtUp(from: before, to: segment, &search) { return caught }
            from = max(from, firstLocal(of: segment, after: before))
        }
        while let found = search.first(from: from) {
            if segment.end == .max || found < segment.end + Int64(segment.offset) {
                return Timestamp(milliseconds: (found - Int64(segment.offset)) * 1000)
            }
            let next = zone.data.segment(at: segment.end)
            if isFixed, let caught = caughtUp(from: segment, to: next, &search) { return caught }
            from = firstLocal(of: next, after: segment)
            segment = next
        }
        return nil
    }

    /// The instant at which the clocks went forward when a fixed time lay in the gap.
    private func caughtUp(
        from before: ZoneData.Segment,
        to segment: ZoneData.Segment,
        _ search: inout LocalSearch
    ) -> Timestamp? {
        let gap = segment.offset - before.offset
        guard gap > 0, gap < Self.correction, let found = search.first(from: segment.start + Int64(before.offset)),
            found < segment.start + Int64(segment.offset)
        else { return nil }
        return Timestamp(milliseconds: segment.start * 1000)
    }

    /// The first local second of a segment that counts: the clocks' own, or for fixed times the end of what is repeated.
    private func firstLocal(of segment: ZoneData.Segment, after before: ZoneData.Segment) -> Int64 {
        let repeated = before.offset - segment.offset
        let isSkipped = isFixed && repeated > 0 && repeated <= Self.correction
        return segment.start + Int64(isSkipped ? before.offset : segment.offset)
    }
}

/// Finds local times at which an expression holds; remembers the last answer, which also answers for all before it.
private struct LocalSearch {
    let expression: CronExpression
    private var from: Int64 = .max
    private var found: Int64 = .min

    init(expression: CronExpression) { self.expression = expression }

    /// The first such local time at or after this one, in seconds since 1970; nil behind the last year.
    mutating func first(from local: Int64) -> Int64? {
        if from <= local, local <= found { return found }
        guard let answer = search(local) else { return nil }
        from = local
        found = answer
        return answer
    }

    private func search(_ local: Int64) -> Int64? {
        let start = LocalTime(seconds: local)
        let date = Civil.date(days: start.days)
        // Only of the first day is a part over.
        let rest = time(from: start.secondOfDay)
        var year = date.year
        var month = date.month
        var day = rest == nil ? date.day + 1 : date.day
        while year <= Schedule.lastYear {
            if expression.months & 1 << UInt64(month) != 0 {
                let firstDay = Civil.days(year: year, month: month, day: 1)
                let mask = expression.days.mask(
                    length: Civil.daysInMonth(month, leap: Civil.isLeap(year)),
                    firstWeekday: Civil.weekday(days: firstDay)
                )
                let left = day > 31 ? 0 : mask & UInt32.max << UInt32(day)
                if left != 0 {
                    let days = firstDay + left.trailingZeroBitCount - 1
                    let second = days == start.days ? rest : time(from: 0)
                    return Int64(days) * LocalTime.daySeconds + Int64(second ?? 0)
                }
            }
            day = 1
            month += 1
            if month > 12 {
                month = 1
                year += 1
            }
        }
        return nil
    }

    /// The first time of day at or after this second of the day; nil when there is none left.
    private func time(from second: Int) -> Int? {
        var hour = second / 3600
        var minute = second / 60 % 60
        var rest = second % 60
        while let nextHour = Self.bit(expression.hours, from: hour) {
            if nextHour > hour { (hour, minute, rest) = (nextHour, 0, 0) }
            while let nextMinute = Self.bit(expression.minutes, from: minute) {
                if nextMinute > minute { (minute, rest) = (nextMinute, 0) }
                if let nextSecond = Self.bit(expression.seconds, from: rest) {
                    return hour * 3600 + minute * 60 + nextSecond
                }
                (minute, rest) = (minute + 1, 0)
            }
            (hour, minute, rest) = (hour + 1, 0, 0)
        }
        return nil
    }

    /// The lowest bit that is set from this one on.
    private static func bit(_ set: UInt64, from index: Int) -> Int? {
        guard index < 64 else { return nil }
        let left = set & UInt64.max << UInt64(index)
        return left == 0 ? nil : left.trailingZeroBitCount
    }
}
