import Core

@testable import Cron

/// Cron expressions, written times and the rules of zones, and how long servers ask to wait: what people, models and servers
/// write about time.
///
/// What comes next is compared with a walk through every day.
struct SchedulesTarget: FuzzTarget {
    static let name = "schedules"

    private let zones: [Zone]

    init() throws {
        zones = [.utc] + ["Europe/Berlin", "Australia/Lord_Howe", "Africa/Cairo"].compactMap { try? Zone($0) }
    }

    func run(_ input: [UInt8]) {
        var choices = Choices(input)
        let kind = choices.below(4)
        let zone = choices.pick(zones)
        // Between 2020 and 2053.
        let moment = Timestamp(milliseconds: 1_577_836_800_000 + choices.integer().magnitudeBelow(1 << 40))
        let text = String(decoding: choices.remainder(), as: UTF8.self)
        switch kind {
        case 0: expression(text, zone, moment)
        case 1: written(text, zone)
        case 2: rule(text, moment)
        default: PauseCheck.run(text, moment)
        }
    }

    // MARK: - Expressions

    private func expression(_ text: String, _ zone: Zone, _ moment: Timestamp) {
        do throws(CronError) {
            let expression = try CronExpression(text)
            require((try? CronExpression(expression.text)) == expression, "an expression reads back as itself: \(text)")
            let schedule = Schedule.cron(expression, zone)
            var last = moment
            for _ in 0..<4 {
                #if PLANTED
                // A search that begins behind the minute that it was asked about.
                let next = schedule.next(after: last + .seconds(60))
                #else
                let next = schedule.next(after: last)
                #endif
                guard let next else { violated("an expression that was read comes round: \(expression)") }
                require(next > last, "the next time is later: \(expression) \(last) \(next)")
                require(holds(expression, zone, next), "it holds then: \(expression) \(zone) \(next)")
                let end = min(next, last + .seconds(120))
                var second = last + .seconds(1)
                while second < end {
                    require(
                        !holds(expression, zone, Timestamp(milliseconds: second.milliseconds / 1000 * 1000)),
                        "none is left out: \(expression) \(zone) \(second)"
                    )
                    second = second + .seconds(1)
                }
                last = next
            }
            require(
                schedule.lastTime(after: moment, through: last) == last,
                "the last is found from behind: \(expression)"
            )
        } catch {
            plain(error)
        }
    }

    /// What an expression says of one second, without a search; for a time in a gap that the gap's end stands for it.
    private func holds(_ expression: CronExpression, _ zone: Zone, _ time: Timestamp) -> Bool {
        let instant = time.milliseconds / 1000
        let segment = zone.data.segment(at: instant)
        if expression.isFixed, segment.start > 0 {
            let before = zone.data.segment(at: segment.start - 1)
            let change = segment.offset - before.offset
            if change > 0, instant == segment.start {
                let gap = instant + Int64(before.offset)..<instant + Int64(segment.offset)
                if gap.contains(where: { shows(expression, $0) }) { return true }
            }
            if change < 0, instant < segment.start - Int64(change) { return false }
        }
        return shows(expression, instant + Int64(segment.offset))
    }

    private func shows(_ expression: CronExpression, _ local: Int64) -> Bool {
        let date = Civil.date(days: Int(local / 86_400))
        let first = Civil.weekday(days: Civil.days(year: date.year, month: date.month, day: 1))
        let days = expression.days.mask(
            length: Civil.daysInMonth(date.month, leap: Civil.isLeap(date.year)),
            firstWeekday: first
        )
        return expression.seconds >> UInt64(local % 60) & 1 == 1
            && expression.minutes >> UInt64(local / 60 % 60) & 1 == 1
            && expression.hours >> UInt64(local / 3600 % 24) & 1 == 1
            && expression.months >> UInt64(date.month) & 1 == 1
            && days >> UInt32(date.day) & 1 == 1
    }

    // MARK: - Times and rules

    private func written(_ text: String, _ zone: Zone) {
        do throws(CronError) {
            let resolved = try WrittenTime(text).resolved(in: zone)
            let shown = zone.text(resolved.time)
            // An offset with seconds, as they were before 1972, is for people only.
            if shown.utf8.count == 25 {
                require((try? WrittenTime(shown)) == .instant(resolved.time), "a time that is shown is read: \(shown)")
            }
            require(
                (try? WrittenTime(Zone.utcText(resolved.time))) == .instant(resolved.time)
                    || resolved.time.milliseconds < 0
                    || resolved.time.milliseconds >= 253_402_300_800_000,
                "and so it is in UTC: \(text)"
            )
            if resolved.kind == .skipped {
                let data = zone.data
                let instant = resolved.time.milliseconds / 1000
                require(data.segment(at: instant).start == instant, "a skipped time is the end of its gap: \(text)")
            }
        } catch {
            plain(error)
        }
        if let zone = try? Zone(text) { require(!text.contains(".."), "a zone stays in its database: \(zone)") }
    }

    private func rule(_ text: String, _ moment: Timestamp) {
        guard let rule = ZoneRule(Array(text.utf8)[...]) else { return }
        let data = ZoneData(first: rule.standard, transitions: [], rule: rule)
        let instant = moment.milliseconds / 1000
        let segment = data.segment(at: instant)
        require(segment.start <= instant && instant < segment.end, "a moment lies in its part: \(text)")
        require(abs(segment.offset) <= 26 * 3600, "an offset has its bound: \(text)")
    }

    /// What is refused is refused in one short line.
    private func plain(_ error: CronError) {
        require(error.message.utf8.count < 1000, "an error is short: \(error.message.utf8.count)")
        require(error.message.unicodeScalars.allSatisfy { $0.value >= 0x20 }, "an error is one line")
    }
}

extension Int64 {
    fileprivate func magnitudeBelow(_ bound: Int64) -> Int64 { Int64(magnitude % UInt64(bound)) }
}
