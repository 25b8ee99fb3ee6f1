import Core

/// Reads how long a server asks to wait.
enum RetryAfter {
    /// The headers `retry-after-ms` (milliseconds) and `Retry-After` (seconds or an HTTP date), at most a day; nil when
    /// neither can be read.
    ///
    /// A time gone by is zero.
    static func duration(milliseconds: String?, retryAfter: String?, now: Timestamp) -> Duration? {
        if let text = milliseconds, let value = Double(text), value.isFinite {
            return bounded(value / 1000)
        }
        guard let text = retryAfter else { return nil }
        if let value = Double(text), value.isFinite { return bounded(value) }
        guard let date = date(text) else { return nil }
        return bounded(Double(date - now.milliseconds) / 1000)
    }

    private static func bounded(_ seconds: Double) -> Duration {
        .milliseconds(Int64(min(max(seconds, 0), 86400) * 1000))
    }

    private static let months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]

    /// Milliseconds since the epoch of `Sun, 06 Nov 1994 08:49:37 GMT`.
    private static func date(_ text: String) -> Int64? {
        let words = text.split(separator: " ")
        guard words.count == 6, words[5] == "GMT",
            let day = Int64(words[1]), (1...31).contains(day),
            let month = months.firstIndex(of: words[2].lowercased()),
            let year = Int64(words[3]), (1970...9999).contains(year)
        else { return nil }
        let clock = words[4].split(separator: ":").compactMap { Int64($0) }
        guard clock.count == 3, (0...23).contains(clock[0]), (0...59).contains(clock[1]), (0...60).contains(clock[2])
        else { return nil }
        // Days since the epoch in the proleptic Gregorian calendar, counted in years that begin in March.
        let shifted = month < 2 ? year - 1 : year
        let fromMarch = Int64((month + 10) % 12)
        let dayOfYear = (153 * fromMarch + 2) / 5 + day - 1
        let days = shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 + dayOfYear - 719_468
        return (days * 86400 + clock[0] * 3600 + clock[1] * 60 + clock[2]) * 1000
    }
}
