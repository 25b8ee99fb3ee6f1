/// Which days of a month are meant by the two day fields of an expression.
struct DayRule: Hashable, Sendable {
    /// Days of the month, bits 1 to 31.
    var days: UInt32 = 0
    /// `L` and `L-n`: that many days before the last, bits 0 to 30.
    var beforeLast: UInt32 = 0
    /// `15W`: the day from Monday to Friday of that month that is nearest, bits 1 to 31; a day behind the last counts as it.
    var nearest: UInt32 = 0
    /// `LW`: the last day from Monday to Friday.
    var lastWorkday = false
    /// Days of the week, bits 0 (Sunday) to 6.
    var weekdays: UInt8 = 0
    /// `5#3`: of each week of the month (1 to 5), the days of the week in it.
    var numbered: [UInt8] = [0, 0, 0, 0, 0]
    /// `5L`: the last such day of the month.
    var last: UInt8 = 0
    /// A day field begins with `*`: both must hold, else one is enough.
    var isBoth = true

    /// The days meant in a month of that length whose first day is that day of the week (0 is Sunday): bits 1 to 31.
    func mask(length: Int, firstWeekday: Int) -> UInt32 {
        let ofMonth = monthDays(length, firstWeekday)
        let ofWeek = weekDays(length, firstWeekday)
        let all = UInt32((UInt64(1) << UInt64(length + 1)) - 2)
        return (isBoth ? ofMonth & ofWeek : ofMonth | ofWeek) & all
    }

    private func monthDays(_ length: Int, _ firstWeekday: Int) -> UInt32 {
        var mask = days
        if beforeLast != 0 {
            for back in 0..<length where beforeLast & 1 << UInt32(back) != 0 { mask |= 1 << UInt32(length - back) }
        }
        if nearest != 0 {
            for day in 1...31 where nearest & 1 << UInt32(day) != 0 {
                mask |= 1 << UInt32(Self.workday(nearestTo: min(day, length), length, firstWeekday))
            }
        }
        if lastWorkday {
            let weekday = (firstWeekday + length - 1) % 7
            mask |= 1 << UInt32(length - (weekday == 0 ? 2 : weekday == 6 ? 1 : 0))
        }
        return mask
    }

    /// Saturday is Friday and Sunday is Monday, but never in another month.
    private static func workday(nearestTo day: Int, _ length: Int, _ firstWeekday: Int) -> Int {
        switch (firstWeekday + day - 1) % 7 {
        case 6: day > 1 ? day - 1 : day + 2
        case 0: day < length ? day + 1 : day - 2
        default: day
        }
    }

    private func weekDays(_ length: Int, _ firstWeekday: Int) -> UInt32 {
        if weekdays == 0x7F { return .max }
        var mask: UInt32 = 0
        for day in 1...length {
            let weekday = UInt8(1) << UInt8((firstWeekday + day - 1) % 7)
            let isLast = day + 7 > length
            if (weekdays | numbered[(day - 1) / 7] | (isLast ? last : 0)) & weekday != 0 { mask |= 1 << UInt32(day) }
        }
        return mask
    }
}
