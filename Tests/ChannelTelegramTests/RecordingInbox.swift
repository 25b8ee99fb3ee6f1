import ChannelKit
import Core
import Glibc
import LinuxIO

/// A host that keeps what adapters hand over, and can refuse to store it.
actor RecordingInbox: ChannelInbox {
    struct Refused: Error {}

    /// What was handed over, in order.
    enum Item: Sendable, Equatable {
        case event(InboundEvent)
        case change(ChatChange)
        case answer(CardAnswer)
    }

    private(set) var items: [Item] = []
    /// The bytes of each file, in the order they came; a file is gone once its message is taken.
    private(set) var files: [[UInt8]] = []
    private(set) var refusals = 0
    private var failuresLeft = 0
    private var receipt = CardReceipt.taken
    private var waiters: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
    private var refusalWaiters: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []

    var events: [InboundEvent] {
        items.compactMap { if case .event(let event) = $0 { event } else { nil } }
    }
    var changes: [ChatChange] {
        items.compactMap { if case .change(let change) = $0 { change } else { nil } }
    }
    var answers: [CardAnswer] {
        items.compactMap { if case .answer(let answer) = $0 { answer } else { nil } }
    }

    /// The next calls throw, so many of them.
    func failNext(_ count: Int) { failuresLeft = count }

    /// What those who press a button are told.
    func answerCards(_ receipt: CardReceipt) { self.receipt = receipt }

    /// Returns once so many items are there, and all of them.
    @discardableResult
    func wait(_ count: Int) async -> [Item] {
        if items.count < count { await withCheckedContinuation { waiters.append((count, $0)) } }
        return items
    }

    /// Returns once so many were refused.
    func waitForRefusals(_ count: Int) async {
        if refusals < count { await withCheckedContinuation { refusalWaiters.append((count, $0)) } }
    }

    func accept(_ event: InboundEvent) async throws {
        let bytes = try event.attachments.map { file -> [UInt8] in
            guard case .file(let path) = file.source else { return [] }
            let number = open(path, O_RDONLY | O_CLOEXEC)
            guard number >= 0 else { throw Errno.last("open") }
            return try Descriptor(owning: number).readAll(limit: 64 << 20)
        }
        try take(.event(event))
        files += bytes
    }

    func note(_ change: ChatChange) async throws { try take(.change(change)) }

    func answer(_ answer: CardAnswer) async throws -> CardReceipt {
        try take(.answer(answer))
        return receipt
    }

    private func take(_ item: Item) throws {
        if failuresLeft > 0 {
            failuresLeft -= 1
            refusals += 1
            for waiter in refusalWaiters where waiter.count <= refusals { waiter.continuation.resume() }
            refusalWaiters.removeAll { $0.count <= refusals }
            throw Refused()
        }
        items.append(item)
        for waiter in waiters where waiter.count <= items.count { waiter.continuation.resume() }
        waiters.removeAll { $0.count <= items.count }
    }
}
