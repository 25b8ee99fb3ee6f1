import Core
import TestSupport
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

extension Seeded {
    mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements[Int.random(in: 0..<elements.count, using: &self)]
    }

    mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &self) < percent }
}
