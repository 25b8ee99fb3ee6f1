package import ChannelKit
import Core
import Synchronization

/// A host that keeps what an adapter hands over, wakes those who wait for it, and can refuse to store it.
package final class TestInbox: ChannelInbox {
    /// What an adapter is told of a refusal to store.
    package struct Refused: Error {}

    private struct Waiter {
        var isDone: @Sendable (InboxLog) -> Bool
        var continuation: CheckedContinuation<InboxLog, any Error>
    }

    private struct State {
        var log = InboxLog()
        var refusalsLeft = 0
        var refusedText: String?
        var receipt = CardReceipt.taken
        var waiters: [Int: Waiter] = [:]
        var nextID = 0
        /// Why nothing comes any more.
        var end: (any Error)?
    }

    private let state = Mutex(State())

    package init() {}

    package var log: InboxLog { state.withLock { $0.log } }

    /// The next calls throw, so many of them.
    package func refuse(_ count: Int) { state.withLock { $0.refusalsLeft = count } }

    /// Messages with this text are never taken, whatever else is.
    package func refuse(text: String) { state.withLock { $0.refusedText = text } }

    /// What those who press a button are told from now on.
    package func answer(with receipt: CardReceipt) { state.withLock { $0.receipt = receipt } }

    /// Returns the log once it is as the condition says; throws ``NothingCame`` with what is there, or why nothing comes.
    @discardableResult
    package func wait(
        for what: String,
        until isDone: @escaping @Sendable (InboxLog) -> Bool
    ) async throws -> InboxLog {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        let limit = ConformanceNet.limit
        let net = Task {
            try await SystemTime().sleep(for: limit)
            let (waiter, log) = state.withLock { ($0.waiters.removeValue(forKey: id), $0.log) }
            waiter?.continuation.resume(throwing: NothingCame(what, after: limit, instead: log.summary))
        }
        defer { net.cancel() }
        return try await withCheckedThrowingContinuation { continuation in
            let now = state.withLock { state -> Result<InboxLog, any Error>? in
                if isDone(state.log) { return .success(state.log) }
                if let end = state.end { return .failure(end) }
                state.waiters[id] = Waiter(isDone: isDone, continuation: continuation)
                return nil
            }
            if let now { continuation.resume(with: now) }
        }
    }

    /// Returns the log once an event with this text was taken.
    @discardableResult
    package func wait(forText text: String) async throws -> InboxLog {
        try await wait(for: "the message \"\(text.prefix(60))\"") { $0.texts.contains(text) }
    }

    /// Nothing comes any more: everybody who waits is told why.
    func end(_ reason: any Error) {
        let waiters = state.withLock { state in
            state.end = reason
            defer { state.waiters = [:] }
            return state.waiters.values
        }
        for waiter in waiters { waiter.continuation.resume(throwing: reason) }
    }

    /// Why the adapter's life ended; nil while it lasts.
    var ended: (any Error)? { state.withLock { $0.end } }

    // MARK: - As a host

    package func accept(_ event: InboundEvent) async throws {
        // Read before anything else: a file is there for this call only.
        var files: [(name: String, path: String?, digest: String)] = []
        for file in event.attachments {
            switch file.source {
            case .bytes(let bytes): files.append((file.name, nil, FileDigest.of(bytes)))
            case .file(let path): files.append((file.name, path, try await FileDigest.ofFile(path)))
            }
        }
        try take(.event(event), files)
    }

    package func note(_ change: ChatChange) async throws { try take(.change(change)) }

    package func answer(_ answer: CardAnswer) async throws -> CardReceipt {
        try take(.answer(answer))
        return state.withLock { $0.receipt }
    }

    private func take(_ item: InboxLog.Item, _ files: [(name: String, path: String?, digest: String)] = []) throws {
        let (isTaken, due, log) = state.withLock { state in
            var isTaken = state.refusalsLeft == 0
            state.refusalsLeft = max(0, state.refusalsLeft - 1)
            if case .event(let event) = item, event.content.text == state.refusedText { isTaken = false }
            if isTaken {
                state.log.items.append(item)
                state.log.files += files
            } else {
                state.log.refused.append(item)
            }
            let due = state.waiters.filter { $0.value.isDone(state.log) }
            for id in due.keys { state.waiters[id] = nil }
            return (isTaken, due.values, state.log)
        }
        for waiter in due { waiter.continuation.resume(returning: log) }
        if !isTaken { throw Refused() }
    }
}
