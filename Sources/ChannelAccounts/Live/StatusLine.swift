import ChannelKit
import Core
import Synchronization

/// One message that says how long a turn has been at work, edited while it lasts.
final class StatusLine: Sendable {
    private struct State {
        /// What the turn does at the moment.
        var doing: String?
        /// The platform's id of the message, once there is one.
        var message: String?
        /// When the next state is to be said.
        var due: Duration
        var heldUntil: Duration = .zero
        /// A person is to do something: nobody is at work.
        var isWaiting = false
        var isSaying = false
        /// Nothing more is to be said but that it is over.
        var isOver = false
        var task: Task<Void, Never>?
    }

    /// Between two states, and before the first.
    static let period: Duration = .seconds(75)
    /// Attempts to say that it is over, and what they are apart.
    private static let attempts = 3
    private static let pause: Duration = .seconds(5)

    private let shape: EditedMessage
    private let began: Duration
    private let adapter: any ChannelAdapter
    private let time: any TimeSource
    private let state: Mutex<State>

    /// A line about a turn that begins now.
    init(_ shape: EditedMessage, adapter: any ChannelAdapter, time: any TimeSource) {
        self.shape = shape
        self.adapter = adapter
        self.time = time
        began = time.monotonic
        state = Mutex(State(due: began + Self.period))
    }

    /// Says the first state after one period, unless it is closed before.
    func start() { state.withLock { $0.task = Task { await self.run() } } }

    /// From now on the turn does something else.
    func does(_ doing: String?) {
        state.withLock { state in
            state.doing = doing
            state.isWaiting = false
        }
    }

    /// From now on the turn waits for a person.
    func waits() { state.withLock { $0.isWaiting = true } }

    /// Something else is to be seen now: the next state waits for another period.
    func postpone() {
        let due = time.monotonic + Self.period
        state.withLock { $0.due = max($0.due, due) }
    }

    /// The turn is over: what was said becomes the time that it took.
    func close() {
        let isSaying = state.withLock { state in
            state.isOver = true
            // What is being said may have been done: it is waited for, not cut off.
            if !state.isSaying { state.task?.cancel() }
            return state.isSaying
        }
        if !isSaying { conclude() }
    }

    private func run() async {
        // A sleep throws only when the line is closed, which says what is left to be said.
        while (try? await time.sleep(until: state.withLock { $0.due })) != nil {
            let now = time.monotonic
            switch begin(at: now) {
            case .wait: continue
            case .end: return
            case .say(let doing, let message):
                await say(Self.ongoing(now - began, doing), Draft.ongoing, in: message)
                guard !finish() else { return conclude() }
            }
        }
    }

    private enum Step {
        case say(doing: String?, in: String?)
        case wait, end
    }

    private func begin(at now: Duration) -> Step {
        state.withLock { state in
            guard !state.isOver else { return .end }
            guard state.due <= now else { return .wait }
            guard !state.isWaiting else {
                state.due = now + Self.period
                return .wait
            }
            state.isSaying = true
            return .say(doing: state.doing, in: state.message)
        }
    }

    /// True when the line was closed meanwhile.
    private func finish() -> Bool {
        state.withLock { state in
            state.isSaying = false
            state.due = max(time.monotonic + Self.period, state.heldUntil)
            return state.isOver
        }
    }

    private func conclude() {
        let message = state.withLock { state in
            defer { state.message = nil }
            return state.message
        }
        guard let message else { return }
        let text = Self.over(time.monotonic - began)
        Task {
            for attempt in 0..<Self.attempts {
                let pause = attempt == 0 ? .zero : time.monotonic + Self.pause
                let until = max(pause, state.withLock { $0.heldUntil })
                // Nobody cancels this task: a clock that ends is the end of the process.
                guard (try? await time.sleep(until: until)) != nil else { return }
                if await say(text, nil, in: message) { return }
            }
        }
    }

    /// True when nothing is left to try.
    @discardableResult
    private func say(_ text: String, _ mark: String?, in message: String?) async -> Bool {
        do {
            let sent = try await adapter.deliver(shape.state(text, mark, of: message))
            if message == nil { state.withLock { $0.message = sent.platformMessageID } }
            return true
        } catch {
            if case .rateLimited(let pause) = error.code {
                state.withLock { $0.heldUntil = time.monotonic + pause }
            }
            return error.code == .rejected
        }
    }

    // MARK: - Words

    static func ongoing(_ taken: Duration, _ doing: String?) -> String {
        "Still at work after \(words(taken))" + (doing.map { ": `\($0)`" } ?? "")
    }

    static func over(_ taken: Duration) -> String { "That took \(words(taken))." }

    /// Hours and minutes, or minutes and seconds.
    private static func words(_ taken: Duration) -> String {
        let seconds = Int(taken.components.seconds)
        let (hours, minutes) = (seconds / 3600, seconds / 60 % 60)
        if hours > 0 { return "\(hours) h \(minutes) min" }
        return minutes > 0 ? "\(minutes) min \(seconds % 60) s" : "\(seconds) s"
    }
}
