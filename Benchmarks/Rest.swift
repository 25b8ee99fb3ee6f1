import CentralStore
import Core
import Foundation

/// A host with 100,000 sessions at rest: time to be ready, memory, and what the sweeps take.
///
/// All of them have their rows, and 2,000 their folders with both databases, which would be 13 GB for all: nothing of a
/// session that is not marked is opened.
struct Rest {
    let options: Options
    init(_ options: Options) { self.options = options }

    func run() async throws -> [Measure] {
        let sessions = options.sessions ?? (options.isQuick ? 200 : 100_000)
        let seed = try await Seed.make(
            options,
            chats: sessions,
            chatsPerGroup: 100,
            sessions: true,
            files: 2_000
        )
        defer { seed.home.remove() }
        var samples: [Double] = []
        for _ in 0..<5 {
            let host = try BenchHost(options, home: seed.home.path)
            host.stop()
            samples.append(host.startup)
        }
        let floor = try (0..<5).map { _ in
            let start = ContinuousClock.now
            let program = try WaitingProgram(
                options.floor + "/floor",
                ["host", CentralStore.path(home: seed.home.path)]
            )
            defer { program.end() }
            return (ContinuousClock.now - start).inMilliseconds
        }
        return try await withHost(options, seed.home) { host in
            try await Task.sleep(for: .seconds(options.isQuick ? 1 : 5))
            // Two sweeps of the default period fall into it.
            let seconds = options.isQuick ? 2.0 : 120
            let before = try ProcessUsage.processorSeconds(host.pid)
            try await Task.sleep(for: .seconds(seconds))
            let used = try ProcessUsage.processorSeconds(host.pid) - before
            return [
                Measure("rest.ready", samples, floor: floor, p95: 2_000),
                Measure("rest.host-cpu", used / seconds * 60, "s/min", n: sessions, floor: 0, most: 1),
                Measure("rest.sessions-with-files", Double(seed.sessionsWithFiles), "sessions", n: sessions),
                Measure("rest.host-pss", ProcessUsage.memory([host.pid]).megabytes, "MB", n: sessions),
            ]
        }
    }
}
