import Foundation
import Synchronization
import Testing

@Suite
struct SoakTests {
    /// `NANOCLAW_LONG=1` makes it 100,000 messages.
    private static let isLong = ProcessInfo.processInfo.environment["NANOCLAW_LONG"] == "1"
    private static let messages = isLong ? 100_000 : 1_500
    private static let chats = 4

    /// The line is fitted from a tenth of the long run, and from a third of the short one, in which caches still fill:
    /// memory may rise there by ten percent, 5.6 were measured, and 36 with the task of each request kept.
    @Test(.timeLimit(.minutes(120)))
    func `T67 memory and descriptors of a host stay flat from message to message`() async throws {
        try await withHost { host in
            let names = (0..<Self.chats).map { "soak\($0)" }
            for name in names {
                let wired = try await host.nanoclaw(
                    "wirings",
                    "create",
                    "--group",
                    "main",
                    "--chat",
                    "cli:local:\(name)",
                    "--engage",
                    "pattern",
                    "--pattern",
                    "."
                )
                try #require(wired.status == 0, "\(wired)")
            }
            let soak = Soak(messages: Self.messages, pid: host.process.pid)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for name in names { group.addTask { try await soak.drive(host.home, name) } }
                try await group.waitForAll()
            }
            let (ended, samples) = soak.result
            #expect(ended == Self.messages)
            let settled = samples.filter { $0.messages >= Double(Self.messages) / (Self.isLong ? 10 : 3) }
            try #require(settled.count > 90)
            let resident = Sample.growth(settled, \.resident)
            let descriptors = Sample.growth(settled, \.descriptors)
            print(
                "T67: \(ended) messages, resident \(settled[0].resident / 1e6) MB \(resident) %, descriptors \(descriptors) %"
            )
            #expect(resident <= (Self.isLong ? 5 : 10), "resident memory grows: \(samples.map(\.resident))")
            #expect(descriptors <= 5, "descriptors grow: \(samples.map(\.descriptors))")
        }
    }
}

/// Some chats that share a number of messages, and what the host holds meanwhile.
private final class Soak: Sendable {
    private let messages: Int
    private let pid: Int32
    private let state = Mutex((begun: 0, ended: 0, samples: [Sample]()))

    init(messages: Int, pid: Int32) {
        self.messages = messages
        self.pid = pid
    }

    /// Messages that were answered, and the samples in their order.
    var result: (Int, [Sample]) { state.withLock { ($0.ended, $0.samples) } }

    /// Sends one chat's part of the messages, each when the turn of the one before has ended, on one connection.
    func drive(_ home: String, _ name: String) async throws {
        let chat = try await ChatConnection(home: home, chat: name)
        while begin() {
            try await chat.say("hello")
            end()
        }
    }

    private func begin() -> Bool {
        state.withLock { state in
            state.begun += 1
            return state.begun <= messages
        }
    }

    private func end() {
        state.withLock { state in
            state.ended += 1
            if state.ended % (messages / 150) == 0 { state.samples.append(Sample(messages: state.ended, of: pid)) }
        }
    }
}

/// What a process holds after so many messages.
private struct Sample: Sendable {
    let messages: Double
    /// Bytes.
    let resident: Double
    let descriptors: Double

    init(messages: Int, of pid: Int32) {
        self.messages = Double(messages)
        let text = (try? String(contentsOfFile: "/proc/\(pid)/statm", encoding: .utf8)) ?? ""
        resident = (text.split(separator: " ").dropFirst().first.flatMap { Double($0) } ?? 0) * Double(getpagesize())
        descriptors = Double((try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd"))?.count ?? 0)
    }

    /// By how many percent the fitted line rises from its first sample to its last.
    static func growth(_ samples: [Sample], _ figure: KeyPath<Sample, Double>) -> Double {
        let count = Double(samples.count)
        let meanX = samples.map(\.messages).reduce(0, +) / count
        let meanY = samples.map { $0[keyPath: figure] }.reduce(0, +) / count
        let above = samples.map { ($0.messages - meanX) * ($0[keyPath: figure] - meanY) }.reduce(0, +)
        let below = samples.map { ($0.messages - meanX) * ($0.messages - meanX) }.reduce(0, +)
        let slope = above / below
        let start = meanY + slope * (samples[0].messages - meanX)
        return slope * (samples[samples.count - 1].messages - samples[0].messages) / start * 100
    }
}
