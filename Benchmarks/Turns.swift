import Commands
import ControlProtocol
import Core
import Foundation

/// A message to a live runner: from the router taking it to the reply's hand-over to the adapter.
struct WarmTurn {
    let options: Options
    init(_ options: Options) { self.options = options }

    func run() async throws -> Measure {
        let count = options.isQuick ? 40 : 400
        let samples = try await withBenchHost(options) { home in try await Turn.warm(home, count) }
        let floor = try await options.withFolder { folder in
            try options.floorSamples(["turn", "\(count)", folder, options.schemas])
        }
        return Measure("warm-turn", samples, floor: floor, p50: 5, p99: 20)
    }
}

/// The same with a model: the runner asks a server on loopback that answers at once, through the host's model route.
///
/// What that adds is told beside the turns that another agent of the same host does without it, in turns: in the second in
/// which a turn takes 5 ms the disk's own time may change by one.
struct WarmTurnModel {
    let options: Options
    init(_ options: Options) { self.options = options }

    func run() async throws -> [Measure] {
        let count = options.isQuick ? 40 : 400
        let model = try WaitingProgram(options.floor + "/model", [])
        defer { model.end() }
        let seed = try await Seed.make(options, chats: 2, chatsPerGroup: 1)
        defer { seed.home.remove() }
        let home = seed.home.path
        var (without, samples): ([Double], [Double]) = ([], [])
        try await withHost(options, seed.home) { _ in
            try await HostClient.with(home: home) { client in
                try await Turn.useModel(client, port: model.firstLine, groups: [seed.groups[1]])
            }
            for chat in seed.chats { _ = try await Turn.warm(home, 0, chat: chat) }
            for _ in 0..<count {
                without.append(try await Turn.send(home, chat: seed.chats[0]))
                samples.append(try await Turn.send(home, chat: seed.chats[1]))
            }
        }
        let floor = try await options.withFolder { folder in
            try options.floorSamples(["turn", "\(count)", folder, options.schemas, model.firstLine])
        }
        func median(_ samples: [Double]) -> Double { samples.sorted()[samples.count / 2] }
        return [
            Measure("warm-turn-model", samples, floor: floor),
            Measure("warm-turn-model.added", median(samples) - median(without), "ms", n: count, most: 2),
        ]
    }
}

/// A message to a session without a runner: spawn, turn, reply.
struct ColdTurn {
    let options: Options
    init(_ options: Options) { self.options = options }

    func run() async throws -> Measure {
        let count = options.isQuick ? 5 : 40
        let samples = try await withBenchHost(options) { home in
            var samples: [Double] = []
            for _ in 0...count {
                samples.append(try await Turn.send(home))
                try await HostClient.with(home: home) { try await Turn.endRunners($0) }
            }
            return Array(samples.dropFirst())
        }
        let floor = try await options.withFolder { folder in
            try options.floorSamples(["cold", "\(count)", folder, options.schemas])
        }
        return Measure("cold-turn", samples, floor: floor, p50: 60, p95: 100)
    }
}

/// One message through the CLI chat.
enum Turn {
    /// The times of this many turns of a live runner, after two that are not counted.
    static func warm(_ home: String, _ count: Int, chat: String = "main") async throws -> [Double] {
        for _ in 0..<2 { _ = try await send(home, chat: chat) }
        var samples: [Double] = []
        for _ in 0..<count { samples.append(try await send(home, chat: chat)) }
        return samples
    }

    /// Gives these groups a model server on loopback.
    static func useModel(_ client: HostClient, port: String, groups: [String]) async throws {
        _ = try await client.call(
            "providers add",
            [
                "name": "instant", "kind": "openai", "baseURL": .string("http://127.0.0.1:\(port)/v1"),
                "model": "instant",
            ]
        )
        for group in groups {
            _ = try await client.call("groups config update", ["group": .string(group), "provider": "instant"])
        }
    }

    /// Sends a message, waits for the end of its turn, and answers the milliseconds between the trace's two stages.
    static func send(_ home: String, chat: String = "main") async throws -> Double {
        try await HostClient.with(home: home) { client in try await send(client, chat) }
    }

    /// A connection of its own for each: a stream that is left lasts as long as its connection.
    private static func send(_ client: HostClient, _ chat: String) async throws -> Double {
        let id = MessageID.random().rawValue
        let place: [String: JSONValue] = ["chat": .string(chat)]
        try await client.stream("chat attach", place) { value in
            switch try value.decoded(as: ChatFrame.self) {
            case .attached:
                _ = try await client.call("chat send", place.merging(["text": "hello", "id": .string(id)]) { $1 })
                return true
            case .turnEnded(_, let ids, _, _): return !ids.contains(id)
            default: return true
            }
        }
        let trace = try await client.call("messages trace", ["message": .string(id)])
        let stages = try Stages(trace)
        return Double(stages.handed - stages.received) / 1000
    }

    /// Ends every runner and waits until none is left, so that the next message finds no runner.
    static func endRunners(_ client: HostClient) async throws {
        _ = try await client.call("groups restart", ["group": "main"])
        while true {
            let sessions = try await client.call("sessions list").array ?? []
            if sessions.allSatisfy({ $0[key: "runner"] == "stopped" }) { return }
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    private struct Stages {
        var received: Int64 = 0
        var handed: Int64 = 0

        init(_ trace: JSONValue) throws {
            for (stage, microseconds) in Self.times(in: trace) {
                if stage == "received" { received = microseconds }
                if stage == "handed" { handed = microseconds }
            }
            guard received > 0, handed > 0 else { throw Options.Usage("the trace has no times: \(trace)") }
        }

        /// Every object with a `stage` and a time in microseconds, wherever it stands.
        private static func times(in value: JSONValue) -> [(String, Int64)] {
            switch value {
            case .array(let values): return values.flatMap(times)
            case .object(let fields):
                var detail: [String: JSONValue] = [:]
                if case .object(let inner)? = fields["detail"] { detail = inner }
                // A trace's details are texts.
                if let stage = fields["stage"]?.string, let time = detail["us"]?.string.flatMap({ Int64($0) }) {
                    return [(stage, time)]
                }
                return fields.values.flatMap(times)
            default: return []
            }
        }
    }
}
