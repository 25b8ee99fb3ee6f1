import CentralStore
import Core
import GRDB
import Synchronization

/// The one writer of what comes into chats' histories and goes out of them again: changes that wait at the same time share
/// a commit, and what was added last stays at hand for those who look.
///
/// It writes in a task of its own: a caller that is cancelled takes no change with it, neither its own nor another's.
final class CLIHistory: Sendable {
    private enum Change {
        case add(CLIMessage)
        /// The host has taken this message of this chat.
        case close(String, in: String)
        /// The host could not take it.
        case remove(String, from: String)
    }

    /// One change on its way into the database.
    private struct Waiting {
        let change: Change
        let continuation: CheckedContinuation<Bool, any Error>
    }

    /// A written row and the position of the chat's last row before it.
    private struct Written {
        var row: CLIMessage
        var before: Int64
        var isNew: Bool
    }

    /// The newest rows of one chat: all that are above `floor`.
    private struct Tail {
        /// Rows of it.
        static let longest = 100

        var floor: Int64
        var rows: [CLIMessage] = []

        mutating func add(_ row: CLIMessage) {
            rows.append(row)
            if rows.count > Self.longest { floor = rows.removeFirst().position ?? floor }
        }
    }

    private struct Readers {
        var next = 0
        var wakers: [String: [Int: AsyncStream<Void>.Continuation]] = [:]
        /// Of chats that somebody reads.
        var tails: [String: Tail] = [:]
    }

    private struct Queue {
        var waiting: [Waiting] = []
        var isWriting = false
    }

    /// Changes of one commit.
    private static let batch = 64

    private let store: CentralStore
    private let queue = Mutex(Queue())
    private let readers = Mutex(Readers())

    init(store: CentralStore) { self.store = store }

    // MARK: - Writing

    /// Adds a row, durable when it returns; false when the chat has a row with this message id already.
    @discardableResult
    func append(_ row: CLIMessage) async throws -> Bool { try await make(.add(row)) }

    /// Notes that the host has taken a message that a person wrote.
    func close(_ message: String, in chat: String) async throws { _ = try await make(.close(message, in: chat)) }

    private func make(_ change: Change) async throws -> Bool {
        try await withCheckedThrowingContinuation { continuation in
            let isFirst = queue.withLock { queue in
                queue.waiting.append(Waiting(change: change, continuation: continuation))
                defer { queue.isWriting = true }
                return !queue.isWriting
            }
            if isFirst { Task { await write() } }
        }
    }

    /// Writes until nothing waits.
    private func write() async {
        while true {
            let batch = queue.withLock { queue in
                let batch = Array(queue.waiting.prefix(Self.batch))
                queue.waiting.removeFirst(batch.count)
                if batch.isEmpty { queue.isWriting = false }
                return batch
            }
            if batch.isEmpty { return }
            do {
                try await add(batch)
            } catch  where batch.count == 1 {
                batch[0].continuation.resume(throwing: error)
            } catch {
                // One that does not fit is no reason to refuse the others.
                for waiting in batch {
                    do { try await add([waiting]) } catch { waiting.continuation.resume(throwing: error) }
                }
            }
        }
    }

    private func add(_ batch: [Waiting]) async throws {
        let written = try await store.write(changesRouting: false) { db in
            try batch.map { waiting -> Written? in
                switch waiting.change {
                case .close(let message, let chat):
                    try CLIMessage.close(message, in: chat, db)
                    return nil
                case .remove(let message, let chat):
                    try CLIMessage.remove(message, from: chat, db)
                    return nil
                case .add(var row):
                    let before = try CLIMessage.newest(in: row.platformID, db)
                    row.position = try row.append(db)
                    return Written(row: row, before: before, isNew: row.position ?? 0 > before)
                }
            }
        }
        for case .remove(let message, let chat) in batch.map(\.change) {
            readers.withLock { $0.tails[chat]?.rows.removeAll { $0.messageID == message && $0.direction == .in } }
        }
        publish(written.compactMap(\.self).filter(\.isNew))
        for (waiting, written) in zip(batch, written) {
            waiting.continuation.resume(returning: written?.isNew ?? true)
        }
    }

    /// Removes a message that a person wrote.
    func remove(_ message: String, from chat: String) async throws { _ = try await make(.remove(message, from: chat)) }

    // MARK: - Reading

    /// Entries after a position, oldest first.
    func entries(of chat: String, after position: Int64, limit: Int) async throws -> [CLIMessage] {
        let atHand = readers.withLock { readers -> [CLIMessage]? in
            guard let tail = readers.tails[chat], position >= tail.floor else { return nil }
            return Array(tail.rows.drop { $0.position ?? 0 <= position }.prefix(limit))
        }
        if let atHand { return atHand }
        return try await store.read { db in try CLIMessage.after(position, in: chat, limit: limit, db) }
    }

    /// Yields whenever the chat's history has grown, until the caller lets go of it.
    func updates(of chat: String) -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let id = readers.withLock { readers in
            readers.next += 1
            readers.wakers[chat, default: [:]][readers.next] = continuation
            return readers.next
        }
        continuation.onTermination = { [weak self] _ in
            self?.readers.withLock { readers in
                readers.wakers[chat]?[id] = nil
                guard readers.wakers[chat]?.isEmpty == true else { return }
                readers.wakers[chat] = nil
                readers.tails[chat] = nil
            }
        }
        return stream
    }

    /// How many look at chats now.
    var readerCount: Int { readers.withLock { $0.wakers.values.reduce(0) { $0 + $1.count } } }

    /// Puts committed rows at hand and wakes those who read their chats.
    private func publish(_ written: [Written]) {
        for item in written {
            let chat = item.row.platformID
            let wakers = readers.withLock { readers -> [AsyncStream<Void>.Continuation] in
                guard let wakers = readers.wakers[chat] else { return [] }
                readers.tails[chat, default: Tail(floor: item.before)].add(item.row)
                return Array(wakers.values)
            }
            for waker in wakers { waker.yield() }
        }
    }
}
