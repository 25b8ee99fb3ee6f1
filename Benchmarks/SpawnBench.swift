import Core
import Foundation
import Sandbox

/// Set-up of the whole sandbox, both tiers, and the exec in it: from the request to the report with the program running.
struct Spawn {
    let options: Options
    init(_ options: Options) { self.options = options }

    func run() async throws -> Measure {
        let count = 100
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
        return Measure("spawn", samples, floor: try floorSamples(options, ["spawn", "\(count)"]))
    }

    private static func spawn(_ spawner: SandboxSpawner, _ home: String) async throws -> Double {
        try await ScratchSession.with(home: home) { scratch in
            let start = ContinuousClock.now
            let process = try await spawner.spawn(scratch.request(.command(tier: .runner, argv: ["/bin/true"])))
            let time = ContinuousClock.now - start
            _ = await process.waitForExit()
            return Double(time.components.attoseconds) / 1e15 + Double(time.components.seconds) * 1e3
        }
    }
}

/// A home of its own below /tmp that others may pass through, as the service's user must.
struct BenchHome {
    let path: String

    init() throws {
        path = "/tmp/nanoclaw-bench-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        chmod(path, 0o755)
    }

    func remove() { try? FileManager.default.removeItem(atPath: path) }
}
