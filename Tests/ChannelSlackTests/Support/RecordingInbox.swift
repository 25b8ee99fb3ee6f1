import ChannelKit
import Core
import Glibc
import LinuxIO

/// A host that keeps what the adapter hands over, and can refuse to store it or be slow.
actor RecordingInbox: ChannelInbox {
    struct Refused: Error {}

    private(set) var events: [InboundEvent] = []
    private(set) var changes: [ChatChange] = []
    private(set) var answers: [CardAnswer] = []
    /// The bytes of each file, in the order they came.
    private(set) var files: [[UInt8]] = []
    private(set) var refusals = 0

    private var failuresLeft = 0
    private var receipt = CardReceipt.taken
    private var isHeld = false
    private var held: [CheckedContinuation<Void, Never>] = []
    private var waiters:
        [(done: @Sendable (isolated RecordingInbox) -> Bool, continuation: CheckedContinuation<Void, Never>)] = []
    private var calls = 0

    /// The next calls throw, so many of them.
    func failNext(_ count: Int) { failuresLeft = count }

    /// What those who press a button are told.
    func answerCards(_ receipt: CardReceipt) { self.receipt = receipt }

    /// Calls do not return until ``release()``.
    func hold() { isHeld = true }

    func release() {
        isHeld = false
        for call in held { call.resume() }
        held = []
    }

    /// Returns once so many events, changes and answers are there in all.
    func wait(_ count: Int) async { await wait { $0.events.count + $0.changes.count + $0.answers.count >= count } }

    /// Returns once so many calls were refused.
    func waitForRefusals(_ count: Int) async { await wait { $0.refusals >= count } }

    /// Returns once so many calls have begun.
    func waitForCalls(_ count: Int) async { await wait { $0.calls >= count } }

    func accept(_ event: InboundEvent) async throws {
        try await enter()
        for file in event.attachments {
            guard case .file(let path) = file.source else { continue }
            let number = open(path, O_RDONLY | O_CLOEXEC)
            guard number >= 0 else { throw Errno.last("open") }
            files.append(try Descriptor(owning: number).readAll(limit: 64 << 20))
        }
        events.append(event)
        tell()
    }

    func note(_ change: ChatChange) async throws {
        try await enter()
        changes.append(change)
        tell()
    }

    func answer(_ answer: CardAnswer) async throws -> CardReceipt {
        try await enter()
        answers.append(answer)
        tell()
        return receipt
    }

    private func enter() async throws {
        calls += 1
        tell()
        if isHeld { await withCheckedContinuation { held.append($0) } }
        guard failuresLeft > 0 else { return }
        failuresLeft -= 1
        refusals += 1
        tell()
        throw Refused()
    }

    private func wait(_ done: @escaping @Sendable (isolated RecordingInbox) -> Bool) async {
        if done(self) { return }
        await withCheckedContinuation { waiters.append((done, $0)) }
    }

    private func tell() {
        let ready = waiters.filter { $0.done(self) }
        waiters.removeAll { $0.done(self) }
        for waiter in ready { waiter.continuation.resume() }
    }
}
