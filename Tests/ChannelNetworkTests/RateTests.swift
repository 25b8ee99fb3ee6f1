import ChannelNetwork
import Core
import Synchronization
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct RateTests {
    private struct Fixed: RandomNumberGenerator {
        let value: UInt64
        mutating func next() -> UInt64 { value }
    }

    @Test func `the limit of a wait doubles from the floor to the ceiling`() {
        var backoff = Backoff(floor: .seconds(1), ceiling: .seconds(20), stableAfter: .seconds(60))
        var high = Fixed(value: .max)
        let waits = (0..<7).map { _ in backoff.failed(at: .zero, using: &high) }
        #expect(waits == [2, 4, 8, 16, 20, 20, 20].map { .seconds($0) })
        // Zero itself would be drawn again for ever.
        var low = Fixed(value: 1 << 40)
        #expect(backoff.failed(at: .zero, using: &low) == .seconds(1))
    }

    @Test func `waits lie anywhere between floor and limit`() {
        var backoff = Backoff(floor: .seconds(1), ceiling: .seconds(64))
        var waits: Set<Duration> = []
        for _ in 0..<200 { waits.insert(backoff.failed(at: .zero)) }
        #expect(waits.allSatisfy { $0 >= .seconds(1) && $0 <= .seconds(64) })
        #expect(waits.count > 100)
    }

    @Test func `only a connection that held makes the next wait short`() {
        var backoff = Backoff(floor: .seconds(1), ceiling: .seconds(64), stableAfter: .seconds(60))
        for _ in 0..<5 { _ = backoff.failed(at: .zero) }
        backoff.succeeded(at: .seconds(10))
        backoff.succeeded(at: .seconds(60))
        _ = backoff.failed(at: .seconds(69))
        #expect(backoff.failures == 6)
        backoff.succeeded(at: .seconds(100))
        _ = backoff.failed(at: .seconds(160))
        #expect(backoff.failures == 1)
    }

    @Test func `a bucket lets a burst through and then one for each interval`() {
        var bucket = TokenBucket(Rate(2, per: .seconds(1), burst: 3))
        let times = (0..<6).map { _ in bucket.reserve(at: .seconds(10)) }
        #expect(times == [10000, 10000, 10000, 10500, 11000, 11500].map { .milliseconds($0) })
        #expect(!bucket.isFull(at: .milliseconds(12999)))
        #expect(bucket.isFull(at: .milliseconds(13000)))
        #expect(bucket.reserve(at: .seconds(12)) == .seconds(12))
    }

    @Test func `a token that is given back is there for the next`() {
        var bucket = TokenBucket(Rate(1, per: .seconds(10)))
        #expect(bucket.reserve(at: .zero) == .zero)
        #expect(bucket.reserve(at: .zero) == .seconds(10))
        bucket.refund()
        #expect(bucket.reserve(at: .zero) == .seconds(10))
    }

    @Test func `after an ordered wait there is no burst`() {
        var bucket = TokenBucket(Rate(1, per: .seconds(1), burst: 5))
        bucket.hold(until: .seconds(30))
        #expect((0..<3).map { _ in bucket.reserve(at: .zero) } == [.seconds(30), .seconds(31), .seconds(32)])
        bucket.hold(until: .seconds(5))
        #expect(bucket.reserve(at: .zero) == .seconds(33))
    }

    @Test func `a busy chat does not slow another, the account slows all`() async throws {
        let time = ManualTime()
        let gate = RateGate(
            account: Rate(100, per: .seconds(1)),
            chat: Rate(1, per: .seconds(1), burst: 1),
            time: time
        )
        try await gate.waits(for: "a")
        try await gate.waits(for: "b")
        let second = Task { try await gate.waits(for: "a") }
        try await time.waitForSleepers()
        try await gate.waits(for: "c")
        time.advance(by: .seconds(1))
        try await second.value
    }

    @Test func `a wait that the platform orders holds its chat exactly so long, also for those who wait`() async throws
    {
        let time = ManualTime()
        let gate = RateGate(account: Rate(100, per: .seconds(1)), chat: Rate(1, per: .seconds(1), burst: 1), time: time)
        try await gate.waits(for: "a")
        let done = Mutex(false)
        let waiting = Task {
            try await gate.waits(for: "a")
            done.withLock { $0 = true }
        }
        try await time.waitForSleepers()
        await gate.hold(.chat("a"), for: .seconds(30))
        try await gate.waits(for: "b")
        time.advance(by: .seconds(29))
        try await time.waitForSleepers()
        #expect(!done.withLock { $0 })
        time.advance(by: .milliseconds(999))
        #expect(!done.withLock { $0 })
        time.advance(by: .milliseconds(1))
        try await waiting.value
    }

    @Test func `a hold of the account holds chats without a rate of their own too`() async throws {
        let time = ManualTime()
        let gate = RateGate(account: Rate(1000, per: .seconds(1)), time: time)
        await gate.hold(.account, for: .seconds(5))
        let first = Task { try await gate.waits(for: "a") }
        try await time.waitForSleepers()
        time.advance(by: .seconds(5))
        try await first.value
        // Behind a hold sends go one by one; the account is to be free of that here.
        time.advance(by: .seconds(5))
        await gate.hold(.chat("a"), for: .seconds(7))
        try await gate.waits(for: nil)
        let held = Task { try await gate.waits(for: "a") }
        try await time.waitForSleepers()
        time.advance(by: .seconds(7))
        try await held.value
    }

    @Test func `who gives up leaves the turn to others`() async throws {
        let time = ManualTime()
        let gate = RateGate(account: Rate(1, per: .seconds(10)), time: time)
        try await gate.waits(for: nil)
        let first = Task { try await gate.waits(for: nil) }
        try await time.waitForSleepers()
        first.cancel()
        await #expect(throws: CancellationError.self) { try await first.value }
        let second = Task { try await gate.waits(for: nil) }
        try await time.waitForSleepers()
        time.advance(by: .seconds(10))
        try await second.value
    }

    @Test func `many chats take bounded memory`() async throws {
        let time = ManualTime()
        let gate = RateGate(
            account: Rate(1_000_000, per: .milliseconds(1)),
            chat: Rate(1, per: .seconds(60)),
            chatLimit: 100,
            time: time
        )
        for chat in 0..<1000 { try await gate.waits(for: "\(chat)") }
        #expect(await gate.chatCount <= 100)
        time.advance(by: .seconds(60))
        for chat in 0..<101 { try await gate.waits(for: "x\(chat)") }
        #expect(await gate.chatCount <= 101)
    }
}
