import Core

/// Dates as HTTP writes them (RFC 9110 §5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT` and the two obsolete forms.
enum HTTPDate {
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    private static let days = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]

    /// Reads one; nil for other text.
    ///
    /// The name of the day is checked to be one, not to be right.
    static func read(_ text: String) -> Timestamp? {
        let words = text.split(separator: " ", omittingEmptySubsequences: true)
        if words.count == 6, words[0].hasSuffix(","), words[5] == "GMT", isDay(words[0].dropLast(), short: true) {
            return time(day: words[1], month: words[2], year: words[3], clock: words[4], dayDigits: 2...2)
        }
        if words.count == 4, words[0].hasSuffix(","), words[3] == "GMT", isDay(words[0].dropLast(), short: false) {
            let date = words[1].split(separator: "-", omittingEmptySubsequences: false)
            guard date.count == 3, date[2].count == 2, let short = number(date[2], 2...2) else { return nil }
            // Two digits mean the year at most 50 years ahead; nobody sends them for a time before 1970.
            let year = short < 70 ? 2000 + short : 1900 + short
            return time(day: date[0], month: date[1], year: "\(year)", clock: words[2], dayDigits: 2...2)
        }
        if words.count == 5, isDay(words[0], short: true) {
            return time(day: words[2], month: words[1], year: words[4], clock: words[3], dayDigits: 1...2)
        }
        return nil
    }

    private static func isDay(_ word: Substring, short: Bool) -> Bool {
        days.contains { short ? $0.prefix(3) == word : $0 == word }
    }

    private static func time(
        day: Substring,
        month: Substring,
        year: Substring,
        clock: Substring,
        dayDigits: ClosedRange<Int>
    ) -> Timestamp? {
        let parts = clock.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 3, let hour = number(parts[0], 2...2), let minute = number(parts[1], 2...2),
            let second = number(parts[2], 2...2), hour < 24, minute < 60, second <= 60,
            let day = number(day, dayDigits), let year = number(year, 4...4), year >= 1970,
            let month = months.firstIndex(of: String(month)), day >= 1, day <= length(of: month, year)
        else { return nil }
        let seconds = (dayNumber(year, month + 1, day) * 24 + hour) * 3600 + minute * 60 + second
        return Timestamp(milliseconds: Int64(seconds) * 1000)
    }

    private static func number(_ text: Substring, _ digits: ClosedRange<Int>) -> Int? {
        guard digits.contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return Int(text)
    }

    private static func length(of month: Int, _ year: Int) -> Int {
        let isLeap = year.isMultiple(of: 4) && (!year.isMultiple(of: 100) || year.isMultiple(of: 400))
        return month == 1 && isLeap ? 29 : [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month]
    }

    /// Days since 1970-01-01 of the proleptic Gregorian calendar; years begin in March so that leap days come last.
    private static func dayNumber(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let marchYear = month <= 2 ? year - 1 : year
        let marchMonth = (month + 9) % 12
        let dayOfYear = (153 * marchMonth + 2) / 5 + day - 1
        return marchYear * 365 + marchYear / 4 - marchYear / 100 + marchYear / 400 + dayOfYear - 719_468
    }
}
