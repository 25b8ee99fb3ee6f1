package import Core

/// When something happens: once, in steps of one length, or by the calendar of a zone.
///
/// A schedule is a value without a state: who keeps a series keeps the last time for which it has run, and asks for the
/// next one after that. As each answer is later than what was asked for, nothing runs twice however the clock steps.
package enum Schedule: Hashable, Sendable {
    /// One time.
    case once(Timestamp)
    /// `from`, and from then on each multiple of the length after it, in real time. A length below a second counts as one.
    case every(Duration, from: Timestamp)
    /// The times of a cron expression on the clocks of a zone.
    case cron(CronExpression, Zone)

    /// The last year that is looked at; behind it nothing happens any more.
    package static let lastYear = 9999

    /// The first time after this one; nil when none ever comes.
    package func next(after time: Timestamp) -> Timestamp? {
        switch self {
        case .once(let only): return only > time ? only : nil
        case .every(let length, let first):
            if first > time { return first }
            let step = max(length.milliseconds, 1000)
            let (passed, isTooLong) = time.milliseconds.subtractingReportingOverflow(first.milliseconds)
            guard !isTooLong else { return nil }
            let (next, isOver) = time.milliseconds.addingReportingOverflow(step - passed % step)
            return isOver || next > LocalTime.end.seconds * 1000 ? nil : Timestamp(milliseconds: next)
        case .cron(let expression, let zone): return expression.next(after: time, in: zone)
        }
    }

    /// The first times after `start` up to and with `end`, in order, at most `limit` of them: what was missed while nobody
    /// looked.
    package func times(after start: Timestamp, through end: Timestamp, limit: Int) -> [Timestamp] {
        var times: [Timestamp] = []
        var last = start
        while times.count < limit, let next = next(after: last), next <= end {
            times.append(next)
            last = next
        }
        return times
    }

    /// The last times after `start` up to and with `end`, in order, at most `limit` of them, found without walking through
    /// all before: about 60 calls of ``next(after:)`` for each.
    package func lastTimes(after start: Timestamp, through end: Timestamp, limit: Int) -> [Timestamp] {
        var times: [Timestamp] = []
        var end = end
        while times.count < limit, let last = lastTime(after: start, through: end) {
            times.append(last)
            end = Timestamp(milliseconds: last.milliseconds - 1)
        }
        return times.reversed()
    }

    /// The last time after `start` up to and with `end`; nil when there is none.
    package func lastTime(after start: Timestamp, through end: Timestamp) -> Timestamp? {
        guard start < end, var last = next(after: start), last <= end else { return nil }
        // Behind every time but the last there is one more; so halving finds the last.
        var low = last.milliseconds
        var high = end.milliseconds
        while low < high {
            let middle = low + (high - low) / 2
            if let next = next(after: Timestamp(milliseconds: middle)), next <= end {
                last = next
                low = next.milliseconds
            } else {
                high = middle
            }
        }
        return last
    }
}
