import ArgumentParser
import ControlProtocol
import Core
import Cron
import Foundation
import HostConfiguration

/// `nanoclaw tasks next`: when a cron expression comes round; asks no host and reads no database.
struct TasksNextCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "next",
        abstract: "Show the next times of a cron expression; needs no host.",
        discussion: """
            For example: nanoclaw tasks next "0 9 * * mon-fri" --zone Europe/Berlin --count 3
            Five fields (minute, hour, day of month, month, day of week), six with the seconds first, or @daily and its \
            like; docs/tasks.md has them all.
            """
    )

    /// The most times that one call shows.
    static let largestCount = 1000
    private static let example = #"nanoclaw tasks next "0 9 * * mon-fri" --zone Europe/Berlin --from 2026-03-28T12:00"#

    @OptionGroup var home: HomeOptions
    @OptionGroup var output: OutputOptions
    @Argument(help: "The cron expression, in quotes.") var expression: String
    @Option(help: "An IANA time zone (default: that of config.yaml, else the system's).") var zone: String?
    @Option(help: "Times after this one: 2026-03-28T12:00 in the zone, or with Z or an offset (default: now).")
    var from: String?
    @Option(help: "How many times, 1 to \(TasksNextCommand.largestCount).") var count = 5

    func run() throws {
        guard (1...Self.largestCount).contains(count) else {
            throw CommandFailure(.usage, "--count \(count) is not between 1 and \(Self.largestCount)")
        }
        let place = try zone.map { ($0, "--zone") } ?? usualZone()
        do throws(CronError) {
            let next = try UpcomingTimes(expression, zone: place.0, from: from, now: SystemTime().now, count: count)
            Console.out(output.json ? next.json : next.table(zoneFrom: place.1))
        } catch {
            throw CommandFailure(.usage, "\(error); for example: \(Self.example)")
        }
    }

    /// The zone of the home's configuration, or of the system where there is no home; and where it is from.
    private func usualZone() throws -> (zone: String, origin: String) {
        let environment = ProcessInfo.processInfo.environment
        let configuration: HostConfiguration
        if let home = try? home.resolved() {
            configuration = try HostConfiguration.load(home: home)
        } else {
            configuration = try HostConfiguration(text: "", path: "config.yaml", environment: environment)
        }
        let origin = configuration.values.first { $0.key == "timeZone" }?.origin
        return (configuration.timeZone, origin ?? "system")
    }
}

/// The next times of an expression, and how they are shown.
struct UpcomingTimes {
    let expression: CronExpression
    let zone: Zone
    let from: ResolvedTime
    let times: [Timestamp]

    /// Reads what was typed; `now` stands for a `from` that is left away.
    init(_ expression: String, zone: String, from: String?, now: Timestamp, count: Int) throws(CronError) {
        self.expression = try CronExpression(expression)
        self.zone = try Zone(zone)
        if let from {
            self.from = try WrittenTime(from).resolved(in: self.zone)
        } else {
            self.from = ResolvedTime(time: now, kind: .exact)
        }
        let end = Timestamp(milliseconds: .max)
        times = Schedule.cron(self.expression, self.zone).times(after: self.from.time, through: end, limit: count)
    }

    /// `[{"utc":"…","local":"…"},…]`, in this order of the fields.
    var json: String {
        let rows = times.map { #"{"utc":"\#(Zone.utcText($0))","local":"\#(zone.text($0))"}"# }
        return "[\(rows.joined(separator: ","))]"
    }

    /// A line that says what is shown, and a line for each time.
    func table(zoneFrom origin: String) -> String {
        let from: String =
            switch self.from.kind {
            case .exact: ""
            case .skipped: " (the time asked for is skipped by the clocks there)"
            case .repeated: " (the first of two such times)"
            }
        let rows = times.map { time -> JSONValue in
            .object(["local": .string(zone.text(time)), "utc": .string(Zone.utcText(time))])
        }
        return """
            \(expression.text) in \(zone) (\(SafeText.oneLine(origin))), after \(zone.text(self.from.time))\(from)
            \(Table("local", "utc").text(rows))
            """
    }
}
