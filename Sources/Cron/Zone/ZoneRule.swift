/// The rule of a zone for the years behind its table: a POSIX `TZ` text as RFC 9636 §3.3.1 has it, such as
/// `CET-1CEST,M3.5.0,M10.5.0/3`.
struct ZoneRule: Sendable, Hashable {
    /// A day of each year and the time on that day's clock, in seconds from midnight, at which the clocks are turned.
    struct Turn: Sendable, Hashable {
        enum Day: Sendable, Hashable {
            /// Day 1 to 365 of a year whose 29 February is not counted.
            case withoutLeapDay(Int)
            /// Day 0 to 365 of the year.
            case counted(Int)
            /// That weekday (0 is Sunday) of the month; the fifth is the last.
            case weekday(month: Int, week: Int, day: Int)
        }

        let day: Day
        let second: Int

        /// The seconds since 1970 that the clock shows when it is turned.
        func local(year: Int) -> Int64 {
            let days: Int
            switch day {
            case .withoutLeapDay(let number):
                days =
                    Civil.days(year: year, month: 1, day: 1) + number - 1
                    + (Civil.isLeap(year) && number >= 60 ? 1 : 0)
            case .counted(let number): days = Civil.days(year: year, month: 1, day: 1) + number
            case .weekday(let month, let week, let weekday):
                let first = Civil.days(year: year, month: month, day: 1)
                let until = (weekday - Civil.weekday(days: first) + 7) % 7
                let length = Civil.daysInMonth(month, leap: Civil.isLeap(year))
                let last = (length - 1 - until) / 7
                days = first + until + min(week - 1, last) * 7
            }
            return Int64(days) * LocalTime.daySeconds + Int64(second)
        }
    }

    /// Seconds east of Greenwich outside of summer time.
    let standard: Int
    /// The same in summer time, and when it begins and ends; nil where there is none.
    let summer: Summer?

    struct Summer: Sendable, Hashable {
        let offset: Int
        let start: Turn
        let end: Turn
    }

    /// The instants at which the clocks of a year are turned, in no order.
    func transitions(year: Int) -> [ZoneData.Transition] {
        guard let summer else { return [] }
        let start = ZoneData.Transition(at: summer.start.local(year: year) - Int64(standard), offset: summer.offset)
        let end = ZoneData.Transition(at: summer.end.local(year: year) - Int64(summer.offset), offset: standard)
        return [start, end]
    }

    /// Reads the text; nil when it is none.
    init?(_ text: ArraySlice<UInt8>) {
        var scan = RuleScanner(rest: text)
        guard scan.name(), let west = scan.time(hours: 24) else { return nil }
        standard = -west
        if scan.rest.isEmpty {
            summer = nil
            return
        }
        guard scan.name() else { return nil }
        var offset = standard + 3600
        if scan.rest.first != UInt8(ascii: ",") {
            guard let west = scan.time(hours: 24) else { return nil }
            offset = -west
        }
        guard scan.skip(","), let start = scan.turn(), scan.skip(","), let end = scan.turn(), scan.rest.isEmpty else {
            return nil
        }
        summer = Summer(offset: offset, start: start, end: end)
    }
}

private struct RuleScanner {
    var rest: ArraySlice<UInt8>

    mutating func skip(_ sign: Unicode.Scalar) -> Bool {
        guard rest.first == UInt8(ascii: sign) else { return false }
        rest = rest.dropFirst()
        return true
    }

    /// An abbreviation: three or more letters, or anything in angle brackets.
    mutating func name() -> Bool {
        if skip("<") {
            guard let end = rest.firstIndex(of: UInt8(ascii: ">")) else { return false }
            rest = rest[(end + 1)...]
            return true
        }
        let letters = rest.prefix { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0 | 0x20) }
        rest = rest.dropFirst(letters.count)
        return letters.count >= 3
    }

    mutating func number(_ range: ClosedRange<Int>) -> Int? {
        let digits = rest.prefix(3).prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        guard !digits.isEmpty else { return nil }
        rest = rest.dropFirst(digits.count)
        let number = digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
        return range.contains(number) ? number : nil
    }

    /// `[+-]hh[:mm[:ss]]` in seconds.
    mutating func time(hours most: Int) -> Int? {
        let isNegative = skip("-")
        if !isNegative { _ = skip("+") }
        guard let hours = number(0...most) else { return nil }
        var seconds = hours * 3600
        for unit in [60, 1] where skip(":") {
            guard let part = number(0...59) else { return nil }
            seconds += part * unit
        }
        return isNegative ? -seconds : seconds
    }

    mutating func turn() -> ZoneRule.Turn? {
        guard let day = day() else { return nil }
        guard skip("/") else { return ZoneRule.Turn(day: day, second: 7200) }
        guard let second = time(hours: 167) else { return nil }
        return ZoneRule.Turn(day: day, second: second)
    }

    private mutating func day() -> ZoneRule.Turn.Day? {
        if skip("M") {
            guard let month = number(1...12), skip("."), let week = number(1...5), skip("."), let day = number(0...6)
            else { return nil }
            return .weekday(month: month, week: week, day: day)
        }
        if skip("J") { return number(1...365).map { .withoutLeapDay($0) } }
        return number(0...365).map { .counted($0) }
    }
}
