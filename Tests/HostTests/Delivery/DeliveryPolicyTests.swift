import ChannelKit
import Core
import LinuxIO
import SessionStore
import SessionStoreHost
import TestSupport
import Testing

@testable import Host

@Suite struct DeliveryPolicyTests {
    static let now = Timestamp(milliseconds: 1_790_000_000_000)

    func verdict(
        _ answer: DeliveryAnswer,
        attempts: Int = 1,
        wasUnknown: Bool = false,
        parts: Int = 0,
        hiddenUntil: Timestamp? = nil,
        age: Duration = .zero
    ) -> DeliveryVerdict {
        DeliveryPolicy().verdict(
            answer,
            attempts: attempts,
            wasUnknown: wasUnknown,
            parts: parts,
            hiddenUntil: hiddenUntil,
            recordedAt: Self.now,
            now: Self.now + age
        )
    }

    /// What comes of a message whose adapter takes this long, or hangs; time is turned by the second.
    func answer(after pause: Duration, hasKey: Bool = false, files: [OutboundFile] = []) async -> DeliveryAnswer {
        let clock = ManualTime()
        let slow = FakeChannel(
            capabilities: ChannelCapabilities(idempotencyKeys: hasKey, files: true),
            answer: { _ throws(ChannelError) in
                try? await clock.sleep(for: pause)
                return SentMessage(platformMessageID: "7")
            }
        )
        let turning = Task {
            while true {
                // The adapter and the deadline.
                try await clock.waitForSleepers(2)
                try Task.checkCancellation()
                clock.advance(by: .seconds(1))
            }
        }
        defer { turning.cancel() }
        let message = OutboundMessage(
            idempotencyKey: "m_1",
            address: ChatAddress(channel: "test", platformID: "c1"),
            body: .text("see", files: files),
            agentName: "Main",
            turn: .random()
        )
        return await AdapterCall.deliver(message, by: slow, time: clock)
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

    @Test func `§16.208 no answer is sent again with a key, and once and marked without one`() async {
        let safe = await answer(after: .seconds(90), hasKey: true)
        guard case .retry = verdict(safe, wasUnknown: true) else {
            Issue.record("a key makes a repeat safe")
            return
        }
        let silence = await answer(after: .seconds(90))
        #expect(verdict(silence) == .resend(parts: 0, note: DeliveryPolicy.unknownOutcome))
        guard case .unknown = verdict(silence, wasUnknown: true) else {
            Issue.record("a second silence is the end")
            return
        }
        #expect(
            verdict(.sent(SentMessage(platformMessageID: "7")), wasUnknown: true)
                == .delivered(platformMessageID: "7", parts: 1, note: DeliveryPolicy.unknownOutcome)
        )
    }

    @Test func `what may be there already is of unknown outcome when a later attempt fails`() {
        let lost = "the channel may have it from an earlier attempt; this one failed: "
        #expect(
            verdict(.refused(ChannelError(.rejected, "400")), wasUnknown: true) == .unknown(error: lost + "400")
        )
        #expect(
            verdict(.refused(ChannelError(.transient, "502")), wasUnknown: true, age: .seconds(24 * 3600))
                == .unknown(error: lost + "given up after a day: 502")
        )
    }

    @Test func `of a message whose rest has no known outcome what is there is not sent again`() {
        let lost = DeliveryAnswer.refused(ChannelError(.noAnswer, "the answer is lost", partsDone: 3))
        #expect(verdict(lost, parts: 2) == .resend(parts: 3, note: DeliveryPolicy.unknownOutcome))
    }

    @Test func `a file has the time that it needs at 64 KiB a second`() async throws {
        try await withTemporaryDirectory { folder in
            let file = OutboundFile(
                name: "film.mp4",
                descriptor: try Directory(path: folder).create("film.mp4"),
                size: 32 << 20
            )
            guard case .sent = await answer(after: .seconds(500), files: [file]) else {
                Issue.record("32 MiB may take 512 s")
                return
            }
        }
    }

    @Test func `T05 a row that was being sent at a crash is sent once more and marked`() {
        let again = DeliveryVerdict.resend(parts: 1, note: DeliveryPolicy.unknownOutcome)
        #expect(beforeRepeat(hidden: .zero) == again)
        #expect(beforeRepeat(hidden: nil, age: .seconds(3600)) == nil)
        guard case .unknown? = beforeRepeat(hidden: .zero, wasUnknown: true) else {
            Issue.record("the second crash ends it")
            return
        }
    }

    @Test func `a key that is known for a time makes a repeat safe so long, and none longer`() {
        let known = Duration.seconds(120)
        #expect(beforeRepeat(hidden: known, age: .milliseconds(119_999)) == nil)
        let again = DeliveryVerdict.resend(parts: 1, note: DeliveryPolicy.unknownOutcome)
        #expect(beforeRepeat(hidden: known, age: known) == again)
        #expect(beforeRepeat(hidden: known, age: .milliseconds(-1)) == again, "the clock was set back")
        #expect(beforeRepeat(hidden: known, isOpen: false, age: .seconds(3600)) == nil)
        guard case .unknown? = beforeRepeat(hidden: known, wasUnknown: true, age: known) else {
            Issue.record("there is no third")
            return
        }
    }

    @Test func `a lost answer is as a passing cause while a repeat is hidden`() {
        let lost = DeliveryAnswer.refused(ChannelError(.noAnswer, "lost"))
        let until = Self.now + .seconds(120)
        #expect(verdict(lost, hiddenUntil: until) == .retry(at: Self.now + .seconds(1), parts: 0, error: "lost"))
        #expect(
            verdict(lost, hiddenUntil: until, age: .seconds(119))
                == .resend(parts: 0, note: DeliveryPolicy.unknownOutcome)
        )
        guard case .unknown = verdict(.refused(ChannelError(.rejected, "400")), hiddenUntil: until) else {
            Issue.record("an attempt before may have brought it there")
            return
        }
    }

    /// What comes before the next attempt of a row whose last began this long ago and is open.
    private func beforeRepeat(
        hidden: Duration?,
        wasUnknown: Bool = false,
        isOpen: Bool = true,
        age: Duration = .zero
    ) -> DeliveryVerdict? {
        var row = Delivery(
            message: .random(),
            seq: 3,
            incarnation: 1,
            turn: .random(),
            kind: .chat,
            address: nil,
            content: "{}",
            state: .sending,
            partsDone: 1,
            error: wasUnknown ? DeliveryPolicy.unknownOutcome : nil,
            recordedAt: Self.now,
            updatedAt: Self.now
        )
        if isOpen { row.openSince = Self.now }
        return DeliveryPolicy().verdictBeforeRepeat(row, hidden: hidden, now: Self.now + age)
    }
}
