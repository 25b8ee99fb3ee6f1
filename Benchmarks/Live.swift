import Core
import Foundation

/// A thousand live runners on one host: how fast they come, what they take, and whether one of them starves.
struct Live {
    let options: Options
    init(_ options: Options) { self.options = options }

    func run() async throws -> [Measure] {
        let sessions = options.sessions ?? (options.isQuick ? 20 : 1_000)
        let seed = try await Seed.make(options, chats: sessions, configuration: Throughput.configuration)
        defer { seed.home.remove() }
        return try await withHost(options, seed.home) { host in
            let crowd = Crowd(home: seed.home.path, chats: seed.chats)
            let first = Times(chats: sessions)
            let start = ContinuousClock.now
            try await crowd.drive(more: { $1 < 1 }, ended: { first.add($0, $1) })
            let seconds = (ContinuousClock.now - start).inMilliseconds / 1e3
            let sandboxes = try await Idle.sandboxes(seed.home.path)
            guard sandboxes.count == sessions else {
                throw Options.Usage("\(sandboxes.count) of \(sessions) runners live")
            }
            let memory = ProcessUsage.memory(ProcessUsage.trees(sandboxes).values.flatMap(\.self))
            let hostMemory = ProcessUsage.memory(ProcessUsage.hostProcesses(host.pid))
            let resting = try await processor(host.pid)
            let times = Times(chats: sessions)
            let end = ContinuousClock.now + .seconds(options.isQuick ? 2 : 120)
            let busy = ContinuousClock.now
            try await crowd.drive(more: { _, _ in .now < end }, ended: { times.add($0, $1) })
            let rate = Double(times.all.count) / (ContinuousClock.now - busy).inMilliseconds * 1e3
            let counts = times.byChat.map(\.count).sorted()
            return [
                Measure("live.starts", Double(sessions) / seconds, "sessions/s", n: sessions),
                Measure("live.first-turn", first.all),
                Measure("live.runner-pss", memory.megabytes / Double(sessions), "MB", n: sessions, most: 5),
                Measure("live.runner-private", memory.ownMegabytes / Double(sessions), "MB", n: sessions, most: 2),
                Measure("live.host-pss", hostMemory.megabytes, "MB", n: sessions),
                Measure("live.host-cpu-idle", resting, "% of a core", n: sessions),
                Measure("live.rate", rate, "turns/s", n: times.all.count),
                Measure("live.turn", times.all),
                // The session that got the fewest turns, beside the one in the middle: 1 is fair, 0 is starved.
                Measure(
                    "live.fewest-turns",
                    Double(counts.first ?? 0) / Double(max(counts[counts.count / 2], 1)),
                    "of the median",
                    n: sessions,
                    least: 0.5
                ),
            ]
        }
    }

    /// Of a core, while nobody sends anything.
    private func processor(_ pid: Int32) async throws -> Double {
        let seconds = options.isQuick ? 1.0 : 10
        let before = try ProcessUsage.processorSeconds(pid)
        try await Task.sleep(for: .seconds(seconds))
        return try (ProcessUsage.processorSeconds(pid) - before) / seconds * 100
    }
}
