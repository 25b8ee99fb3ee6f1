import Core
import Glibc
import SessionStore
import SessionStoreHost
import Synchronization
import TestSupport
import Testing

@testable import Host

@Suite(.timeLimit(.minutes(1))) struct DrainBudgetTests {
    /// Keeps the threads of the stores from everybody else while it is on.
    final class Hold: Sendable {
        let isOn = Atomic<Bool>(false)
        let count = Atomic<Int>(0)
    }

    @Test func `HR06 a session is held up for its own work alone, not for what it waited for`() async throws {
        let clock = ManualTime()
        let hold = Hold()
        try await withTemporaryDirectory { home in
            try await withHost(
                home: home,
                time: clock,
                { _ in
                    .say { row in
                        // The first answer is written only when every thread of the stores is busy.
                        while hold.isOn.load(ordering: .acquiring), hold.count.load(ordering: .acquiring) < 4 {
                            usleep(500)
                        }
                        let text = RefusedRowTests.text(of: row) ?? ""
                        return [NewOutbound(content: .chat(.init(text: text)), address: row.address, turn: .random())]
                    }
                }
            ) { host in
                try await host.runtime.accept(host.event("one"))
                try await host.turn(clock, until: "the first answer") { host.channel.sent.count == 1 }
                // A window of the budget begins with the next drain.
                clock.advance(by: .seconds(2))
                try await host.eventually("nothing is under way") {
                    await host.runtime.deliveries.session(try await host.session()).isIdle
                }
                try await withThrowingTaskGroup(of: Void.self) { group in
                    hold.isOn.store(true, ordering: .releasing)
                    try await host.runtime.accept(host.event("two"))
                    for _ in 0..<4 {
                        group.addTask { [executors = host.runtime.executors] in
                            try await executors.run {
                                hold.count.add(1, ordering: .releasing)
                                while hold.isOn.load(ordering: .acquiring) { usleep(500) }
                            }
                        }
                    }
                    try await host.eventually("the threads are busy") { hold.count.load(ordering: .acquiring) == 4 }
                    // The answer's drain waits for its thread meanwhile, by the host's clock for long.
                    // With every thread busy a drain that is seen again and again is one that waits for them.
                    var sightings = 0
                    try await host.eventually("a drain waits") {
                        let delivery = host.runtime.deliveries.session(try await host.session())
                        sightings = await delivery.isDraining ? sightings + 1 : 0
                        return sightings == 10
                    }
                    clock.advance(by: .milliseconds(500))
                    hold.isOn.store(false, ordering: .releasing)
                    try await group.waitForAll()
                }
                try await host.eventually("the second answer") { host.channel.sent.count == 2 }
                try await host.runtime.accept(host.event("three"))
                let isAnswered: Void? = try? await host.eventually("the third answer, the clock standing still") {
                    host.channel.sent.count == 3
                }
                #expect(isAnswered != nil)
                // A drain that was held up would not end before this.
                try await host.turn(clock, until: "the third answer") { host.channel.sent.count == 3 }
            }
        }
    }
}
