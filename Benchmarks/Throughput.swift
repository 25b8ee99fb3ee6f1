import Core
import Foundation

/// A hundred live sessions that each have a message in work all the time.
struct Throughput {
    static let configuration = """
        maxRunners: 1000
        idleSeconds: 3600
        control:
          maximumClients: 500

        """
    let options: Options
    init(_ options: Options) { self.options = options }

    func run() async throws -> [Measure] {
        let sessions = options.isQuick ? 10 : 100
        let seconds = options.isQuick ? 2.0 : 30
        let seed = try await Seed.make(options, chats: sessions, configuration: Self.configuration)
        defer { seed.home.remove() }
        let times = Times(chats: sessions)
        let rate = try await withHost(options, seed.home) { _ in
            let crowd = Crowd(home: seed.home.path, chats: seed.chats)
            try await crowd.drive(more: { $1 < 2 }, ended: { _, _ in })
            let start = ContinuousClock.now
            let end = start + .seconds(seconds)
            try await crowd.drive(more: { _, _ in .now < end }, ended: { times.add($0, $1) })
            return Double(times.all.count) / (ContinuousClock.now - start).inMilliseconds * 1e3
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
                least: 300
            ),
            Measure("throughput.turn", times.all, floor: floor, p95: 250),
        ]
    }
}
