import ChannelKit
import Core

/// The host's side as tests see it: keeps what was handed over, and refuses when told to.
actor RecordingInbox: ChannelInbox {
    struct StoreFailure: Error {}
    struct NothingCame: Error, CustomStringConvertible { var description: String }

    private(set) var events: [InboundEvent] = []
    private(set) var changes: [ChatChange] = []
    private(set) var answers: [CardAnswer] = []
    /// The bytes of files as they were when their message was handed over, by name.
    private(set) var files: [String: [UInt8]] = [:]
    /// Calls, those that failed among them.
    private(set) var calls = 0
    private var failures = 0
    private var isHeld = false
    private var held: [CheckedContinuation<Void, Never>] = []
    private var receipt: CardReceipt = .taken
    private var watchers:
        [(id: Int, isDone: @Sendable (isolated RecordingInbox) -> Bool, end: CheckedContinuation<Bool, Never>)] = []
    private var nextID = 0

    /// The next calls throw, so many of them.
    func fail(_ count: Int) { failures = count }

    /// Calls do not return until ``release()``.
    func hold() { isHeld = true }

    func release() {
        isHeld = false
        for call in held { call.resume() }
        held = []
    }

    func answerWith(_ receipt: CardReceipt) { self.receipt = receipt }

    func accept(_ event: InboundEvent) async throws {
        try await enter()
        for file in event.attachments {
            if case .file(let path) = file.source { files[file.name] = try read(path) }
        }
        events.append(event)
        wake()
    }

    func note(_ change: ChatChange) async throws {
        try await enter()
        changes.append(change)
        wake()
    }

    func answer(_ answer: CardAnswer) async throws -> CardReceipt {
        try await enter()
        answers.append(answer)
        wake()
        return receipt
    }

    /// Returns once this holds; throws after ten seconds.
    func wait(_ what: String, until isDone: @escaping @Sendable (isolated RecordingInbox) -> Bool) async throws {
        guard !isDone(self) else { return }
        let id = nextID
        nextID += 1
        let net = Task {
            try await Task.sleep(for: .seconds(10))
            self.giveUp(id)
        }
        defer { net.cancel() }
        let isHere = await withCheckedContinuation { watchers.append((id, isDone, $0)) }
        guard isHere else {
            throw NothingCame(
                description:
                    "\(what); there are \(events.map(\.content.text)), \(changes.map(\.kind)), \(answers.count) answers"
            )
        }
    }

    /// The events once there are so many.
    func events(_ count: Int) async throws -> [InboundEvent] {
        try await wait("\(count) events did not come") { $0.events.count >= count }
        return events
    }

    /// The changes once there are so many.
    func changes(_ count: Int) async throws -> [ChatChange] {
        try await wait("\(count) changes did not come") { $0.changes.count >= count }
        return changes
    }

    private func enter() async throws {
        calls += 1
        if isHeld { await withCheckedContinuation { held.append($0) } }
        guard failures > 0 else { return }
        failures -= 1
        wake()
        throw StoreFailure()
    }

    private func wake() {
        let done = watchers.filter { $0.isDone(self) }
        watchers.removeAll { watcher in done.contains { $0.id == watcher.id } }
        for watcher in done { watcher.end.resume(returning: true) }
    }

    private func giveUp(_ id: Int) {
        guard let index = watchers.firstIndex(where: { $0.id == id }) else { return }
        watchers.remove(at: index).end.resume(returning: false)
    }
}
