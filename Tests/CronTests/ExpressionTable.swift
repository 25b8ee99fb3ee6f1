import TestSupport

@testable import Cron

/// Expressions, zones and moments drawn at random, the same in every run.
struct ExpressionTable {
    /// One question: what comes after this moment.
    struct Question: Sendable {
        let expression: String
        let zone: String
        /// Seconds since 1970.
        let start: Int64
    }

    static let zones = [
        "Africa/Cairo", "Africa/Casablanca", "America/Havana", "America/New_York", "America/Santiago",
        "America/Scoresbysund", "America/St_Johns", "Antarctica/Troll", "Asia/Beirut", "Asia/Gaza", "Asia/Kathmandu",
        "Atlantic/Azores", "Australia/Lord_Howe", "Europe/Berlin", "Europe/Dublin", "Pacific/Chatham", "UTC",
    ]
    private static let months = ["jan", "FEB", "mar", "Apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
    private static let weekdays = ["sun", "MON", "tue", "Wed", "thu", "fri", "sat"]

    var numbers: Seeded

    init(seed: UInt64) { numbers = Seeded(state: seed) }

    /// An expression in five fields that every judge reads, its hours often those in which clocks are turned.
    mutating func expression() -> String {
        let hour = numbers.chance(40) ? numbers.pick(["0", "1", "2", "3", "23"]) : field(0...23, star: 30)
        let day = numbers.chance(10) ? numbers.pick(["L", "LW", "1,L", "15,LW"]) : field(1...31, star: 60)
        let weekday =
            numbers.chance(10)
            ? numbers.pick(["5L", "0L", "7L", "1#1", "5#3", "7#2", "fri#5", "mon#2"])
            : field(0...7, star: 60, names: Self.weekdays)
        return "\(field(0...59, star: 10)) \(hour) \(day) \(field(1...12, star: 70, names: Self.months)) \(weekday)"
    }

    /// A moment from 2025 to 2028, half of them within a day of a change of the zone's clocks.
    mutating func moment(in zone: Zone) -> Int64 {
        let any = Int64.random(in: 1_735_689_600...1_861_920_000, using: &numbers)
        guard numbers.chance(50) else { return any }
        let change = zone.data.segment(at: any).end
        return change == .max ? any : change + Int64.random(in: -90_000...90_000, using: &numbers)
    }

    /// One field: a star, a value, a range or a list, with steps or without.
    private mutating func field(_ range: ClosedRange<Int>, star: Int, names: [String] = []) -> String {
        if numbers.chance(star) { return "*" }
        let step = Int.random(in: 1...range.upperBound - range.lowerBound, using: &numbers)
        switch Int.random(in: 0..<100, using: &numbers) {
        case 0..<45: return value(range, names)
        case 45..<65:
            let low = Int.random(in: range.lowerBound..<range.upperBound, using: &numbers)
            let high = Int.random(in: low + 1...range.upperBound, using: &numbers)
            return numbers.chance(60) ? "\(low)-\(high)" : "\(low)-\(high)/\(step)"
        case 65..<85: return "*/\(step)"
        case 85..<90: return "\(Int.random(in: range, using: &numbers))/\(step)"
        default:
            return (0...Int.random(in: 1...3, using: &numbers)).map { _ in value(range, names) }.joined(separator: ",")
        }
    }

    private mutating func value(_ range: ClosedRange<Int>, _ names: [String]) -> String {
        if !names.isEmpty, numbers.chance(30) { return numbers.pick(names) }
        return String(Int.random(in: range, using: &numbers))
    }
}
