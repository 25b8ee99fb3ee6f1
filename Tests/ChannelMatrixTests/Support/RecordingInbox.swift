import ChannelKit
import Core
import TestSupport

/// A host that keeps what it is handed.
actor RecordingInbox: ChannelInbox {
    enum Handed: Sendable {
        case event(InboundEvent)
        case change(ChatChange)
        case answer(CardAnswer)
    }

    /// The store cannot be written.
    struct Full: Error {}

    private(set) var handed: [Handed] = []
    /// Bytes of files, by message, read while they were there.
    private(set) var files: [String: [UInt8]] = [:]
    private var failures = 0
    private var receipt = CardReceipt.taken
    private var welcome: Set<String> = []
    private var waiters:
        [(id: Int, isMet: @Sendable ([Handed]) -> Bool, continuation: CheckedContinuation<Void, any Error>)] = []
    private var next = 0

    func fail(_ times: Int) { failures = times }
    func refuse(_ words: String) { receipt = .refused(words) }
    func welcome(_ user: String) { welcome.insert(user) }
    func unwelcome(_ user: String) { welcome.remove(user) }

    func accept(_ event: InboundEvent) async throws {
        try checkFailure()
        for file in event.attachments {
            if case .file(let path) = file.source { files[event.platformMessageID] = try await readFile(path) }
        }
        add(.event(event))
    }

    func note(_ change: ChatChange) async throws {
        try checkFailure()
        add(.change(change))
    }

    func answer(_ answer: CardAnswer) async throws -> CardReceipt {
        try checkFailure()
        add(.answer(answer))
        return receipt
    }

    func welcomes(_ user: UserID) async throws -> Bool { welcome.contains(user.native) }

    var events: [InboundEvent] { handed.compactMap { if case .event(let event) = $0 { event } else { nil } } }
    var changes: [ChatChange] { handed.compactMap { if case .change(let change) = $0 { change } else { nil } } }
    var answers: [CardAnswer] { handed.compactMap { if case .answer(let answer) = $0 { answer } else { nil } } }

    /// The first event with this text; throws when it does not come within 20 s.
    func event(saying text: String) async throws -> InboundEvent {
        try await wait("a message \"\(text)\"") { handed in
            handed.contains { if case .event(let event) = $0 { event.content.text == text } else { false } }
        }
        guard let event = events.first(where: { $0.content.text == text }) else { throw Full() }
        return event
    }

    /// The first change that fits.
    func change(_ what: String, _ fits: @escaping @Sendable (ChatChange) -> Bool) async throws -> ChatChange {
        try await wait(what) { handed in
            handed.contains { if case .change(let change) = $0 { fits(change) } else { false } }
        }
        guard let change = changes.first(where: fits) else { throw Full() }
        return change
    }

    func wait(_ what: String, _ isMet: @escaping @Sendable ([Handed]) -> Bool) async throws {
        if isMet(handed) { return }
        next += 1
        let id = next
        let timer = Task {
            try await Task.sleep(for: .seconds(20))
            self.giveUp(id, what)
        }
        defer { timer.cancel() }
        try await withCheckedThrowingContinuation { waiters.append((id, isMet, $0)) }
    }

    private func giveUp(_ id: Int, _ what: String) {
        guard let index = waiters.firstIndex(where: { $0.id == id }) else { return }
        let waiter = waiters.remove(at: index)
        waiter.continuation.resume(throwing: Judge.Failure(description: "\(what) did not come; what came: \(handed)"))
    }

    private func checkFailure() throws {
        guard failures > 0 else { return }
        failures -= 1
        throw Full()
    }

    private func add(_ one: Handed) {
        handed.append(one)
        let met = waiters.filter { $0.isMet(handed) }
        waiters.removeAll { waiter in met.contains { $0.id == waiter.id } }
        for waiter in met { waiter.continuation.resume() }
    }

    private func readFile(_ path: String) async throws -> [UInt8] {
        try await offPool { try readWhole(path) }
    }
}
