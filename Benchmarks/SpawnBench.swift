import Core
import Foundation
import Sandbox

/// Set-up of the whole sandbox, both tiers, and the exec in it: from the request to the report with the program running.
struct Spawn {
    let options: Options
    init(_ options: Options) { self.options = options }

    func run() async throws -> Measure {
        let count = options.isQuick ? 10 : 100
        let home = try BenchHome()
        defer { home.remove() }
        let spawner = SandboxSpawner(SandboxConfiguration(home: home.path, binaries: options.binaries))
        let samples = try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await spawner.run() }
            defer { group.cancelAll() }
            var samples: [Double] = []
            for index in 0..<(count + 5) {
                let time = try await Self.spawn(spawner, home.path)
                if index >= 5 { samples.append(time) }
            }
            return samples
        }
        let floor = try await options.withFolder { try options.floorSamples(["spawn", "\(count)", $0]) }
        return Measure("spawn", samples, floor: floor, p95: 15)
    }

    private static func spawn(_ spawner: SandboxSpawner, _ home: String) async throws -> Double {
        try await ScratchSession.with(home: home) { scratch in
            let start = ContinuousClock.now
            let process = try await spawner.spawn(scratch.request(.command(tier: .runner, argv: ["/bin/true"])))
            let time = ContinuousClock.now - start
            _ = await process.waitForExit()
            return time.inMilliseconds
        }
    }
}
