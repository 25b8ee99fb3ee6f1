import Core
import LinuxIO
import Sandbox
import SessionStoreHost
import Synchronization

/// Why a runner was ended by the host; the first reason counts.
enum EndReason: Sendable, Equatable {
    /// Nothing was heard from it.
    case silent, neverStarted
    /// It held a lock on its files for too long.
    case blocking
    /// Its `outbound.db` is none that our runner makes.
    case quarantined(String)
    /// A newer configuration, a place for another session, the end of the host: no fault of its rows.
    case asked(String)
    /// It took the last room of the disk.
    case filling(String)
    /// A person stopped it.
    case stopped(UserID?)

    var words: String {
        switch self {
        case .silent: "the runner was silent for 30 s and was ended"
        case .neverStarted: "the runner showed no life within 10 s of its start and was ended"
        case .blocking: "the runner held its database locked and was ended"
        case .quarantined(let reason): "the runner's database is not to be trusted: \(reason)"
        case .asked(let why): "the host ended the runner: \(why)"
        case .filling(let why): why
        case .stopped(let user): "stopped by \(user.map { "\($0)" } ?? "the operator")"
        }
    }
}

/// One life of a session's runner, from its spawn to its death.
final class LiveRunner: Sendable {
    let sandbox: any RunningSandbox
    let incarnation: Incarnation
    /// What it was started with; a change of it needs a new runner.
    let plan: SpawnInputs
    private struct State {
        var liveness: Liveness
        var reason: EndReason?
        var lastUse: Duration
        var isOutdated = false
        var shownThrough: Int64?
    }
    private let state: Mutex<State>
    private let store: HostSession

    init(
        _ sandbox: any RunningSandbox,
        store: HostSession,
        incarnation: Incarnation,
        plan: SpawnInputs,
        liveness: Liveness,
        at now: Duration
    ) {
        self.sandbox = sandbox
        self.store = store
        self.incarnation = incarnation
        self.plan = plan
        state = Mutex(State(liveness: liveness, lastUse: now))
    }

    /// Tells the runner to look at its database.
    ///
    /// A full or closed socket needs no second bell.
    func ring() { _ = try? sandbox.bell.send([Bell.look]) }

    /// A message was stored for it.
    func used(at now: Duration) { state.withLock { $0.lastUse = now } }

    var lastUse: Duration { state.withLock { $0.lastUse } }

    /// What it was started with has changed: it is to end when it has nothing to do.
    var isOutdated: Bool {
        get { state.withLock { $0.isOutdated } }
        set { state.withLock { $0.isOutdated = newValue } }
    }

    func heard(at now: Duration) { state.withLock { $0.liveness.heard(at: now) } }

    var hasStarted: Bool { state.withLock { $0.liveness.hasStarted } }

    func look(at now: Duration) -> Liveness.Verdict { state.withLock { $0.liveness.look(at: now) } }

    /// Why the host ended it; nil when it ended by itself.
    var reason: EndReason? { state.withLock { $0.reason } }

    /// The number of the last message that may be to blame for its end, or was meant by who ended it.
    ///
    /// What is stored after the host has ended it waits for the next runner.
    var shownThrough: Int64 { state.withLock { $0.shownThrough } ?? store.storedThrough }

    /// Notes why it is to end; true for the first reason, and for a person's stop, which overrules what was asked before.
    func note(_ reason: EndReason) -> Bool {
        state.withLock { state in
            if case .stopped = reason {
                state.reason = reason
                state.shownThrough = store.storedThrough
                return true
            }
            guard state.reason == nil else { return false }
            state.reason = reason
            state.shownThrough = store.storedThrough
            return true
        }
    }

    /// Ends it at once.
    func kill(_ reason: EndReason) {
        _ = note(reason)
        sandbox.kill()
    }
}

/// The bytes of the bell socket.
enum Bell {
    static let look: UInt8 = 1
    static let alive: UInt8 = 2
}
