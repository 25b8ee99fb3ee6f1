import Core
import TestSupport
import Testing

@testable import Host

@Suite(.timeLimit(.minutes(1))) struct EventBudgetTests {
    /// Whether the host leaves unread for 200 ms what lies there.
    private func isHeld(_ runner: FakeRunner, _ event: [UInt8]) async throws -> Bool {
        for _ in 0..<200 {
            if try runner.show(event) { return false }
            // The socket is the kernel's and its reader a thread: no clock of ours tells that nobody reads.
            try await Task.sleep(for: .milliseconds(1))
        }
        return true
    }

    @Test func `T60 a runner that shows events without end has its share of each second, and no more`() async throws {
        // Its seconds begin and end by hand.
        let clock = ManualTime()
        try await withTemporaryDirectory { home in
            try await withHost(home: home, time: clock, { _ in .hang }) { host in
                try await host.runtime.accept(host.event("hello"))
                try await host.eventually("it works") { host.spawner.runners.first?.seen.count == 1 }
                let runner = try #require(host.spawner.runners.first)
                let event = [UInt8](repeating: 0x5B, count: 8000)
                try await host.eventually("it is held up") { try await isHeld(runner, event) }
                clock.advance(by: .seconds(1))
                try await host.eventually("its next second has begun") { try runner.show(event) }
            }
        }
    }
}
