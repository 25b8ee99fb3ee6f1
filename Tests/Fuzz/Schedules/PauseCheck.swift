import Core
import Cron

@testable import ChannelNetwork

/// `Retry-After` as channels and as the runner read it, and the dates of HTTP.
///
/// A pause has its bound; both readers take the same from what both can read; a date in any of the three forms is its time.
enum PauseCheck {
    private static let day = Duration.seconds(86_400)

    static func run(_ text: String, _ now: Timestamp) {
        dates(now)
        guard let field = RetryAfter(text) else { return }
        let wait = field.wait(now: now)
        require((.zero...RetryAfter.longest).contains(wait), "a pause has its bound: \(text) \(wait)")
        let other = runnerPause(text, now)
        if let other { require((.zero...day).contains(other), "a pause has its bound: \(text) \(other)") }
        let isPlain = text.utf8.count < 200 && text.utf8.allSatisfy { $0 > 0x20 || $0 == UInt8(ascii: " ") }
        switch field {
        case .delay: if text.utf8.contains(UInt8(ascii: " ")) { return }
        // The runner reads no obsolete form.
        case .date: if text.split(separator: " ").count != 6 { return }
        }
        guard isPlain else { return }
        // One rounds up, the other down, and what it rounds was no exact number.
        guard let other, abs(min(wait, day) - other) <= .milliseconds(2) else {
            violated("both readers take the same pause: \(text) \(wait) \(other.map { "\($0)" } ?? "none")")
        }
    }

    /// The three forms of a time, as a server may write them.
    private static func dates(_ moment: Timestamp) {
        let shown = Array(Zone.utcText(moment))
        func digits(_ range: Range<Int>) -> String { String(shown[range]) }
        let (year, day, clock) = (digits(0..<4), digits(8..<10), digits(11..<19))
        let names = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        guard let number = Int(digits(5..<7)), names.indices.contains(number - 1), let plain = Int(day) else {
            violated("a time is shown by its date: \(Zone.utcText(moment))")
        }
        let month = names[number - 1]
        let second = Timestamp(milliseconds: moment.milliseconds / 1000 * 1000)
        for text in [
            "Sun, \(day) \(month) \(year) \(clock) GMT", "Sunday, \(day)-\(month)-\(year.suffix(2)) \(clock) GMT",
            "Sun \(month) \(plain < 10 ? " " : "")\(plain) \(clock) \(year)",
        ] {
            require(HTTPDate.read(text) == second, "a date is its time: \(text) \(second)")
            require(HTTPDate.read(text + " x") == nil, "and nothing stands behind it: \(text)")
        }
    }
}

private func abs(_ duration: Duration) -> Duration { duration < .zero ? .zero - duration : duration }
