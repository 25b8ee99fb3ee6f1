import FoundationEssentials

/// A point of wall time: integer milliseconds since 1970-01-01T00:00:00Z, the one format every table uses.
package struct Timestamp: Codable, Hashable, Sendable, Comparable, CustomStringConvertible {
    package var milliseconds: Int64

    /// The point this many milliseconds after the epoch.
    package init(milliseconds: Int64) { self.milliseconds = milliseconds }

    package static func < (left: Self, right: Self) -> Bool { left.milliseconds < right.milliseconds }

    /// The point `duration` later, to the millisecond.
    package static func + (time: Self, duration: Duration) -> Self {
        Self(milliseconds: time.milliseconds + duration.milliseconds)
    }

    package static func - (time: Self, duration: Duration) -> Self {
        Self(milliseconds: time.milliseconds - duration.milliseconds)
    }

    /// ISO 8601 in UTC with milliseconds: `2026-03-29T01:00:00.000Z`.
    package var description: String {
        Date(timeIntervalSince1970: Double(milliseconds) / 1000)
            .formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    }

    package init(from decoder: any Decoder) throws {
        milliseconds = try decoder.singleValueContainer().decode(Int64.self)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(milliseconds)
    }
}

extension Duration {
    /// Whole milliseconds, rounded towards zero.
    package var milliseconds: Int64 {
        components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
    }
}

extension Timestamp {
    /// Reads what ``description`` writes; nil for other text.
    package init?(iso8601 text: String) {
        guard let date = try? Date(text, strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true)) else {
            return nil
        }
        self.init(milliseconds: Int64((date.timeIntervalSince1970 * 1000).rounded()))
    }
}
