package import Core
import GRDB

/// One thing that happened to a message on its way.
package struct TraceEntry: Codable, Sendable, Equatable, FetchableRecord, PersistableRecord {
    package static let databaseTableName = "trace_entries"
    /// The most bytes of ``detail``; larger ones are replaced by their size.
    package static let maximumDetail = 32 * 1024

    package var at: Timestamp
    /// The platform's id of the message, known before it is a row.
    package var sourceID: String?
    /// The row in `messages_in` or `messages_out`.
    package var messageID: MessageID?
    package var sessionID: SessionID?
    /// The turn that took the message up: joins model and tool calls to it.
    package var turnID: TurnID?
    /// What happened: `received`, `routed`, `dropped`, `claimed`, `model`, `delivered`, or a tool by its name.
    package var stage: String
    /// A JSON object.
    package var detail: String

    package init(
        at: Timestamp,
        sourceID: String? = nil,
        messageID: MessageID? = nil,
        sessionID: SessionID? = nil,
        turnID: TurnID? = nil,
        stage: String,
        detail: String = "{}"
    ) {
        self.at = at
        self.sourceID = sourceID
        self.messageID = messageID
        self.sessionID = sessionID
        self.turnID = turnID
        self.stage = stage
        let size = detail.utf8.count
        self.detail = size <= Self.maximumDetail ? detail : "{\"oversize_bytes\":\(size)}"
    }

    /// Inserts ``values``: a turn makes ten entries, and coding each as a record takes longer than writing it.
    static let insertion = """
        INSERT INTO trace_entries (at, source_id, message_id, session_id, turn_id, stage, detail)
        VALUES (?, ?, ?, ?, ?, ?, ?)
        """

    var values: StatementArguments { [at, sourceID, messageID, sessionID, turnID, stage, detail] }

    package enum CodingKeys: String, CodingKey, ColumnExpression {
        case at
        case sourceID = "source_id"
        case messageID = "message_id"
        case sessionID = "session_id"
        case turnID = "turn_id"
        case stage, detail
    }
}
