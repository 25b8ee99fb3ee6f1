import Core
import TestSupport

/// What the driver knows by itself, outside the system: which events were accepted, and every send.
struct CrashLedger: Sendable {
    struct Event: Sendable {
        let line: LedgerLine
        /// False for what people say to the host itself: once it is accepted it is done with.
        var wantsAnswer = true
        var isAccepted = false
        var acceptedAt: ContinuousClock.Instant?
        var answeredAt: ContinuousClock.Instant?
    }

    private(set) var events: [String: Event] = [:]
    /// Every send of the host; on a channel with idempotency keys one of each key, as such a platform shows it.
    private(set) var sends: [LedgerLine] = []
    private var keys: Set<String> = []

    /// What an agent's answer to the event holds and nothing else does.
    static func token(_ id: String) -> String { "answer-\(id)-" }

    mutating func offer(_ line: LedgerLine, wantsAnswer: Bool = true) {
        events[line.id] = Event(line: line, wantsAnswer: wantsAnswer)
    }

    mutating func accept(_ id: String, at now: ContinuousClock.Instant) {
        guard events[id]?.isAccepted == false else { return }
        events[id]?.isAccepted = true
        events[id]?.acceptedAt = now
        if events[id]?.wantsAnswer == false { events[id]?.answeredAt = now }
    }

    mutating func record(_ send: LedgerLine, at now: ContinuousClock.Instant) {
        let key = String(send.id.drop { $0 != ":" })
        if send.address.channel == "keyed", !keys.insert(key).inserted { return }
        sends.append(send)
        for id in events.keys where events[id]?.answeredAt == nil && answers(send, id) {
            events[id]?.answeredAt = now
            if !send.text.contains(Self.token(id)) { toolFailures[id] = send.text }
        }
    }

    /// Events that were answered with what befell their tool; only a thread tells whose answer that is.
    private(set) var toolFailures: [String: String] = [:]

    private static let toolFailures = [
        "The sandbox ended", "tool tier of this sandbox has ended", "did not start", "signal",
    ]

    private func answers(_ send: LedgerLine, _ id: String) -> Bool {
        if send.text.contains(Self.token(id)) { return true }
        guard let event = events[id], event.isAccepted, event.line.address.thread != nil else { return false }
        return send.address == event.line.address && Self.toolFailures.contains { send.text.contains($0) }
    }

    /// Events that the platform would hand over again.
    var unaccepted: [LedgerLine] { events.values.filter { !$0.isAccepted }.map(\.line) }

    /// Events without an answer.
    var open: [String] { events.values.filter { $0.answeredAt == nil }.map(\.line.id).sorted() }

    /// What came of each event that asked for a file: name and text of every one.
    var filesSent: [String: [String]] {
        var files: [String: [String]] = [:]
        for (id, event) in events where event.line.text.hasPrefix("send ") {
            files[id] = sends.compactMap(\.file).filter { $0.hasPrefix(Self.token(id)) }
        }
        return files
    }

    /// How often each event was answered, those answered once left out.
    var notOnce: [String: Int] {
        var counts: [String: Int] = [:]
        for (id, event) in events where event.wantsAnswer {
            let count = sends.count { $0.text.contains(Self.token(id)) } + (toolFailures[id] == nil ? 0 : 1)
            if count != 1 { counts[id] = count }
        }
        return counts
    }
}
