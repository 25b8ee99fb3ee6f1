import Core

/// Dates as mail writes them, in UTC.
enum MailDate {
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    private static let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]

    /// The field `Date` (RFC 5322 §3.3): `Sat, 28 Nov 2026 17:45:00 +0000`.
    static func field(_ time: Timestamp) -> String {
        let seconds = time.milliseconds / 1000
        let day = seconds >= 0 ? seconds / 86_400 : (seconds - 86_399) / 86_400
        let rest = seconds - day * 86_400
        let (year, month, dayOfMonth) = date(ofDay: Int(day))
        let weekday = days[Int(((day % 7) + 7) % 7)]
        let clock = [rest / 3600, rest / 60 % 60, rest % 60].map { two(Int($0)) }.joined(separator: ":")
        return "\(weekday), \(two(dayOfMonth)) \(months[month - 1]) \(year) \(clock) +0000"
    }

    /// IMAP's date of a search (RFC 3501 `date`): `28-Nov-2026`.
    static func searchDay(_ time: Timestamp) -> String {
        let (year, month, day) = date(ofDay: Int(max(time.milliseconds, 0) / 86_400_000))
        return "\(day)-\(months[month - 1])-\(year)"
    }

    /// Reads IMAP's `INTERNALDATE` (RFC 3501 `date-time`): `28-Nov-2026 17:45:00 +0100`; nil for other text.
    static func internalDate(_ text: String) -> Timestamp? {
        let words = text.split(separator: " ")
        guard words.count == 3 else { return nil }
        let date = words[0].split(separator: "-", omittingEmptySubsequences: false)
        let clock = words[1].split(separator: ":", omittingEmptySubsequences: false)
        guard date.count == 3, clock.count == 3, let day = number(date[0]), let year = number(date[2]),
            let month = months.firstIndex(where: { $0.lowercased() == date[1].lowercased() }),
            let hour = number(clock[0]), let minute = number(clock[1]), let second = number(clock[2]),
            (1...31).contains(day), (1970...9999).contains(year), hour < 24, minute < 60, second <= 60,
            let zone = offset(words[2])
        else { return nil }
        let days = dayNumber(year, month + 1, day)
        let seconds = ((days * 24 + hour) * 60 + minute) * 60 + second - zone * 60
        return Timestamp(milliseconds: Int64(seconds) * 1000)
    }

    /// Reads the field `Date` (RFC 5322 §3.3), in UTC or with a numbered zone; nil for other text.
    static func read(_ field: String) -> Timestamp? {
        var scanner = FieldScanner(field)
        let text = scanner.token(until: ",")
        // The name of the day before the comma may be missing.
        let words = (scanner.skip(",") ? scanner.token() : text).split(separator: " ").map(String.init)
        guard words.count == 5, words[0].utf8.count <= 2 else { return nil }
        let clock = words[3].split(separator: ":").count == 2 ? words[3] + ":00" : words[3]
        let zone = ["GMT": "+0000", "UT": "+0000", "UTC": "+0000", "Z": "+0000"][words[4].uppercased()] ?? words[4]
        return internalDate("\(words[0])-\(words[1])-\(words[2]) \(clock) \(zone)")
    }

    /// Minutes east of Greenwich.
    private static func offset(_ text: Substring) -> Int? {
        guard text.utf8.count == 5, let sign = text.first, sign == "+" || sign == "-",
            let value = number(text.dropFirst()), value / 100 < 24, value % 100 < 60
        else { return nil }
        let minutes = value / 100 * 60 + value % 100
        return sign == "+" ? minutes : -minutes
    }

    private static func number(_ text: Substring) -> Int? {
        guard (1...4).contains(text.utf8.count), text.utf8.allSatisfy(Byte.isDigit) else { return nil }
        return Int(text)
    }

    private static func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }

    /// Days since 1970-01-01 of the proleptic Gregorian calendar; years begin in March so that leap days come last.
    private static func dayNumber(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let marchYear = month <= 2 ? year - 1 : year
        let marchMonth = (month + 9) % 12
        let dayOfYear = (153 * marchMonth + 2) / 5 + day - 1
        return marchYear * 365 + marchYear / 4 - marchYear / 100 + marchYear / 400 + dayOfYear - 719_468
    }

    /// The inverse of ``dayNumber(_:_:_:)`` from 1600 on.
    private static func date(ofDay number: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = number + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * marchMonth + 2) / 5 + 1)
    }
}
