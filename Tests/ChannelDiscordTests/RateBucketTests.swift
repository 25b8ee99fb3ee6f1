import ChannelNetwork
import Testing

@testable import ChannelDiscord

@Suite struct RateBucketTests {
    private let send = DiscordRoute.send("1")
    private let other = DiscordRoute.send("2")

    private func told(
        _ remaining: Int,
        _ resetAfter: Duration,
        limit: Int = 5,
        bucket: String = "b"
    ) -> RateBuckets.Told {
        RateBuckets.Told(bucket: bucket, limit: limit, remaining: remaining, resetAfter: resetAfter)
    }

    @Test func readsHeaders() {
        let headers: HeaderList = [
            "X-RateLimit-Bucket": "abc", "X-RateLimit-Limit": "5", "X-RateLimit-Remaining": "0",
            "X-RateLimit-Reset-After": "1.250",
        ]
        #expect(RateBuckets.Told(headers) == told(0, .milliseconds(1250), bucket: "abc"))
        #expect(RateBuckets.Told([:]) == RateBuckets.Told())
    }

    @Test func waitsWhenABucketIsEmptyAndOnlyThere() {
        var buckets = RateBuckets()
        #expect(buckets.reserve(send, at: .zero) == .go(at: .zero))
        buckets.learned(told(1, .seconds(2)), of: send, at: .zero)
        #expect(buckets.reserve(send, at: .zero) == .go(at: .zero))
        #expect(buckets.reserve(send, at: .zero) == .ask(at: .seconds(2)))
        #expect(buckets.reserve(other, at: .zero) == .go(at: .zero))
        // The window is over: the whole of it may go again.
        for _ in 0..<5 { #expect(buckets.reserve(send, at: .seconds(2)) == .go(at: .seconds(2))) }
        #expect(buckets.reserve(send, at: .seconds(2)) == .ask(at: .seconds(3)))
    }

    @Test func anAnswerThatWasOvertakenGivesNothingBack() {
        var buckets = RateBuckets()
        buckets.learned(told(1, .seconds(2)), of: send, at: .zero)
        buckets.learned(told(2, .seconds(2)), of: send, at: .milliseconds(10))
        #expect(buckets.reserve(send, at: .milliseconds(20)) == .go(at: .milliseconds(20)))
        guard case .ask = buckets.reserve(send, at: .milliseconds(20)) else {
            Issue.record("two went where one was left")
            return
        }
    }

    @Test func routesOfOneBucketShareIt() {
        var buckets = RateBuckets()
        let edit = DiscordRoute.edit("7", in: "1")
        buckets.learned(told(4, .seconds(2), bucket: "same"), of: send, at: .zero)
        buckets.learned(told(0, .seconds(2), bucket: "same"), of: edit, at: .zero)
        #expect(buckets.reserve(send, at: .zero) == .ask(at: .seconds(2)))
    }

    @Test func obeysARefusal() {
        var buckets = RateBuckets()
        buckets.limited(send, for: .seconds(7), isGlobal: false, at: .zero)
        #expect(buckets.reserve(send, at: .seconds(6)) == .ask(at: .seconds(7)))
        #expect(buckets.reserve(other, at: .seconds(6)) == .go(at: .seconds(6)))
        #expect(buckets.reserve(send, at: .seconds(7)) == .go(at: .seconds(7)))
        buckets.limited(send, for: .seconds(9), isGlobal: true, at: .seconds(7))
        #expect(buckets.reserve(other, at: .seconds(8)) == .ask(at: .seconds(16)))
        // Answers to interactions are not counted there.
        let callback = DiscordRoute.callback("5", token: "t")
        #expect(buckets.reserve(callback, at: .seconds(8)) == .go(at: .seconds(8)))
    }

    @Test func neverMoreThanFiftyASecond() {
        var buckets = RateBuckets()
        let times = (0..<75).map { index -> Duration in
            guard case .go(let at) = buckets.reserve(.send("\(index)"), at: .zero) else { return .seconds(99) }
            return at
        }
        #expect(times.filter { $0 == .zero }.count == 50)
        #expect(times.last == .milliseconds(500))
    }

    @Test func stopsBeforeThePlatformShutsItOut() {
        var buckets = RateBuckets()
        for _ in 0..<1_999 { buckets.refused(at: .seconds(1_000)) }
        #expect(buckets.reserve(send, at: .seconds(1_001)) == .go(at: .seconds(1_001)))
        buckets.refused(at: .seconds(1_001))
        #expect(buckets.reserve(send, at: .seconds(1_002)) == .ask(at: .seconds(1_600)))
        buckets.refused(at: .seconds(1_700))
        #expect(buckets.reserve(send, at: .seconds(1_700)) == .go(at: .seconds(1_700)))
    }
}
