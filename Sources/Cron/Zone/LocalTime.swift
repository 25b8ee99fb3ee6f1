/// What a clock on a wall shows, without saying where: a date and a time of day of the Gregorian calendar, to the second.
///
/// Kept as the seconds from 1970-01-01T00:00:00 on that same wall, so that arithmetic knows nothing of zones.
package struct LocalTime: Hashable, Sendable, Comparable {
    /// Seconds since 1970-01-01T00:00:00 on this wall.
    package let seconds: Int64

    static let daySeconds: Int64 = 86_400
    /// 0001-01-01T00:00:00; nothing before it is looked at.
    static let start = LocalTime(year: 1, month: 1, day: 1)
    /// The first second behind the last year that is looked at.
    static let end = LocalTime(year: Schedule.lastYear + 1, month: 1, day: 1)

    init(seconds: Int64) { self.seconds = seconds }

    /// The parts must be those of a day that exists.
    init(year: Int, month: Int, day: Int, hour: Int = 0, minute: Int = 0, second: Int = 0) {
        let days = Int64(Civil.days(year: year, month: month, day: day))
        seconds = days * Self.daySeconds + Int64(hour * 3600 + minute * 60 + second)
    }

    package static func < (left: Self, right: Self) -> Bool { left.seconds < right.seconds }

    /// Whole days since 1970-01-01.
    var days: Int { Int(Civil.floor(seconds, Self.daySeconds)) }

    /// Seconds since midnight.
    var secondOfDay: Int { Int(seconds - Int64(days) * Self.daySeconds) }

    /// `2026-03-29T02:30:00`.
    package var text: String {
        let date = Civil.date(days: days)
        let second = secondOfDay
        let day = "\(Civil.padded(date.year, 4))-\(Civil.padded(date.month))-\(Civil.padded(date.day))"
        let time = [second / 3600, second / 60 % 60, second % 60].map { Civil.padded($0) }.joined(separator: ":")
        return "\(day)T\(time)"
    }
}

/// The proleptic Gregorian calendar in whole numbers.
enum Civil {
    static func isLeap(_ year: Int) -> Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }

    static func daysInMonth(_ month: Int, leap: Bool) -> Int {
        switch month {
        case 2: leap ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// Days since 1970-01-01.
    static func days(year: Int, month: Int, day: Int) -> Int {
        // Years begin in March here, so that a leap day is the last of its year.
        let year = month > 2 ? year : year - 1
        let era = floor(year, 400)
        let inEra = year - era * 400
        let inYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + inEra * 365 + inEra / 4 - inEra / 100 + inYear - 719_468
    }

    /// The date of a day that is counted from 1970-01-01.
    static func date(days: Int) -> (year: Int, month: Int, day: Int) {
        let days = days + 719_468
        let era = floor(days, 146_097)
        let inEra = days - era * 146_097
        let yearOfEra = (inEra - inEra / 1460 + inEra / 36_524 - inEra / 146_096) / 365
        let inYear = inEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * inYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        let year = era * 400 + yearOfEra + (month <= 2 ? 1 : 0)
        return (year, month, inYear - (153 * shifted + 2) / 5 + 1)
    }

    /// The day of the week, 0 for Sunday.
    static func weekday(days: Int) -> Int { days + 4 - floor(days + 4, 7) * 7 }

    /// A quotient rounded down.
    static func floor<Number: BinaryInteger>(_ number: Number, _ divisor: Number) -> Number {
        let (quotient, rest) = number.quotientAndRemainder(dividingBy: divisor)
        return rest < 0 ? quotient - 1 : quotient
    }

    static func padded(_ number: Int, _ width: Int = 2) -> String {
        let digits = String(abs(number))
        return (number < 0 ? "-" : "") + String(repeating: "0", count: max(width - digits.count, 0)) + digits
    }
}
