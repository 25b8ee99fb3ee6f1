import Core
import Testing

@testable import Cron

/// The search against a clock that ticks through every minute.
struct DebianClockTests {
    @Test func `T16 around every change of the clocks the search finds what a ticking cron runs`() throws {
        var table = ExpressionTable(seed: 16)
        var runs = 0
        for zone in try ExpressionTable.zones.map({ try Zone($0) }) {
            var change = zone.data.segment(at: 1_767_225_600)
            for _ in 0..<4 {
                guard change.end < .max else { break }
                // Half a day before the change to half a day behind it.
                let start = Timestamp(milliseconds: (change.end / 60 * 60 - 43_200) * 1000)
                let end = start + .seconds(86_400)
                for _ in 0..<16 {
                    guard let expression = try? CronExpression(table.expression()) else { continue }
                    let schedule = Schedule.cron(expression, zone)
                    let found = schedule.times(after: start, through: end, limit: 10_000)
                    let expected = DebianClock(expression: expression, zone: zone).runs(after: start, until: end)
                    #expect(found == expected, "\(expression) \(zone) \(Zone.utcText(start))")
                    runs += found.count
                }
                change = zone.data.segment(at: change.end)
            }
        }
        #expect(runs > 2000, "the table says too little: \(runs)")
    }
}
