import Core
import Foundation

/// A hundred live sessions: as many turns as they can do when each has a message in work all the time, and how long a turn
/// takes at the rate that is to be held.
///
/// With all of them busy a turn takes their number divided by the rate on average (Little's law): 250 ms take over 400 turns/s,
/// whoever is measured. What a turn takes at the 300 that are to be held is the other row.
struct Throughput {
    private static let goal = 300

    static let configuration = """
        maxRunners: 1000
        idleSeconds: 3600
        control:
          maximumClients: 600

        """
    let options: Options
    init(_ options: Options) { self.options = options }

    func run() async throws -> [Measure] {
        let sessions = options.isQuick ? 10 : 100
        let seconds = options.isQuick ? 2.0 : 30
        let seed = try await Seed.make(options, chats: sessions, configuration: Self.configuration)
        defer { seed.home.remove() }
        let (times, paced) = (Times(chats: sessions), Times(chats: sessions))
        // Each chat in its turn.
        let pace = Duration.seconds(1) / (Self.goal * sessions / 100)
        let turns = Int(seconds) * Self.goal / 100
        let rate = try await withHost(options, seed.home) { _ in
            let crowd = Crowd(home: seed.home.path, chats: seed.chats)
            try await crowd.drive(more: { $1 < 2 }, ended: { _, _ in })
            let start = ContinuousClock.now
            let end = start + .seconds(seconds)
            try await crowd.drive(more: { _, _ in .now < end }, ended: { times.add($0, $1) })
            let rate = Double(times.all.count) / (ContinuousClock.now - start).inMilliseconds * 1e3
            let first = ContinuousClock.now + .seconds(1)
            let queue = Crowd(home: seed.home.path, chats: seed.chats) { chat, turns in
                first + pace * (chat + turns * sessions)
            }
            try await queue.drive(more: { $1 < turns }, ended: { paced.add($0, $1) })
            return rate
        }
        let floor = try await options.withFolder { folder in
            try options.floorSamples(["crowd", "\(sessions)", "\(min(seconds, 10))", folder, options.schemas])
        }
        return [
            Measure(
                "throughput.rate",
                rate,
                "turns/s",
                n: times.all.count,
                floor: Double(floor.count) / min(seconds, 10),
                least: Double(Self.goal)
            ),
            Measure("throughput.turn", times.all, floor: floor, p95: 250),
            Measure("throughput.turn-at-\(Self.goal)", paced.all, p95: 250),
        ]
    }
}
