import Core
import Foundation
import Synchronization

/// A hundred thousand messages through one host: its memory and descriptors stay what they were (T67), its logs under
/// their caps (T68).
struct Soak {
    private static let sessions = 100
    let options: Options
    init(_ options: Options) { self.options = options }

    func run() async throws -> [Measure] {
        let messages = options.isQuick ? 1_000 : options.messages
        let seed = try await Seed.make(options, chats: Self.sessions, configuration: Throughput.configuration)
        defer { seed.home.remove() }
        return try await withHost(options, seed.home) { host in
            let times = Times(chats: Self.sessions)
            let count = Mutex((begun: 0, ended: 0))
            let samples = Mutex<[Sample]>([])
            let pid = host.pid
            let watch = Task {
                while !Task.isCancelled {
                    let ended = count.withLock(\.ended)
                    let sample = Sample(
                        messages: Double(ended),
                        resident: ProcessUsage.resident(pid),
                        descriptors: ProcessUsage.descriptors(pid)
                    )
                    samples.withLock { $0.append(sample) }
                    try? await Task.sleep(for: .milliseconds(500))
                }
            }
            let start = ContinuousClock.now
            try await Crowd(home: seed.home.path, chats: seed.chats).drive(
                more: { _, _ in
                    count.withLock { count in
                        count.begun += 1
                        return count.begun <= messages
                    }
                },
                ended: { chat, time in
                    count.withLock { $0.ended += 1 }
                    times.add(chat, time)
                }
            )
            let seconds = (ContinuousClock.now - start).inMilliseconds / 1e3
            watch.cancel()
            await watch.value
            let settled = samples.withLock { $0.filter { $0.messages >= Double(messages) / 10 } }
            if let file = options.json { try Self.write(settled, to: file + ".soak.csv") }
            let logs = try Self.size(of: seed.home.path + "/data/logs")
            let traces = try Self.size(of: seed.home.path + "/data/traces.db")
            return [
                Measure("soak.resident-growth", Self.growth(settled, \.resident), "%", n: settled.count, most: 5),
                Measure("soak.descriptor-growth", Self.growth(settled, \.descriptors), "%", n: settled.count, most: 5),
                Measure("soak.resident", (settled.last?.resident ?? 0) / 1e6, "MB", n: times.all.count),
                Measure("soak.descriptors", settled.last?.descriptors ?? 0, "open", n: times.all.count),
                Measure("soak.rate", Double(times.all.count) / seconds, "turns/s", n: times.all.count),
                Measure("soak.turn", times.all),
                // Ten files of 10 MiB and 64 MB of runners' output; traces have 64 MiB and a write-ahead log.
                Measure("soak.logs", logs / 1e6, "MB", n: times.all.count, most: 169),
                Measure("soak.traces", traces / 1e6, "MB", n: times.all.count, most: 75),
            ]
        }
    }

    private struct Sample {
        let messages: Double
        let resident: Double
        let descriptors: Double
    }

    /// By how many percent the fitted line rises from its first sample to its last.
    private static func growth(_ samples: [Sample], _ figure: KeyPath<Sample, Double>) -> Double {
        guard let first = samples.first, let last = samples.last, samples.count > 2 else { return .nan }
        let count = Double(samples.count)
        let meanX = samples.map(\.messages).reduce(0, +) / count
        let meanY = samples.map { $0[keyPath: figure] }.reduce(0, +) / count
        let above = samples.map { ($0.messages - meanX) * ($0[keyPath: figure] - meanY) }.reduce(0, +)
        let below = samples.map { ($0.messages - meanX) * ($0.messages - meanX) }.reduce(0, +)
        guard below > 0 else { return .nan }
        let slope = above / below
        let start = meanY + slope * (first.messages - meanX)
        return slope * (last.messages - first.messages) / start * 100
    }

    private static func write(_ samples: [Sample], to file: String) throws {
        let lines = samples.map { "\(Int($0.messages)),\(Int($0.resident)),\(Int($0.descriptors))" }
        try Data((["messages,resident,descriptors"] + lines).joined(separator: "\n").utf8).write(
            to: URL(filePath: file)
        )
    }

    /// Bytes of a file, or of all files of a folder.
    private static func size(of path: String) throws -> Double {
        let files = FileManager.default
        let names = (try? files.subpathsOfDirectory(atPath: path)).map { $0.map { path + "/" + $0 } } ?? [path]
        return try names.map { (try files.attributesOfItem(atPath: $0)[.size] as? Double) ?? 0 }.reduce(0, +)
    }
}
