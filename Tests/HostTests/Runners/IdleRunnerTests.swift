import CentralStore
import Core
import GRDB
import Glibc
import LinuxIO
import Sandbox
import SessionStoreHost
import Synchronization
import TestSupport
import Testing

@testable import Host

/// Whom the supervisor ends for the sake of others: only who has nothing to do.
@Suite(.timeLimit(.minutes(1))) struct IdleRunnerTests {
    private func answered(in place: String, _ number: Int, _ host: TestHost) async throws {
        try await host.runtime.accept(host.event("hello", in: place))
        await host.channel.waitForSent(number)
        let store = try await host.session(of: place).store
        try await host.eventually("\(place) rests") { try await store.state(now: host.runtime.time.now).open == 0 }
    }

    @Test func `§16.112 who has had nothing to do for longest makes room at once, one for each that waits`()
        async throws
    {
        // It stands still: nobody's time is over.
        let clock = ManualTime()
        try await withTemporaryDirectory { home in
            let file = try Directory(path: home).create("config.yaml")
            if geteuid() == 0 { fchown(file.number, 1000, 1000) }
            try file.write("maxRunners: 3\n".utf8)
            try await withHost(home: home, time: clock) { host in
                try await host.wireAllChats()
                for number in 1...3 {
                    try await answered(in: "c\(number)", number, host)
                    clock.advance(by: .milliseconds(1))
                }
                try await host.runtime.accept(host.event("hello", in: "c4"))
                await host.channel.waitForSent(4)
                #expect(host.spawner.runners.map(\.exit) == [.code(0), nil, nil, nil])
            }
        }
    }

    @Test func `a changed limit comes to who has nothing to do, and tears nobody out of a turn`() async throws {
        let clock = ManualTime()
        try await withTemporaryDirectory { home in
            let isFirst = Atomic(true)
            let first: @Sendable () -> Bool = { isFirst.exchange(false, ordering: .relaxed) }
            try await withHost(home: home, time: clock, { _ in first() ? .echo : .hang }) { host in
                try await host.wireAllChats()
                try await answered(in: "c1", 1, host)
                try await host.runtime.accept(host.event("work", in: "c2"))
                try await host.eventually("the second works") {
                    host.spawner.runners.count == 2 && host.spawner.runners[1].seen.count == 1
                }
                try await host.runtime.central.write { db in
                    var row = try AgentGroupConfig.fetchOne(db)
                    row?.config.limits[.pids] = 100
                    try row?.update(db)
                }
                await host.runtime.supervisor.groupChanged(host.group.id)
                try await host.turn(clock, until: "the first is ended") { host.spawner.runners[0].exit != nil }
                let later = clock.monotonic + .seconds(3)
                try await host.turn(clock, until: "the second was looked at") { clock.monotonic >= later }
                #expect(host.spawner.runners.map(\.exit) == [.code(0), nil])
            }
        }
    }
}
