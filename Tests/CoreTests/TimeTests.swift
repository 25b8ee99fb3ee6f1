import Core
import TestSupport
import Testing

struct TimeTests {
    @Test func `a timestamp prints as ISO 8601 in UTC`() {
        #expect(Timestamp(milliseconds: 1_774_746_000_000).description == "2026-03-29T01:00:00.000Z")
        #expect(Timestamp(milliseconds: 0) + .milliseconds(1500) == Timestamp(milliseconds: 1500))
    }

    @Test func `the machine's clocks run`() {
        let time = SystemTime()
        let (wall, monotonic) = (time.now, time.monotonic)
        #expect(time.now >= wall)
        #expect(time.monotonic >= monotonic)
        #expect(wall.milliseconds > 1_700_000_000_000)
    }

    @Test func `a manual clock wakes a sleeper when turned far enough`() async throws {
        let time = ManualTime()
        async let slept: Void = time.sleep(for: .seconds(5))
        try await time.waitForSleepers()
        time.advance(by: .seconds(5))
        try await slept
        #expect(time.monotonic == .seconds(5))
    }

    @Test func `a cancelled sleeper throws`() async throws {
        let time = ManualTime()
        let task = Task { try await time.sleep(for: .seconds(5)) }
        try await time.waitForSleepers()
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }
}
