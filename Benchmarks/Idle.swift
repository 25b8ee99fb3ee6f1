import Commands
import Core
import Foundation

/// A host with 1,000 sessions at rest: time to be ready, memory, processor; and ten warm runners with nothing to do.
struct Idle {
    let options: Options
    init(_ options: Options) { self.options = options }

    func run() async throws -> [Measure] {
        let sessions = options.isQuick ? 50 : 1_000
        let seed = try await Seed.make(options, chats: sessions, sessions: true)
        defer { seed.home.remove() }
        return try await startup(seed) + resting(seed, sessions) + runners(seed)
    }

    private func startup(_ seed: Seed) async throws -> [Measure] {
        var samples: [Double] = []
        for _ in 0..<(options.isQuick ? 3 : 20) {
            let host = try BenchHost(options, home: seed.home.path)
            host.stop()
            samples.append(host.startup)
        }
        let floor = try floorStartup(samples.count)
        return [Measure("idle.ready", samples, floor: floor, p95: 100)]
    }

    /// A plain C program with its database open.
    private func floorStartup(_ count: Int) throws -> [Double] {
        let folder = try BenchHome()
        defer { folder.remove() }
        return try (0..<count).map { _ in
            let start = ContinuousClock.now
            let program = try WaitingProgram(options.floor + "/floor", ["host", folder.path + "/floor.db"])
            defer { program.end() }
            return (ContinuousClock.now - start).inMilliseconds
        }
    }

    private func resting(_ seed: Seed, _ sessions: Int) async throws -> [Measure] {
        let folder = try BenchHome()
        defer { folder.remove() }
        let floor = try WaitingProgram(options.floor + "/floor", ["host", folder.path + "/floor.db"])
        defer { floor.end() }
        let floorMemory = ProcessUsage.memory([floor.pid])
        return try await withHost(options, seed.home) { host in
            // What the start took is not idleness.
            try await Task.sleep(for: .seconds(options.isQuick ? 1 : 5))
            let seconds = options.isQuick ? 2.0 : 60
            let pids = ProcessUsage.hostProcesses(host.pid)
            let before = try pids.map(ProcessUsage.processorSeconds).reduce(0, +)
            try await Task.sleep(for: .seconds(seconds))
            let used = try pids.map(ProcessUsage.processorSeconds).reduce(0, +) - before
            let memory = ProcessUsage.memory([host.pid])
            let spawner = ProcessUsage.memory(pids.filter { $0 != host.pid })
            return [
                Measure("idle.host-pss", memory.megabytes, "MB", n: sessions, floor: floorMemory.megabytes, most: 45),
                Measure("idle.spawner-pss", spawner.megabytes, "MB", n: pids.count - 1),
                Measure("idle.host-cpu", used / seconds * 100, "% of a core", n: sessions, floor: 0, most: 0.1),
            ]
        }
    }

    private func runners(_ seed: Seed) async throws -> [Measure] {
        try await withHost(options, seed.home) { host in
            let chats = Array(seed.chats.prefix(10))
            try await Crowd(home: seed.home.path, chats: chats).drive(more: { $1 < 3 }, ended: { _, _ in })
            try await Task.sleep(for: .seconds(options.isQuick ? 1 : 5))
            let sandboxes = try await Self.sandboxes(seed.home.path)
            let trees = ProcessUsage.trees(sandboxes)
            let memory = trees.mapValues { ProcessUsage.memory($0) }
            let count = Double(max(memory.count, 1))
            let pids = [host.pid] + trees.values.flatMap(\.self)
            let seconds = options.isQuick ? 1.0 : 20
            let before = try pids.map(ProcessUsage.processorSeconds).reduce(0, +)
            try await Task.sleep(for: .seconds(seconds))
            let used = try pids.map(ProcessUsage.processorSeconds).reduce(0, +) - before
            return [
                Measure(
                    "idle.runner-pss",
                    memory.values.map(\.megabytes).reduce(0, +) / count,
                    "MB",
                    n: memory.count,
                    most: 5
                ),
                Measure(
                    "idle.runner-private",
                    memory.values.map(\.ownMegabytes).reduce(0, +) / count,
                    "MB",
                    n: memory.count,
                    most: 2
                ),
                Measure("idle.ten-runners-cpu", used / seconds * 100, "% of a core", n: memory.count),
            ]
        }
    }

    /// The first process of each sandbox that lives.
    static func sandboxes(_ home: String) async throws -> [Int32] {
        try await HostClient.with(home: home) { client in
            let rows =
                try await client.call("sessions list", ["where": ["runner": "running"], "limit": 2000]).array ?? []
            return rows.compactMap { $0[key: "pid"]?.integer.map(Int32.init) }
        }
    }
}
