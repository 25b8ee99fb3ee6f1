import Core
import SessionStore

/// What the last snapshot of `outbound.db` held and `inbound.db` does not record yet.
struct OutboundBacklog {
    var rows: [OutboundRow] = []
    var acks: [Ack] = []
    var runner: RunnerState?
    /// The highest number seen there, ever.
    var highestSeq: Int64 = 0
    /// Ids of rows that were told as rejected.
    var told: Set<String> = []

    /// True once a snapshot was taken: only then is it known what waits.
    var isKnown = false

    init(highestSeq: Int64 = 0) { self.highestSeq = highestSeq }

    /// True when everything the snapshot asked for is recorded.
    var isEmpty: Bool { rows.isEmpty && !acks.contains { $0.state != .processing } }

    /// Takes over what a copy held.
    mutating func take(_ tables: OutboundTables) {
        rows = tables.rows
        acks = tables.acks
        runner = tables.runner ?? runner
        highestSeq = max(highestSeq, rows.last?.seq ?? 0)
        isKnown = true
    }

    /// Those that were not told before.
    mutating func untold(_ rejected: [OutboundSnapshot.Rejected]) -> [OutboundSnapshot.Rejected] {
        if told.count > 10_000 { told = [] }
        return rejected.filter { told.insert("\($0.id) \($0.reason)").inserted }
    }

    /// Forgets what these changes have recorded.
    mutating func drop(_ changes: [HostChange]) {
        var recorded: Set<MessageID> = []
        var acked: Set<MessageID> = []
        for change in changes {
            switch change {
            case .delivery(let delivery): recorded.insert(delivery.message)
            case .acked(let acks): acked.formUnion(acks.map(\.message))
            case .retryRows, .failRows, .insert: continue
            }
        }
        rows.removeAll { recorded.contains($0.id) }
        acks.removeAll { acked.contains($0.message) }
    }
}
