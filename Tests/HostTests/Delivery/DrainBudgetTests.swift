import Core
import Glibc
import SessionStore
import Synchronization
import TestSupport
import Testing

@testable import Host

@Suite(.timeLimit(.minutes(1))) struct DrainBudgetTests {
    @Test func `a session is held up for its own work alone, not for what it waited for`() async throws {
        let clock = ManualTime()
        let isHeld = Atomic<Bool>(false)
        let holders = Atomic<Int>(0)
        try await withTemporaryDirectory { home in
            try await withHost(
                home: home,
                time: clock,
                { _ in
                    .say { row in
                        // The first answer is written only when every thread of the stores is busy.
                        while isHeld.load(ordering: .acquiring), holders.load(ordering: .acquiring) < 4 { usleep(500) }
                        let text = RefusedRowTests.text(of: row) ?? ""
                        return [NewOutbound(content: .chat(.init(text: text)), address: nil, turn: .random())]
                    }
                }
            ) { host in
                try await host.runtime.accept(host.event("one"))
                try await host.turn(clock, until: "the first answer") { host.channel.sent.count == 1 }
                // A window of the budget begins with the next drain.
                clock.advance(by: .seconds(2))
                try await host.eventually("the runner is idle") {
                    try await host.runtime.deliveries.session(host.session()).phase == .idle
                }
                try await withThrowingTaskGroup(of: Void.self) { group in
                    isHeld.store(true, ordering: .releasing)
                    try await host.runtime.accept(host.event("two"))
                    for _ in 0..<4 {
                        group.addTask {
                            try await host.runtime.executors.run {
                                holders.add(1, ordering: .releasing)
                                while isHeld.load(ordering: .acquiring) { usleep(500) }
                            }
                        }
                    }
                    try await host.eventually("the threads are busy") { holders.load(ordering: .acquiring) == 4 }
                    // The answer's drain waits for its thread meanwhile, by the host's clock for long.
                    try await Task.sleep(for: .milliseconds(100))
                    clock.advance(by: .milliseconds(500))
                    isHeld.store(false, ordering: .releasing)
                    try await group.waitForAll()
                }
                try await host.eventually("the second answer") { host.channel.sent.count == 2 }
                try await host.runtime.accept(host.event("three"))
                try await host.eventually("the third answer, the clock standing still") {
                    host.channel.sent.count == 3
                }
            }
        }
    }
}
