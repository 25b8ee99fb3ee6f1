import CSQLite
import Core
import SessionStore

/// Reads the rows of a copy one by one; what does not follow the rules is set aside with the reason.
struct OutboundTables {
    var rows: [OutboundRow] = []
    var acks: [Ack] = []
    var runner: RunnerState?
    var rejected: [OutboundSnapshot.Rejected] = []
    /// True when there are more rows than were read.
    var isCut = false

    /// Rows of `messages_out` read at once.
    static let most = 2000
    /// Acks read at once: as many as an honest file of the largest size has.
    ///
    /// What is left out would be left out by every look, as nothing says where the next one has to go on.
    static let mostAcks = 100_000
    /// How far a number may lie above the highest that is known: the counters rise by one row at a time.
    static let window: Int64 = 1_000_000

    /// Reads rows numbered above `floor` and all acks; `highest` is the highest number known of both sides.
    init(_ copy: HostileDatabase, above floor: Int64, highest: Int64, incarnation: Incarnation) throws {
        var ids: Set<MessageID> = []
        var count = 0
        _ = try copy.database.rows(
            """
            SELECT id, seq, in_reply_to, turn, kind, channel_type, platform_id, thread_id, content, deliver_after
            FROM messages_out WHERE seq > ? ORDER BY seq LIMIT \(Self.most)
            """,
            floor
        ) { record in
            count += 1
            do throws(Refusal) {
                let row = try Fields(record).outboundRow(highest: highest)
                guard rows.last?.seq != row.seq else { throw Refusal("its seq \(row.seq) is there twice") }
                guard ids.insert(row.id).inserted else { throw Refusal("its id is there twice") }
                rows.append(row)
            } catch {
                rejected.append(.init(id: Fields(record).printable(0), reason: error.reason))
            }
        }
        isCut = count == Self.most
        _ = try copy.database.rows(
            "SELECT message_id, incarnation, state, turn, detail FROM processing_ack LIMIT \(Self.mostAcks)"
        ) { record in
            do throws(Refusal) {
                acks.append(try Fields(record).ack(incarnation: incarnation))
            } catch {
                guard rejected.count < Self.most else { return }
                rejected.append(.init(id: Fields(record).printable(0), reason: "ack: \(error.reason)"))
            }
        }
        _ = try copy.database.rows("SELECT incarnation, phase, tools, updated_at FROM runner_state LIMIT 1") { record in
            do throws(Refusal) {
                runner = try Fields(record).runnerState(incarnation: incarnation)
            } catch {
                rejected.append(.init(id: "runner_state", reason: error.reason))
            }
        }
    }
}

/// Why a row is set aside.
struct Refusal: Error {
    let reason: String
    init(_ reason: String) { self.reason = reason }
}

/// The columns of one row, each checked for its type and its bounds before it is used.
struct Fields {
    private let row: Row

    init(_ row: Row) { self.row = row }

    // MARK: - Rows

    func outboundRow(highest: Int64) throws(Refusal) -> OutboundRow {
        let id: MessageID = try identifier(0, "id")
        guard !id.isOfHost else { throw Refusal("its id \(id) is one that only the host gives") }
        let seq = try integer(1, "seq")
        guard seq > 0, seq % 2 == 1 else { throw Refusal("its seq \(seq) is no odd number above 0") }
        guard seq <= highest + OutboundTables.window else {
            throw Refusal("its seq \(seq) lies too far above \(highest), the highest known")
        }
        let kindText = try text(4, "kind", most: 32)
        guard let kind = OutboundKind(rawValue: kindText) else {
            throw Refusal("the kind \"\(kindText)\" is not known")
        }
        let time = try optionalInteger(9, "deliver_after")
        guard time.map({ (0...Self.latest).contains($0) }) ?? true else {
            throw Refusal("its deliver_after is no time of this age")
        }
        return OutboundRow(
            id: id,
            seq: seq,
            inReplyTo: try optionalIdentifier(2, "in_reply_to"),
            turn: try identifier(3, "turn"),
            content: try content(8, kind),
            address: try address(5),
            deliverAfter: time.map(Timestamp.init)
        )
    }

    func ack(incarnation: Incarnation) throws(Refusal) -> Ack {
        let message: MessageID = try identifier(0, "message_id")
        let life = try integer(1, "incarnation")
        guard (0...incarnation).contains(life) else {
            throw Refusal("it is of incarnation \(life), the present one is \(incarnation)")
        }
        let name = try text(2, "state", most: 32)
        guard let state = AckState(rawValue: name) else { throw Refusal("the state \"\(name)\" is not known") }
        return Ack(
            message: message,
            incarnation: life,
            state: state,
            turn: try identifier(3, "turn"),
            detail: words(4, most: SessionLimits.ackDetail)
        )
    }

    func runnerState(incarnation: Incarnation) throws(Refusal) -> RunnerState {
        let life = try integer(0, "incarnation")
        // A later one than the present would outlive the stop of the present one.
        guard (0...incarnation).contains(life) else {
            throw Refusal("it is of incarnation \(life), the present one is \(incarnation)")
        }
        let phaseText = try text(1, "phase", most: 32)
        guard let phase = RunnerPhase(rawValue: phaseText) else {
            throw Refusal("the phase \"\(phaseText)\" is not known")
        }
        let tools = try json([ToolInFlight].self, 2, "tools", most: 64 * 1024)
        guard tools.count <= 100, tools.allSatisfy({ $0.timeoutMs >= 0 && $0.timeoutMs <= 7 * 86_400_000 }) else {
            throw Refusal("its tools are too many, or declare timeouts over a week")
        }
        let time = try integer(3, "updated_at")
        guard (0...Self.latest).contains(time) else { throw Refusal("its updated_at is no time of this age") }
        return RunnerState(
            incarnation: life,
            phase: phase,
            tools: tools,
            updatedAt: Timestamp(milliseconds: time)
        )
    }

    /// The year 2200.
    private static let latest: Int64 = 7_258_118_400_000

    // MARK: - Columns

    /// A column for people to read, whatever it holds.
    func printable(_ column: Int32) -> String {
        String(decoding: row.bytes(column).prefix(64), as: UTF8.self).unicodeScalars
            .map { $0.value >= 0x20 && $0.value != 0x7F ? String($0) : "?" }.joined()
    }

    /// Text for people of which nothing depends: cut and repaired, as refusing it would refuse the row.
    private func words(_ column: Int32, most: Int) -> String? {
        guard row.type(column) == SQLITE_TEXT else { return nil }
        return String(decoding: row.bytes(column).prefix(most), as: UTF8.self).replacing("\0", with: "\u{FFFD}")
    }

    private func integer(_ column: Int32, _ name: String) throws(Refusal) -> Int64 {
        guard row.type(column) == SQLITE_INTEGER else { throw Refusal("its \(name) is no integer") }
        return row.integer(column)
    }

    private func optionalInteger(_ column: Int32, _ name: String) throws(Refusal) -> Int64? {
        row.type(column) == SQLITE_NULL ? nil : try integer(column, name)
    }

    private func bytes(_ column: Int32, _ name: String, most: Int) throws(Refusal) -> [UInt8] {
        guard row.type(column) == SQLITE_TEXT else { throw Refusal("its \(name) is no text") }
        let count = row.byteCount(column)
        guard count <= most else { throw Refusal("its \(name) has \(count) bytes, over \(most)") }
        return row.bytes(column)
    }

    private func text(_ column: Int32, _ name: String, most: Int) throws(Refusal) -> String {
        let bytes = try bytes(column, name, most: most)
        guard !bytes.contains(0), let text = String(validating: bytes, as: UTF8.self) else {
            throw Refusal("its \(name) is no UTF-8 text")
        }
        return text
    }

    private func identifier<ID: Identifier>(_ column: Int32, _ name: String) throws(Refusal) -> ID {
        guard let id = ID(rawValue: try text(column, name, most: 64)) else {
            throw Refusal("its \(name) is no id: letters, digits, _ and -, up to 64")
        }
        return id
    }

    private func optionalIdentifier<ID: Identifier>(_ column: Int32, _ name: String) throws(Refusal) -> ID? {
        row.type(column) == SQLITE_NULL ? nil : try identifier(column, name)
    }

    private func address(_ column: Int32) throws(Refusal) -> ChatAddress? {
        let none = (0..<2).map { row.type(column + $0) == SQLITE_NULL }
        if none == [true, true] { return nil }
        guard none == [false, false] else { throw Refusal("its address has a channel or a chat, not both") }
        let thread = row.type(column + 2) == SQLITE_NULL ? nil : try text(column + 2, "thread_id", most: 1024)
        return ChatAddress(
            channel: try text(column, "channel_type", most: 64),
            platformID: try text(column + 1, "platform_id", most: 1024),
            thread: thread
        )
    }

    private func content(_ column: Int32, _ kind: OutboundKind) throws(Refusal) -> OutboundContent {
        let bytes = try checkedJSON(column, "content", most: SessionLimits.rowContent)
        let content: OutboundContent
        do {
            content = try OutboundContent(kind: kind, json: bytes)
        } catch {
            throw Refusal("its content is \(error)")
        }
        if case .chat(let chat) = content {
            guard chat.files.count <= SessionLimits.filesPerMessage, Set(chat.files).count == chat.files.count else {
                throw Refusal("it names over \(SessionLimits.filesPerMessage) files, or one twice")
            }
        }
        return content
    }

    private func json<Value: Decodable>(
        _ type: Value.Type,
        _ column: Int32,
        _ name: String,
        most: Int
    ) throws(Refusal) -> Value {
        let bytes = try checkedJSON(column, name, most: most)
        do {
            return try JSONText.decode(type, bytes)
        } catch {
            throw Refusal("its \(name) is \(error)")
        }
    }

    private func checkedJSON(_ column: Int32, _ name: String, most: Int) throws(Refusal) -> [UInt8] {
        let bytes = try bytes(column, name, most: most)
        guard !bytes.contains(0), String(validating: bytes, as: UTF8.self) != nil else {
            throw Refusal("its \(name) is no UTF-8 text")
        }
        guard JSONDepth.isWithin(32, bytes) else { throw Refusal("its \(name) is nested over 32 deep") }
        return bytes
    }
}
