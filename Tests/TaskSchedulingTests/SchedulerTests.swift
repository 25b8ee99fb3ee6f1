import CentralStore
import Core
import GRDB
import Glibc
import Scheduling
import TestSupport
import Testing

@testable import TaskScheduling

/// Occurrences of tasks over restarts, failures, edits and clocks that jump.
@Suite(.timeLimit(.minutes(1))) struct SchedulerTests {
    static let hour = Duration.seconds(3600)
    static let day = Duration.seconds(86_400)

    // MARK: - The grid

    @Test func `T17 manual runs, edits, failures and restarts move no occurrence and skip none`() async throws {
        try await withScene { scene in
            let task = try await scene.make { $0.every = "1h" }
            let grid = (1...6).map { scene.clock.now + Self.hour * $0 }
            #expect(task.nextDue == grid[0])
            let plain = scene.scheduler()

            // In time.
            scene.clock.advance(by: Self.hour)
            await plain.look()
            scene.port.finish()
            await plain.look()
            // A run by hand in between, which fails.
            scene.clock.advance(by: .seconds(600))
            try await scene.store.write { [now = scene.clock.now] db in
                _ = try ScheduledTask.runNow(task.id, now: now, db)
            }
            await plain.look()
            scene.port.finish(.failed, detail: "by hand")
            await plain.look()
            #expect(try await scene.task(task.id).nextDue == grid[1])
            // An edit, also with the same schedule in the same words.
            try await scene.store.write { [now = scene.clock.now] db in
                var fields = TaskFields()
                fields.prompt = "look well"
                fields.every = "1h"
                _ = try ScheduledTask.update(task.id, fields, now: now, db)
            }
            #expect(try await scene.task(task.id).nextDue == grid[1])
            // Due and edited before it is claimed: still run. It fails.
            scene.clock.advance(by: .seconds(3000))
            try await scene.store.write { [now = scene.clock.now] db in
                var fields = TaskFields()
                fields.prompt = "look better"
                _ = try ScheduledTask.update(task.id, fields, now: now, db)
            }
            await plain.look()
            scene.port.finish(.failed, detail: "no")
            await plain.look()
            // A restart.
            scene.clock.advance(by: Self.hour)
            let second = scene.scheduler()
            await second.look()
            // By hand while it runs.
            try await scene.store.write { [now = scene.clock.now] db in
                _ = try ScheduledTask.runNow(task.id, now: now, db)
            }
            await second.look()
            scene.port.finish()
            await second.look()
            scene.clock.advance(by: Self.hour)
            await second.look()
            let runs = try await scene.runs()
            #expect(runs.filter { !$0.isManual }.map(\.dueAt) == Array(grid[0...3]))
            #expect(runs.filter(\.isManual).count == 2)
            #expect(try await scene.task(task.id).nextDue == grid[4])
            #expect(
                runs.filter { !$0.isManual }.map(\.prompt) == ["look", "look better", "look better", "look better"]
            )
        }
    }

    @Test func `T17 what falls due while a run is under way is run when that ends`() async throws {
        try await withScene { scene in
            let task = try await scene.make { $0.every = "1h" }
            let start = scene.clock.now
            let scheduler = scene.scheduler()
            scene.clock.advance(by: Self.hour)
            await scheduler.look()
            scene.clock.advance(by: Self.hour * 3)
            await scheduler.look()
            #expect(scene.port.begun == [start + Self.hour])
            scene.port.finish()
            await scheduler.look()
            await scheduler.look()
            #expect(scene.port.begun == [start + Self.hour, start + Self.hour * 4])
            #expect(try await scene.task(task.id).nextDue == start + Self.hour * 5)
            #expect(try await scene.runs().map(\.state) == [.completed, .missed, .running])
        }
    }

    @Test func `T17 a new schedule begins on its own grid, and a due occurrence of the old one is run first`()
        async throws
    {
        try await withScene { scene in
            let task = try await scene.make { $0.every = "1h" }
            let due = scene.clock.now + Self.hour
            scene.clock.advance(by: Self.hour + .seconds(5))
            try await scene.store.write { [now = scene.clock.now] db in
                var fields = TaskFields()
                fields.every = "2h"
                _ = try ScheduledTask.update(task.id, fields, now: now, db)
            }
            let scheduler = scene.scheduler()
            await scheduler.look()
            #expect(scene.port.begun == [due])
            #expect(try await scene.task(task.id).nextDue == scene.clock.now + Self.hour * 2)
        }
    }

    // MARK: - Missed runs

    @Test(arguments: [("skip", 0), ("latest", 1), ("all", 3)])
    func `T18 after three days down exactly so many runs begin, oldest first`(policy: String, count: Int) async throws {
        try await withScene { scene in
            let task = try await scene.make {
                $0.cron = "0 9 * * *"
                $0.zone = "Europe/Berlin"
                $0.missedRuns = policy
            }
            let first = try #require(task.nextDue)
            scene.clock.advance(
                by: .milliseconds(first.milliseconds - scene.clock.now.milliseconds) + Self.day * 2 + Self.hour
            )
            let scheduler = scene.scheduler()
            for _ in 0..<4 {
                await scheduler.look()
                scene.port.finish()
            }
            let days = [first, first + Self.day, first + Self.day * 2]
            #expect(scene.port.begun == Array(days.suffix(count)))
            #expect(scene.port.brought.count == count)
            let missed = try await scene.runs().filter { $0.state == .missed }
            #expect(missed.count == (count == 3 ? 0 : 1))
            #expect(try await scene.task(task.id).nextDue == first + Self.day * 3)
        }
    }

    @Test func `§16.272 what fell due while it was paused is run at once when it is resumed`() async throws {
        try await withScene { scene in
            let task = try await scene.make { $0.every = "1h" }
            let due = scene.clock.now + Self.hour
            let scheduler = scene.scheduler()
            try await scene.store.write { [now = scene.clock.now] db in
                _ = try ScheduledTask.pause(task.id, now: now, db)
            }
            scene.clock.advance(by: Self.hour + .seconds(600))
            await scheduler.look()
            #expect(scene.port.begun.isEmpty)
            try await scene.store.write { [now = scene.clock.now] db in
                _ = try ScheduledTask.resume(task.id, now: now, db)
            }
            await scheduler.look()
            #expect(scene.port.begun == [due])
        }
    }

    @Test func `§16.268 a task for one time runs once and is done`() async throws {
        try await withScene { scene in
            let time = scene.clock.now + .seconds(90)
            let task = try await scene.make { $0.at = TaskSchedule.utc(time) }
            try await scene.running { _ in
                try await scene.pass(.seconds(300))
                scene.port.finish()
                try await scene.pass(Self.hour)
            }
            #expect(scene.port.begun.count == 1)
            #expect(try await scene.task(task.id).state == .done)
            #expect(try await scene.runs().map(\.state) == [.completed])
        }
    }

    // MARK: - Crashes

    @Test func `T19 an occurrence is claimed before it is brought, and brought once whenever the host dies`()
        async throws
    {
        try await withScene { scene in
            let task = try await scene.make { $0.every = "1h" }
            let due = scene.clock.now + Self.hour
            scene.clock.advance(by: Self.hour)
            // Dies before the session has it: the claim stands.
            scene.port.fail(with: FakePort.Crash())
            await scene.scheduler().look()
            #expect(try await scene.runs().map(\.state) == [.claimed])
            #expect(try await scene.task(task.id).nextDue == due + Self.hour)
            #expect(scene.port.rowCount == 0)
            // Dies after that, before it is recorded.
            scene.port.fail(with: nil)
            let run = try #require(try await scene.runs().first)
            _ = try await scene.port.dispatch(run, of: task)
            #expect(try await scene.runs().map(\.state) == [.claimed])
            await scene.scheduler().look()
            #expect(scene.port.rowCount == 1)
            #expect(scene.port.begun == [due])
            #expect(try await scene.runs().map(\.state) == [.running])
            // Dies while it runs: the session says that it was cut off.
            scene.port.finish(.interrupted, detail: "the host ended while it worked")
            let last = scene.scheduler()
            await last.look()
            await last.look()
            #expect(scene.port.rowCount == 1)
            #expect(scene.port.begun == [due])
            #expect(try await scene.runs().map(\.state) == [.interrupted])
            #expect(scene.port.told.map(\.notice) == [.owner])
            #expect(scene.port.told[0].text.contains("was interrupted and is not run a second time: the host ended"))
        }
    }

    @Test func `T19 two looks at one time claim an occurrence once`() async throws {
        try await withScene { scene in
            _ = try await scene.make { $0.every = "1h" }
            scene.clock.advance(by: Self.hour)
            let schedulers = (0..<8).map { _ in scene.scheduler() }
            await withDiscardingTaskGroup { group in
                for scheduler in schedulers { group.addTask { await scheduler.look() } }
            }
            #expect(try await scene.runs().count == 1)
            #expect(scene.port.rowCount == 1)
        }
    }

    // MARK: - Failures

    @Test(arguments: [true, false])
    func `T20 failures are told, alert once, end no series, and silence is silent`(inChat: Bool) async throws {
        try await withScene { scene in
            let task = try await scene.make(inChat: inChat) { $0.every = "1h" }
            let scheduler = scene.scheduler()
            let ends: [RunState] = [.failed, .failed, .failed, .failed, .quiet, .completed, .failed]
            for end in ends {
                scene.clock.advance(by: Self.hour)
                await scheduler.look()
                scene.port.finish(end, detail: end == .failed ? "the disk is full" : nil)
                await scheduler.look()
            }
            let one: RunVerdict.Notice = inChat ? .chat : .owner
            #expect(scene.port.told.map(\.notice) == [one, one, .alert, one])
            #expect(scene.port.told.allSatisfy { $0.text.contains("the disk is full") })
            #expect(try await scene.runs().map(\.state) == ends)
            #expect(scene.port.begun.count == ends.count)
            let after = try await scene.task(task.id)
            #expect(after.state == .active)
            #expect(after.failures == 1)
        }
    }

    @Test func `T20 a notice that could not be sent is sent later, a run that can never be brought has failed`()
        async throws
    {
        try await withScene { scene in
            _ = try await scene.make { $0.every = "1h" }
            scene.clock.advance(by: Self.hour)
            scene.port.fail(with: TaskRefusal("its session is quarantined"))
            scene.port.failTelling(true)
            let scheduler = scene.scheduler()
            await scheduler.look()
            #expect(try await scene.runs().map(\.state) == [.failed])
            #expect(scene.port.told.isEmpty)
            scene.port.failTelling(false)
            await scene.scheduler().look()
            await scheduler.look()
            #expect(scene.port.told.count == 1)
            #expect(scene.port.told[0].text.contains("its session is quarantined"))
        }
    }

    @Test func `T20 a schedule that can no longer be read is told and held, and holds up no other`() async throws {
        try await withScene { scene in
            let broken = try await scene.make { $0.cron = "0 * * * *" }
            let other = try await scene.make { $0.every = "2h" }
            try await scene.store.write { db in
                try db.execute(sql: "UPDATE tasks SET zone = 'Mars/Olympus' WHERE id = ?", arguments: [broken.id])
            }
            scene.clock.advance(by: Self.hour * 3)
            let scheduler = scene.scheduler()
            await scheduler.look()
            await scheduler.look()
            #expect(scene.port.told.count == 1)
            #expect(scene.port.told[0].text.contains("Mars/Olympus"))
            #expect(try await scene.task(broken.id).state == .paused)
            #expect(try await scene.runs(other.id).map(\.state) == [.running])
            try await scene.store.write { [now = scene.clock.now] db in
                var fields = TaskFields()
                fields.cron = "0 * * * *"
                fields.zone = "UTC"
                _ = try ScheduledTask.update(broken.id, fields, now: now, db)
                _ = try ScheduledTask.resume(broken.id, now: now, db)
            }
            await scheduler.look()
            #expect(try await scene.runs(broken.id).map(\.state).contains(.running))
        }
    }

    // MARK: - Clocks

    @Test func `T21 a clock that was years ahead does not silence a series when it is right again`() async throws {
        try await withScene { scene in
            let task = try await scene.make { $0.every = "1h" }
            let scheduler = scene.scheduler()
            scene.clock.stepWall(by: Self.day * 3650)
            await scheduler.look()
            scene.port.finish()
            scene.clock.stepWall(by: Self.day * -3650)
            await scheduler.look()
            await scheduler.look()
            #expect(try await scene.task(task.id).nextDue == task.nextDue)
            scene.clock.advance(by: Self.hour)
            await scheduler.look()
            #expect(scene.port.begun.count == 2)
            #expect(scene.port.begun.last == task.nextDue)
        }
    }

    @Test func `T21 after eight hours of suspend all that was due begins within a minute, once`() async throws {
        try await withScene { scene in
            let start = scene.clock.now
            _ = try await scene.make { $0.at = TaskSchedule.utc(start + Self.hour * 2 + .seconds(1800)) }
            _ = try await scene.make {
                $0.every = "1h"
                $0.missedRuns = "all"
            }
            _ = try await scene.make { $0.cron = "*/5 * * * *" }
            try await scene.running { _ in
                try await scene.pass(.seconds(60))
                #expect(scene.port.begun.isEmpty)
                // The monotonic clock stands still while the machine sleeps.
                scene.clock.stepWall(by: Self.hour * 8)
                try await scene.pass(.seconds(60))
                let hours = (1...8).map { start + Self.hour * $0 }
                let begun = scene.port.begun
                #expect(begun.filter(hours.contains) == hours)
                #expect(Set(begun).isSuperset(of: [start + Self.hour * 2 + .seconds(1800)]))
                // One shot, eight hours, and the last five minutes.
                #expect(begun.count == 10)
                #expect(Set(scene.port.brought.map(\.id)).count == 10)
                try await scene.pass(.seconds(120))
                #expect(scene.port.begun.count == 10)
            }
        }
    }

    @Test(arguments: [3600, -3600])
    func `T21 a step of the clock by an hour fires what is due within a minute and nothing twice`(
        step: Int
    ) async throws {
        try await withScene { scene in
            _ = try await scene.make { $0.cron = "*/10 * * * *" }
            try await scene.running { _ in
                func quarter() async throws {
                    for _ in 0..<15 {
                        try await scene.pass(.seconds(60))
                        scene.port.finish()
                    }
                }
                try await quarter()
                try await quarter()
                let before = scene.port.begun
                #expect(before.count == 3)
                scene.clock.stepWall(by: .seconds(step))
                let stepped = scene.clock.now
                try await scene.pass(.seconds(60))
                scene.port.finish()
                if step > 0 {
                    // The latest of the six that the step passed over.
                    #expect(scene.port.begun.count == 4)
                    #expect(scene.port.begun.last.map { $0 <= stepped && $0 > stepped - .seconds(600) } == true)
                } else {
                    #expect(scene.port.begun == before)
                }
                for _ in 0..<6 { try await quarter() }
                let all = scene.port.begun
                #expect(Set(all).count == all.count)
                #expect(all == all.sorted())
                // Nothing of the grid is left out once wall time is past what was run before.
                let end = scene.clock.now
                let late = all.filter { $0 > max(stepped, before.last ?? stepped) && $0 <= end }
                let firstLate = try #require(late.first)
                #expect(late == (0..<late.count).map { firstLate + .seconds(600) * $0 })
                #expect(end.milliseconds - (late.last?.milliseconds ?? 0) <= 660_000)
            }
        }
    }

    @Test func `T15 what is stored and when it is due do not hang on the machine's zone`() async throws {
        try await withScene { scene in
            let task = try await scene.make {
                $0.cron = "30 2 * * *"
                $0.zone = "Australia/Lord_Howe"
            }
            let before = getenv("TZ").map { String(cString: $0) }
            defer {
                if let before { setenv("TZ", before, 1) } else { unsetenv("TZ") }
                tzset()
            }
            for zone in ["America/New_York", "Asia/Kathmandu", "UTC"] {
                setenv("TZ", zone, 1)
                tzset()
                #expect(try await scene.task(task.id) == task)
                let other = try await scene.make {
                    $0.cron = "30 2 * * *"
                    $0.zone = "Australia/Lord_Howe"
                }
                #expect(other.nextDue == task.nextDue)
                #expect(other.zone == "Australia/Lord_Howe")
            }
            let due = try #require(task.nextDue)
            #expect(try task.schedule().local(due).contains("T02:30:00"))
        }
    }

    @Test func `T65 a day without anything due brings nothing to any session`() async throws {
        try await withScene { scene in
            let task = try await scene.make { $0.every = "2d" }
            let cancelled = try await scene.make { $0.every = "1h" }
            try await scene.store.write { [now = scene.clock.now] db in
                _ = try ScheduledTask.cancel(cancelled.id, now: now, db)
            }
            try await scene.running { _ in try await scene.pass(Self.day, by: .seconds(600)) }
            #expect(scene.port.brought.isEmpty)
            #expect(try await scene.task(task.id).nextDue.map { $0 > scene.clock.now } == true)
        }
    }
}
