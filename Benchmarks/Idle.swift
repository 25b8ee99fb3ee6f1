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
        let few = try await Seed.make(options, chats: 10)
        defer { few.home.remove() }
        return try await startup(seed) + measure(seed, few, sessions)
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

    /// The ten runners' memory is measured before the host at rest starts, and the host's after theirs has ended: pages
    /// of the same program would be shared.
    private func measure(_ seed: Seed, _ few: Seed, _ sessions: Int) async throws -> [Measure] {
        let settling = Duration.seconds(options.isQuick ? 1 : 3)
        let (short, long) = options.isQuick ? (1.0, 1.0) : (20, 40)
        let busy = try BenchHost(options, home: few.home.path)
        defer { busy.stop() }
        try await Crowd(home: few.home.path, chats: few.chats).drive(more: { $1 < 3 }, ended: { _, _ in })
        try await Task.sleep(for: settling)
        let trees = ProcessUsage.trees(try await Self.sandboxes(few.home.path))
        let memory = trees.mapValues { ProcessUsage.memory($0) }
        return try await withHost(options, seed.home) { host in
            // What the start took is not idleness.
            try await Task.sleep(for: settling)
            let pids = ProcessUsage.hostProcesses(host.pid)
            let start = try ProcessUsage.processorSeconds(pids)
            let runners = [busy.pid] + trees.values.flatMap(\.self)
            let runnersStart = try ProcessUsage.processorSeconds(runners)
            try await Task.sleep(for: .seconds(short))
            let usedByRunners = try ProcessUsage.processorSeconds(runners) - runnersStart
            busy.stop()
            // One sweep of the default period falls into the minute.
            try await Task.sleep(for: .seconds(long))
            let used = try ProcessUsage.processorSeconds(pids) - start
            return try Self.host(pids, host.pid, used / (short + long), sessions, floor: floorMemory())
                + Self.runners(memory.values, usedByRunners / short)
        }
    }

    /// Memory of a plain C program with its database open.
    private func floorMemory() throws -> Double {
        let folder = try BenchHome()
        defer { folder.remove() }
        let floor = try WaitingProgram(options.floor + "/floor", ["host", folder.path + "/floor.db"])
        defer { floor.end() }
        return ProcessUsage.memory([floor.pid]).megabytes
    }

    private static func host(
        _ pids: [Int32],
        _ host: Int32,
        _ used: Double,
        _ sessions: Int,
        floor: Double
    ) -> [Measure] {
        let memory = ProcessUsage.memory([host])
        let spawner = ProcessUsage.memory(pids.filter { $0 != host })
        return [
            Measure("idle.host-pss", memory.megabytes, "MB", n: sessions, floor: floor, most: 45),
            Measure("idle.spawner-pss", spawner.megabytes, "MB", n: pids.count - 1),
            Measure("idle.host-cpu", used * 100, "% of a core", n: sessions, floor: 0, most: 0.1),
        ]
    }

    private static func runners(_ memory: some Collection<ProcessUsage.Memory>, _ used: Double) -> [Measure] {
        let count = Double(max(memory.count, 1))
        let proportional = memory.map(\.megabytes).reduce(0, +) / count
        let own = memory.map(\.ownMegabytes).reduce(0, +) / count
        return [
            Measure("idle.runner-pss", proportional, "MB", n: memory.count, most: 5),
            Measure("idle.runner-private", own, "MB", n: memory.count, most: 2),
            Measure("idle.ten-runners-cpu", used * 100, "% of a core", n: memory.count),
        ]
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
