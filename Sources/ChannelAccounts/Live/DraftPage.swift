import ChannelKit
import Core
import Synchronization

/// One message while it is being written: shows its states one after another, and leaves its place to what it becomes.
final class DraftPage: Sendable {
    private struct State {
        var text = ""
        /// Of ``text``, in the platform's unit.
        var size = 0
        /// What comes next is written anew.
        var isStale = false
        var pacing: DraftPacing
        /// The state that was last handed to the platform.
        var shown = ""
        /// The platform's id of the message that shows the draft.
        var message: String?
        var isShowing = false
        /// No state is shown from now on.
        var isOver = false
        /// Its message is to become another one.
        var isGiven = false
        /// Its message is to say that nobody writes it any further.
        var isUnwanted = false
        var task: Task<Void, Never>?
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    /// Between two states of an ephemeral draft.
    private static let ephemeralPause: Duration = .seconds(1)
    /// Text over this is not shown where a platform has no limit, in bytes.
    private static let longest = 32 * 1024
    /// The longest that a finished message waits for a state that is just being shown.
    private static let patience: Duration = .seconds(5)
    /// What a platform may make drafts wait and the finished message takes the place all the same: two messages are worse.
    private static let shortPause: Duration = .seconds(1)
    /// Attempts to say that a message is not finished.
    private static let attempts = 3

    private let id: UInt64
    private let shape: EditedMessage
    private let adapter: any ChannelAdapter
    private let style: DraftStyle
    private let rules: TextRules?
    private let time: any TimeSource
    private let state: Mutex<State>

    /// A draft of an adapter that shows any; it is shown from ``start()`` on.
    init(
        _ id: UInt64,
        turn: TurnID,
        at address: ChatAddress,
        by agentName: String,
        adapter: any ChannelAdapter,
        time: any TimeSource
    ) {
        self.id = id
        shape = EditedMessage(at: address, by: agentName, about: turn)
        self.adapter = adapter
        self.time = time
        let capabilities = adapter.capabilities
        style = capabilities.drafts
        rules = capabilities.text
        let now = time.monotonic
        let pacing =
            if case .edits(let every) = capabilities.drafts {
                DraftPacing(every: every, isPatient: true, began: now)
            } else {
                DraftPacing(every: Self.ephemeralPause, isPatient: false, began: now)
            }
        state = Mutex(State(pacing: pacing))
    }

    func start() { state.withLock { $0.task = Task { await self.run() } } }

    // MARK: - Writing

    /// All that was written, up to a limit.
    var text: String { state.withLock { $0.isStale ? "" : $0.text } }

    func write(_ more: String) {
        let size = rules?.length(more) ?? more.utf8.count
        state.withLock { state in
            if state.isStale { (state.text, state.size, state.isStale) = ("", 0, false) }
            // What does not fit one message is seen when it is finished.
            guard state.size < min(rules?.limit ?? Self.longest, Self.longest) else { return }
            state.text += more
            state.size += size
        }
    }

    /// What was written does not count any more; it stays until there is something else.
    func rewrite() { state.withLock { $0.isStale = true } }

    // MARK: - Showing

    private enum Step {
        case show(String, of: String?)
        case look(at: Duration)
    }

    private func run() async {
        while let step = next() {
            switch step {
            case .show(let text, let message):
                await show(text, message)
                shown()
            case .look(let at):
                // Cut short when the draft is over.
                guard (try? await time.sleep(until: at)) != nil else { return }
            }
        }
    }

    private func next() -> Step? {
        let now = time.monotonic
        return state.withLock { state in
            guard !state.isOver else { return nil }
            let isNew = state.text != state.shown
            switch state.pacing.step(characters: state.text.count, isNew: isNew, at: now) {
            case .look(let at): return .look(at: at)
            case .show:
                state.pacing.shown(at: now)
                state.shown = state.text
                state.isShowing = true
                return .show(state.text, of: state.message)
            }
        }
    }

    private func show(_ text: String, _ message: String?) async {
        guard case .edits = style else { return await adapter.show(Draft(address: shape.address, id: id, text: text)) }
        do {
            let sent = try await adapter.deliver(shape.state(text, Draft.ongoing, of: message))
            state.withLock { state in
                state.message = message ?? sent.platformMessageID
                // What has no id cannot be edited.
                if state.message == nil { state.isOver = true }
            }
        } catch {
            failed(error)
        }
    }

    private func failed(_ error: ChannelError) {
        let now = time.monotonic
        state.withLock { state in
            switch error.code {
            case .rateLimited(let pause): state.pacing.hold(until: now + pause)
            case .rejected: state.isOver = true
            case .notConnected, .transient, .noAnswer: break
            }
        }
    }

    private func shown() {
        let (waiters, isUnwanted) = state.withLock { state in
            state.isShowing = false
            defer { state.waiters = [] }
            return (state.waiters, state.isUnwanted)
        }
        for waiter in waiters { waiter.resume() }
        if isUnwanted { putAway() }
    }

    // MARK: - The end

    /// Shows no state from now on, and waits a few seconds for one that is under way.
    ///
    /// Answers with the message whose place a finished one is to take; nil when there is none, when the platform has asked
    /// drafts to wait, or when a state may still come: the finished one is sent beside it then.
    func close(givesPlace: Bool) async -> String? {
        if stop() { _ = try? await Deadline.run(Self.patience, time) { await self.settled() } }
        let now = time.monotonic
        return state.withLock { state in
            let isHeld = state.pacing.isHeld(at: now + Self.shortPause) && !state.isGiven
            guard givesPlace, !state.isShowing, !isHeld else { return nil }
            guard let message = state.message else { return nil }
            state.isGiven = true
            return message
        }
    }

    /// The finished message is with the platform under this id: if it is another, the draft's says that it is over.
    func became(_ platformMessageID: String?) {
        let hasItsPlace = state.withLock { state in
            state.isGiven && (platformMessageID == nil || platformMessageID == state.message)
        }
        if !hasItsPlace { abandon() }
    }

    /// Nobody writes the message any further: what is shown of it says so.
    func abandon() {
        state.withLock { $0.isUnwanted = true }
        if !stop() { putAway() }
    }

    /// True when a state is being shown.
    private func stop() -> Bool {
        state.withLock { state in
            state.isOver = true
            // What is being shown may have been done: it is waited for, not cut off.
            if !state.isShowing { state.task?.cancel() }
            return state.isShowing
        }
    }

    private func settled() async {
        await withCheckedContinuation { continuation in
            let isSettled = state.withLock { state in
                if state.isShowing { state.waiters.append(continuation) }
                return !state.isShowing
            }
            if isSettled { continuation.resume() }
        }
    }

    private func putAway() {
        let (message, text) = state.withLock { state in
            defer { state.message = nil }
            return (state.message, state.shown)
        }
        if let message { Task { await interrupt(message, text) } }
    }

    private func interrupt(_ message: String, _ text: String) async {
        for _ in 0..<Self.attempts {
            let until = state.withLock { $0.pacing.heldUntil }
            guard (try? await time.sleep(until: until)) != nil else { return }
            do {
                _ = try await adapter.deliver(shape.state(text, Draft.interrupted, of: message))
                return
            } catch {
                guard error.code != .rejected else { return }
                failed(error)
                state.withLock { $0.pacing.hold(until: time.monotonic + Self.patience) }
            }
        }
    }
}
