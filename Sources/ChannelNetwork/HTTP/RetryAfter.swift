package import Core

/// The field `Retry-After` (RFC 9110 §10.2.3): seconds, or a date in one of HTTP's three forms (§5.6.7).
///
/// A fraction of a second is read too: some platforms send it.
package enum RetryAfter: Sendable, Hashable {
    case delay(Duration)
    case date(Timestamp)

    /// The longest delay, a year; what is longer is cut to it.
    package static let longest = Duration.seconds(366 * 86400)

    /// Reads the field's value; nil for other text.
    package init?(_ field: String) {
        let text = field.trimmed
        if let delay = Self.seconds(text) {
            self = .delay(delay)
        } else if let date = HTTPDate.read(text) {
            self = .date(date)
        } else {
            return nil
        }
    }

    /// How long to wait from now, never negative.
    package func wait(now: Timestamp) -> Duration {
        switch self {
        case .delay(let delay): delay
        case .date(let date): min(max(.milliseconds(date.milliseconds - now.milliseconds), .zero), Self.longest)
        }
    }

    private static func seconds(_ text: String) -> Duration? {
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = parts.first, parts.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy(isDigit) }) else {
            return nil
        }
        guard let seconds = Int64(whole), seconds < longest.components.seconds else { return longest }
        // Rounded up: too early is a second refusal.
        let places = parts.count == 2 ? Array(parts[1].utf8) : []
        var milliseconds: Int64 = 0
        for place in 0..<3 { milliseconds = milliseconds * 10 + Int64(place < places.count ? places[place] - 0x30 : 0) }
        if places.dropFirst(3).contains(where: { $0 != 0x30 }) { milliseconds += 1 }
        return .seconds(seconds) + .milliseconds(milliseconds)
    }
}

private func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

extension String {
    /// Without spaces and tabs at its ends.
    var trimmed: String {
        let isSpace: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        let start = drop(while: isSpace)
        return String(start.reversed().drop(while: isSpace).reversed())
    }
}
