import Core
import Testing

@testable import Cron

/// An instant from its text, with `Z` or an offset.
func instant(_ text: String) throws -> Timestamp { try WrittenTime(text).resolved(in: .utc).time }

/// The next times of an expression as the zone's clocks show them; `from` is naive or an instant.
func next(_ expression: String, _ zone: String, from: String, count: Int = 1) throws -> [String] {
    let zone = try Zone(zone)
    let start = try WrittenTime(from).resolved(in: zone).time
    let schedule = Schedule.cron(try CronExpression(expression), zone)
    return schedule.times(after: start, through: Timestamp(milliseconds: .max), limit: count).map(zone.text)
}

/// The dates of the next times in UTC.
func dates(_ expression: String, from: String, count: Int) throws -> [String] {
    try next(expression, "UTC", from: from, count: count).map { String($0.prefix(10)) }
}

/// Numbers that are the same in every run (SplitMix64).
struct Numbers: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements[Int.random(in: 0..<elements.count, using: &self)]
    }

    mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &self) < percent }
}
