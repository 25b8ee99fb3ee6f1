import Core

/// An interval as people write it: `90s`, `15m`, `1h30m`, `2d`, `1w`.
///
/// A day is 24 hours: what is to keep its time of day over a change of clocks is a cron schedule.
package struct Interval: Sendable, Equatable {
    package let seconds: Int64

    /// Reads it; throws ``SchedulingError`` that says what to write.
    package init(_ text: String) throws(SchedulingError) {
        let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800]
        var total: Int64 = 0
        var digits = ""
        var parts = 0
        for character in text.lowercased() {
            if character.isASCII, character.isNumber, digits.utf8.count < 9 {
                digits.append(character)
            } else if let unit = units[character], let number = Int64(digits) {
                let (product, overflow) = number.multipliedReportingOverflow(by: unit)
                guard !overflow else { throw Self.unreadable(text) }
                total = total.addingReportingOverflow(product).partialValue
                digits = ""
                parts += 1
            } else {
                throw Self.unreadable(text)
            }
        }
        guard digits.isEmpty, parts > 0, parts <= 5 else { throw Self.unreadable(text) }
        guard Duration.seconds(total) >= TaskLimits.shortestInterval else {
            throw SchedulingError(
                .limit,
                "every \(text): the shortest interval is \(TaskLimits.shortestInterval.components.seconds) s"
            )
        }
        guard Duration.seconds(total) <= TaskLimits.longestInterval else {
            throw SchedulingError(.limit, "every \(text): the longest interval is 366 days; use a cron schedule")
        }
        seconds = total
    }

    private static func unreadable(_ text: String) -> SchedulingError {
        SchedulingError(.invalid, "\"\(text.prefix(40))\" is no interval: write 15m, 2h, 1h30m, 1d or 1w")
    }
}
