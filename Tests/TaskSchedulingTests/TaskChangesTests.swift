import CentralStore
import Core
import GRDB
import Scheduling
import TestSupport
import Testing

@testable import TaskScheduling

/// What may be made of a task, and what is refused.
@Suite(.timeLimit(.minutes(1))) struct TaskChangesTests {
    func update(_ task: TaskID, _ scene: Scene, _ change: (inout TaskFields) -> Void) async throws -> ScheduledTask {
        var fields = TaskFields()
        change(&fields)
        let wanted = fields
        return try await scene.store.write { [now = scene.clock.now] db in
            try ScheduledTask.update(task, wanted, now: now, db).task
        }
    }

    func message(_ body: () async throws -> Void) async -> String {
        do {
            try await body()
            return ""
        } catch {
            return "\(error)"
        }
    }

    @Test func `§16.273 an empty interval makes it run once more, an empty script is none, the rest stays`()
        async throws
    {
        try await withScene { scene in
            let task = try await scene.make {
                $0.every = "1h"
                $0.script = "echo hi"
                $0.name = "hourly"
                $0.missedRuns = "all"
                $0.isFresh = true
            }
            var expected = task
            var changed = try await update(task.id, scene) { $0.script = "" }
            expected.script = nil
            #expect(changed == expected)
            changed = try await update(task.id, scene) { $0.every = "" }
            #expect(changed.scheduleKind == .once)
            #expect(changed.nextDue == task.nextDue)
            #expect(changed.anchorAt == task.nextDue)
            #expect((changed.name, changed.missedRuns, changed.isFresh) == ("hourly", .all, true))
            scene.clock.advance(by: .seconds(3600))
            await scene.scheduler().look()
            #expect(try await scene.task(task.id).state == .done)
            // With a new time it is live again.
            changed = try await update(task.id, scene) { $0.every = "2h" }
            #expect(changed.state == .active)
            #expect(changed.nextDue == scene.clock.now + .seconds(7200))
        }
    }

    @Test func `T15 another zone is another time of day, and no other elapsed time`() async throws {
        try await withScene { scene in
            let daily = try await scene.make { $0.cron = "0 9 * * *" }
            let moved = try await update(daily.id, scene) { $0.zone = "Asia/Tokyo" }
            #expect(moved.zone == "Asia/Tokyo")
            #expect(try moved.nextDue.map(moved.schedule().local)?.contains("T09:00:00+09:00") == true)
            let steps = try await scene.make { $0.every = "1h" }
            let same = try await update(steps.id, scene) { $0.zone = "Asia/Tokyo" }
            #expect(same.nextDue == steps.nextDue)
            #expect(same.anchorAt == steps.anchorAt)
        }
    }

    @Test func `a name means one task among those that are not over`() async throws {
        try await withScene { scene in
            let first = try await scene.make { ($0.every, $0.name) = ("1h", "morning") }
            let taken = await message { _ = try await scene.make { ($0.every, $0.name) = ("2h", "morning") } }
            #expect(taken.contains("already"), "\(taken)")
            let other = try await scene.make { ($0.every, $0.name) = ("2h", "evening") }
            let renamed = await message { _ = try await update(other.id, scene) { $0.name = "morning" } }
            #expect(renamed.contains("already"), "\(renamed)")
            let now = scene.clock.now
            try await scene.store.write { db in _ = try ScheduledTask.cancel(first.id, now: now, db) }
            // Of one that is over the name is free, and means the new one.
            let second = try await scene.make { ($0.every, $0.name) = ("3h", "morning") }
            #expect(try await scene.store.read { try Lookup.task("morning", $0).id } == second.id)
            // Nor does one that has run for the last time come back under a name that is taken.
            let once = try await scene.make { ($0.at, $0.name) = ("2099-01-01T00:00Z", "noon") }
            try await scene.store.write { db in
                try db.execute(
                    sql: "UPDATE tasks SET state = 'done', next_due = NULL WHERE id = ?",
                    arguments: [once.id]
                )
            }
            _ = try await scene.make { ($0.every, $0.name) = ("3h", "noon") }
            let revived = await message { _ = try await update(once.id, scene) { $0.at = "2099-01-02T00:00Z" } }
            #expect(revived.contains("already"), "\(revived)")
        }
    }

    @Test func `§16.271 what cannot be changed is said to be so`() async throws {
        try await withScene { scene in
            let task = try await scene.make { $0.every = "1h" }
            let now = scene.clock.now
            try await scene.store.write { db in _ = try ScheduledTask.cancel(task.id, now: now, db) }
            typealias Change = @Sendable (Database) throws -> Void
            let id = task.id
            let changes: [Change] = [
                { _ = try ScheduledTask.cancel(id, now: now, $0) },
                { _ = try ScheduledTask.pause(id, now: now, $0) },
                { _ = try ScheduledTask.resume(id, now: now, $0) },
                { _ = try ScheduledTask.runNow(id, now: now, $0) },
            ]
            for change in changes {
                let text = await message { try await scene.store.write { try change($0) } }
                #expect(text.contains("cancelled: make another"), "\(text)")
            }
            let refused = await message { _ = try await update(id, scene) { $0.prompt = "x" } }
            #expect(refused.contains("cancelled: make another"), "\(refused)")
            let unknown = TaskID.random()
            let missing = await message { _ = try await update(unknown, scene) { $0.prompt = "x" } }
            #expect(missing.contains("no task"))
        }
    }

    @Test func `a hundred tasks of an agent are the most, and cancelled ones do not count`() async throws {
        try await withScene { scene in
            var last: ScheduledTask?
            for _ in 0..<TaskLimits.perGroup { last = try await scene.make { $0.every = "1h" } }
            let text = await message { _ = try await scene.make { $0.every = "1h" } }
            #expect(text.contains("100 tasks") && text.contains("cancel"))
            let id = try #require(last?.id)
            try await scene.store.write { [now = scene.clock.now] db in _ = try ScheduledTask.cancel(id, now: now, db) }
            _ = try await scene.make { $0.every = "1h" }
        }
    }

    @Test(arguments: [
        ("prompt", 0), ("prompt", TaskLimits.prompt + 1), ("script", TaskLimits.script + 1), ("name", 101),
        ("missed", 3),
    ])
    func `what is too long or unknown is refused`(field: String, size: Int) async throws {
        try await withScene { scene in
            let text = await message {
                _ = try await scene.make {
                    $0.every = "1h"
                    let value = String(repeating: "x", count: size)
                    switch field {
                    case "prompt": $0.prompt = value
                    case "script": $0.script = value
                    case "name": $0.name = value
                    default: $0.missedRuns = value
                    }
                }
            }
            #expect(text.contains(field), "\(text)")
            let count = try await scene.store.read { try ScheduledTask.fetchCount($0) }
            #expect(count == 0)
        }
    }

    @Test func `runs are kept to the last two hundred, and ended tasks for thirty days`() async throws {
        try await withScene { scene in
            let task = try await scene.make { $0.every = "1m" }
            let scheduler = scene.scheduler()
            for _ in 0..<205 {
                scene.clock.advance(by: .seconds(60))
                await scheduler.look()
                scene.port.finish()
                await scheduler.look()
            }
            let runs = try await scene.runs()
            #expect(runs.count == TaskLimits.runsKept)
            #expect(runs.last?.dueAt == scene.clock.now)
            try await scene.store.write { [now = scene.clock.now] db in
                _ = try ScheduledTask.cancel(task.id, now: now, db)
            }
            scene.clock.advance(by: .seconds(29 * 86_400))
            await scheduler.look()
            #expect(try await scene.runs().count == TaskLimits.runsKept)
            scene.clock.advance(by: .seconds(2 * 86_400))
            await scheduler.look()
            #expect(try await scene.runs().isEmpty)
        }
    }

    @Test func `tasks go with their agent and with their chat`() async throws {
        try await withScene { scene in
            _ = try await scene.make { $0.every = "1h" }
            _ = try await scene.make(inChat: false) { $0.every = "1h" }
            scene.clock.advance(by: .seconds(3600))
            await scene.scheduler().look()
            try await scene.store.write { db in _ = try MessagingGroup.deleteOne(db, key: scene.chat.id) }
            #expect(try await scene.store.read { try ScheduledTask.fetchCount($0) } == 1)
            #expect(try await scene.runs().count == 1)
            try await scene.store.write { db in
                try AgentGroup.remove(scene.group.id, by: nil, now: Timestamp(milliseconds: 9), db)
            }
            #expect(try await scene.store.read { try ScheduledTask.fetchCount($0) } == 0)
            #expect(try await scene.runs().isEmpty)
        }
    }
}
