import Core
import LinuxIO
import SessionStore

/// What of one session is over at a time, and when the next of it will be; made without a change to anything.
///
/// Rows end by their own times. A file ends with the message that it belongs to, never while a row that is open names it.
/// Names in `outbox/` and `state/` were chosen in a sandbox: they are only compared and removed.
struct RetentionPlan {
    /// A file or folder that is to go.
    struct Removal {
        let item: RetentionItem
        let directory: Directory
        let entry: Directory.Entry
    }

    /// Rows of one table that end a period after a time of theirs.
    private struct RowRule {
        let kind: RetentionItem.Kind
        let table: String
        let column: String
        let isEnded: String
        let period: Duration?
    }

    /// How long a repeat of an event is known for one.
    static let repeats = Duration.seconds(90 * 86_400)
    /// The transcript that a session goes on from is the newest, or the one before: a turn that was cut off may have
    /// begun another.
    private static let lastTranscripts = 2

    private(set) var rows: [RetentionItem] = []
    private(set) var removals: [Removal] = []
    private(set) var nextDue: Timestamp?
    private let subject: RetentionSubject
    private let periods: SessionPeriods
    private let now: Timestamp
    private let ended: String

    init(
        _ subject: RetentionSubject,
        _ periods: SessionPeriods,
        now: Timestamp,
        in database: Connection,
        _ root: Directory
    ) throws {
        self.subject = subject
        self.periods = periods
        self.now = now
        // A file that nobody has opened since an upgrade has no such column yet.
        ended = try SessionSchema.version(of: database) > 1 ? "coalesce(ended_at, received_at)" : "received_at"
        for rule in rowRules { try look(at: rule, in: database) }
        for entry in try root.entries(limit: 100) {
            guard entry.name.hasPrefix("outbound.aside-"), let time = Int64(entry.name.dropFirst(15).prefix(13)) else {
                continue
            }
            if isOver(Timestamp(milliseconds: time), periods.failedFiles) { remove(entry, of: root, .aside) }
        }
        // What is no directory, or a link, holds nothing of ours.
        if let inbox = try? root.directory("inbound/inbox") { try look(atInbox: inbox, database) }
        if let outbox = try? root.directory("outbound/outbox") { try look(atOutbox: outbox, database) }
        if let state = try? root.directory("state") { try look(atState: state) }
    }

    var items: [RetentionItem] { rows + removals.map(\.item) }

    /// Deletes the rows; within the transaction in which the plan was made.
    func deleteRows(in database: Connection) throws {
        for rule in rowRules {
            guard let period = rule.period else { continue }
            try database.run(
                "DELETE FROM \(rule.table) WHERE \(rule.isEnded) AND \(rule.column) <= ?",
                now - period
            )
        }
    }

    // MARK: - Rows

    private var rowRules: [RowRule] {
        let recorded = "seq <= (SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'recorded_through')"
        return [
            RowRule(
                kind: .messages,
                table: "messages_in",
                column: ended,
                isEnded: "status IN ('completed', 'failed')",
                period: periods.messages
            ),
            RowRule(
                kind: .deliveries,
                table: "deliveries",
                column: "updated_at",
                isEnded: "state IN ('delivered', 'failed', 'unknown') AND \(recorded)",
                period: periods.messages
            ),
            RowRule(kind: .repeats, table: "seen", column: "seen_at", isEnded: "true", period: Self.repeats),
        ]
    }

    private mutating func look(at rule: RowRule, in database: Connection) throws {
        guard let period = rule.period else { return }
        let (count, next) =
            try database.first(
                """
                SELECT coalesce(sum(\(rule.column) <= ?1), 0), min(iif(\(rule.column) > ?1, \(rule.column), NULL))
                FROM \(rule.table) WHERE \(rule.isEnded)
                """,
                now - period
            ) { (Int($0.integer(0)), $0.optionalTime(1)) } ?? (0, nil)
        if count > 0 { rows.append(RetentionItem(rule.kind, session: subject.session, count: count)) }
        if let next { _ = isOver(next, period) }
    }

    // MARK: - Files

    private mutating func look(atInbox inbox: Directory, _ database: Connection) throws {
        for entry in try inbox.entries() {
            let row = try database.first("SELECT status, \(ended) FROM messages_in WHERE id = ?", entry.name) {
                (status: $0.text(0), ended: $0.time(1))
            }
            let isToGo =
                switch row?.status {
                // Left by a host that died before the row: nobody is about to write it.
                case nil: subject.isQuiet
                case "completed": isOver(row?.ended, shorter(periods.files, periods.messages))
                case "failed": isOver(row?.ended, shorter(periods.failedFiles, periods.messages))
                default: false
                }
            if isToGo { remove(entry, of: inbox, .inbox) }
        }
    }

    private mutating func look(atOutbox outbox: Directory, _ database: Connection) throws {
        for entry in try outbox.entries() {
            let row = try database.first(
                "SELECT state, updated_at FROM deliveries WHERE message_id = ?",
                entry.name
            ) { (state: DeliveryState(rawValue: $0.text(0)), updated: $0.time(1)) }
            let isToGo =
                switch row?.state {
                // Of a turn that never ended, unless its row is still on its way.
                case nil:
                    subject.isQuiet && row == nil
                        && isOver(Timestamp(milliseconds: entry.changed), periods.failedFiles)
                case .delivered: isOver(row?.updated, shorter(periods.files, periods.messages))
                case .failed, .unknown: isOver(row?.updated, shorter(periods.failedFiles, periods.messages))
                case .sending, .retry: false
                }
            if isToGo { remove(entry, of: outbox, .outbox) }
        }
    }

    private mutating func look(atState state: Directory) throws {
        if let closedAt = subject.closedAt, isOver(closedAt, periods.transcripts) {
            for entry in try state.entries() { remove(entry, of: state, .transcripts) }
        } else if let transcripts = try? state.directory("transcripts") {
            let entries = try transcripts.entries().sorted { $0.changed < $1.changed }
            for entry in entries.dropLast(Self.lastTranscripts)
            where isOver(Timestamp(milliseconds: entry.changed), periods.transcripts) {
                remove(entry, of: transcripts, .transcripts)
            }
        }
    }

    private mutating func remove(_ entry: Directory.Entry, of directory: Directory, _ kind: RetentionItem.Kind) {
        let item = RetentionItem(kind, session: subject.session, name: entry.name)
        removals.append(Removal(item: item, directory: directory, entry: entry))
    }

    // MARK: - Times

    /// Whether that long has passed; where it has not, the session is due when it will have.
    private mutating func isOver(_ start: Timestamp?, _ period: Duration?) -> Bool {
        guard let start, let period else { return false }
        let end = start + period
        if end <= now { return true }
        nextDue = min(nextDue ?? end, end)
        return false
    }

    private func shorter(_ one: Duration?, _ other: Duration?) -> Duration? {
        [one, other].compactMap(\.self).min()
    }
}
