import ChannelKit
import Core
import Testing

@testable import Host

@Suite struct DeliveryPolicyTests {
    static let now = Timestamp(milliseconds: 1_790_000_000_000)

    func verdict(
        _ answer: DeliveryAnswer,
        attempts: Int = 1,
        wasUnknown: Bool = false,
        hasKey: Bool = true,
        parts: Int = 0,
        age: Duration = .zero
    ) -> DeliveryVerdict {
        DeliveryPolicy().verdict(
            answer,
            attempts: attempts,
            wasUnknown: wasUnknown,
            hasKey: hasKey,
            parts: parts,
            recordedAt: Self.now,
            now: Self.now + age
        )
    }

    @Test func `T01 only sent is delivered`() {
        #expect(
            verdict(.sent(SentMessage(platformMessageID: "7")))
                == .delivered(platformMessageID: "7", parts: 1, note: nil)
        )
        #expect(
            verdict(.sent(SentMessage(platformMessageID: nil)))
                == .delivered(platformMessageID: nil, parts: 1, note: nil)
        )
    }

    @Test func `T02 rejected fails at once`() {
        #expect(verdict(.refused(ChannelError(.rejected, "400"))) == .failed(error: "400"))
    }

    @Test func `T03 passing causes keep the row, with growing pauses and Retry-After obeyed`() {
        let down = ChannelError(.notConnected, "down")
        #expect(verdict(.refused(down)) == .retry(at: Self.now + .seconds(1), parts: 0, error: "down"))
        #expect(verdict(.refused(down), attempts: 4) == .retry(at: Self.now + .seconds(8), parts: 0, error: "down"))
        #expect(verdict(.refused(down), attempts: 99) == .retry(at: Self.now + .seconds(60), parts: 0, error: "down"))
        let limited = ChannelError(.rateLimited(retryAfter: .seconds(33)), "slow down")
        #expect(verdict(.refused(limited)) == .retry(at: Self.now + .seconds(33), parts: 0, error: "slow down"))
        guard case .failed = verdict(.refused(down), attempts: 99, age: .seconds(24 * 3600)) else {
            Issue.record("a day later the row is given up")
            return
        }
    }

    @Test func `§16.216 parts that are out are not sent again`() {
        let error = ChannelError(.transient, "502", partsDone: 3)
        #expect(verdict(.refused(error), parts: 2) == .retry(at: Self.now + .seconds(1), parts: 3, error: "502"))
    }

    @Test func `§16.208 no answer is sent again with a key, and once and marked without one`() {
        guard case .retry = verdict(.noAnswer) else {
            Issue.record("a key makes a repeat safe")
            return
        }
        #expect(verdict(.noAnswer, hasKey: false) == .resend(note: DeliveryPolicy.unknownOutcome))
        guard case .unknown = verdict(.noAnswer, wasUnknown: true, hasKey: false) else {
            Issue.record("a second silence is the end")
            return
        }
        #expect(
            verdict(.sent(SentMessage(platformMessageID: "7")), wasUnknown: true, hasKey: false)
                == .delivered(platformMessageID: "7", parts: 1, note: DeliveryPolicy.unknownOutcome)
        )
    }

    @Test func `T05 a row that was being sent at a crash is sent once more and marked`() {
        let policy = DeliveryPolicy()
        #expect(
            policy.verdictAfterCrash(wasUnknown: false, hasKey: false) == .resend(note: DeliveryPolicy.unknownOutcome)
        )
        #expect(policy.verdictAfterCrash(wasUnknown: true, hasKey: true) == .resend(note: ""))
        guard case .unknown = policy.verdictAfterCrash(wasUnknown: true, hasKey: false) else {
            Issue.record("the second crash ends it")
            return
        }
    }
}
