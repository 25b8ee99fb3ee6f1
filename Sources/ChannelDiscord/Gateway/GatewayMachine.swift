import Core

/// The gateway's protocol without the network: frames and time go in, steps come out
/// (<https://discord.com/developers/docs/events/gateway>).
///
/// It lives as long as the account runs: the session goes from one connection to the next.
struct GatewayMachine: Sendable {
    /// What is to be done now, in order.
    enum Step: Sendable, Equatable {
        case send(GatewayCommand)
        /// An event for the host; ``done(_:)`` is called with its number when the host has it.
        case deliver(seq: Int, GatewayEvent)
        /// The gateway serves the session; all that was missed is told when it is no new one.
        case established(isNew: Bool)
        /// The connection is to be closed with this code; ``end(_:)`` says what follows.
        case close(code: UInt16)
    }

    /// A code other than 1000 and 1001, so that the session can be gone on with.
    static let keepingSession: UInt16 = 4000

    private enum Phase: Sendable {
        case closed, greeting, identifying, resuming, standing
    }

    /// How long the gateway may take to greet, and then to answer IDENTIFY or RESUME.
    private static let patience: Duration = .seconds(30)
    /// What an interval between heartbeats may be, in milliseconds.
    private static let intervals = 50...600_000

    private var phase = Phase.closed
    private var known: GatewaySession?
    /// The session's READY has been taken with all that it brings; before that there is nothing to go on with.
    private var isReadyDone = false
    private var readySeq = 0
    private var ledger = SequenceLedger(confirmed: 0)
    private var interval: Duration = .zero
    private var nextBeat: Duration?
    private var deadline: Duration?
    private var isBeatOpen = false
    private var isHeld = false
    private var ending: GatewayNext?

    /// Goes on with a session of an earlier life, when there is one.
    init(session: GatewaySession?) {
        known = session
        ledger = SequenceLedger(confirmed: session?.seq ?? 0)
        isReadyDone = session != nil
    }

    /// What another connection can go on with, up to the last event that the host has.
    var session: GatewaySession? {
        guard isReadyDone, var session = known else { return nil }
        session.seq = ledger.confirmed
        return session
    }

    /// Whose events come: the session's id and the bot's own user; nil before the first READY.
    var identity: (id: String, user: String)? { known.map { ($0.id, $0.user) } }

    /// The session stands and events come.
    var isStanding: Bool { phase == .standing }

    /// Events that the host has not taken yet.
    var openCount: Int { ledger.openCount }

    /// When ``tick(at:)`` is to be called next; nil while nothing is awaited.
    var due: Duration? {
        switch (nextBeat, deadline) {
        case (let beat?, let end?): min(beat, end)
        case (let beat, let end): beat ?? end
        }
    }

    /// A connection is open.
    mutating func open(at now: Duration) {
        if !isReadyDone { known = nil }
        phase = .greeting
        deadline = now + Self.patience
        nextBeat = nil
        isBeatOpen = false
        isHeld = false
        ending = nil
        ledger.abandon()
    }

    /// Nothing is read for a while because too much waits: a missing acknowledgement says nothing.
    mutating func hold(_ isHeld: Bool) {
        self.isHeld = isHeld
        if isHeld { isBeatOpen = false }
    }

    /// A frame has come; `chance` in 0..<1 spreads the first heartbeats of many clients.
    mutating func take(_ frame: GatewayFrame, at now: Duration, chance: Double) -> [Step] {
        guard phase != .closed, ending == nil else { return [] }
        switch frame {
        case .hello(let milliseconds):
            return greeted(milliseconds, at: now, chance)
        case .beatWanted:
            guard interval > .zero else { return [] }
            nextBeat = now + interval
            isBeatOpen = !isHeld
            return [.send(.heartbeat(seq: heard))]
        case .beatAcknowledged:
            isBeatOpen = false
            return []
        case .reconnect:
            return leave(.again("Discord asked to connect anew", isStanding ? .soon : .backoff))
        case .invalidSession(let isResumable):
            if !isResumable { forget() }
            let pause = Duration.milliseconds(1_000 + Int64(chance * 4_000))
            return leave(.again("Discord has ended the session", .fixed(pause)))
        case .event(let seq, let event):
            return took(seq, event)
        case .unknown:
            return []
        }
    }

    /// The time that ``due`` named has come.
    mutating func tick(at now: Duration) -> [Step] {
        guard phase != .closed, ending == nil else { return [] }
        if let deadline, now >= deadline {
            return leave(.again("Discord did not answer within \(Self.patience.components.seconds) s", .backoff))
        }
        guard let nextBeat, now >= nextBeat else { return [] }
        guard !isBeatOpen else { return leave(.again("Discord did not acknowledge a heartbeat", .backoff)) }
        isBeatOpen = !isHeld
        self.nextBeat = now + interval
        return [.send(.heartbeat(seq: heard))]
    }

    /// The host has the event with this number.
    mutating func done(_ seq: Int) {
        ledger.finish(seq)
        if ledger.confirmed >= readySeq, known != nil { isReadyDone = true }
    }

    /// The session cannot be gone on with any more: the next connection begins a new one.
    mutating func forget() {
        known = nil
        isReadyDone = false
        ledger = SequenceLedger(confirmed: 0)
    }

    /// The connection has ended, with the server's close frame if there was one; says what to do next.
    mutating func end(_ close: GatewayClose?) -> GatewayNext {
        phase = .closed
        nextBeat = nil
        deadline = nil
        if let ending { return ending }
        let next = GatewayNext(close)
        if case .again(_, _) = next, let code = close?.code, GatewayClose.endsSession.contains(code) { forget() }
        return next
    }

    /// What a heartbeat acknowledges.
    private var heard: Int? { ledger.confirmed > 0 ? ledger.confirmed : nil }

    private mutating func greeted(_ milliseconds: Int, at now: Duration, _ chance: Double) -> [Step] {
        guard phase == .greeting else { return [] }
        guard Self.intervals.contains(milliseconds) else {
            return leave(.again("Discord asked for a heartbeat every \(milliseconds) ms", .backoff))
        }
        interval = .milliseconds(milliseconds)
        nextBeat = now + .milliseconds(Int64(Double(milliseconds) * chance))
        deadline = now + Self.patience
        if let session {
            phase = .resuming
            return [.send(.resume(session))]
        }
        phase = .identifying
        return [.send(.identify)]
    }

    private mutating func took(_ seq: Int, _ event: GatewayEvent) -> [Step] {
        deadline = nil
        switch (phase, event) {
        case (.identifying, .ready(let ready)):
            known = GatewaySession(id: ready.sessionID, url: ready.resumeURL, seq: 0, user: ready.user.id)
            ledger = SequenceLedger(confirmed: seq - 1)
            _ = ledger.begin(seq)
            readySeq = seq
            isReadyDone = false
            phase = .standing
            return [.established(isNew: true), .deliver(seq: seq, event)]
        case (.identifying, _):
            return leave(.again("Discord sent an event before READY", .backoff))
        case (.resuming, .resumed):
            phase = .standing
            pass(seq)
            return [.established(isNew: false)]
        case (_, .other), (_, .resumed), (_, .ready):
            pass(seq)
            return []
        default:
            return ledger.begin(seq) ? [.deliver(seq: seq, event)] : []
        }
    }

    /// An event that brings nothing.
    private mutating func pass(_ seq: Int) {
        if ledger.begin(seq) { done(seq) }
    }

    private mutating func leave(_ next: GatewayNext) -> [Step] {
        ending = next
        return [.close(code: Self.keepingSession)]
    }
}
