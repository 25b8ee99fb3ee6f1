import CentralStore
import Core

extension TraceStore {
    /// Notes one step of a message's way; `detail` holds plain words.
    func note(
        _ stage: String,
        at time: Timestamp,
        source: String? = nil,
        message: MessageID? = nil,
        session: SessionID? = nil,
        turn: TurnID? = nil,
        _ detail: [String: String] = [:]
    ) {
        record(
            TraceEntry(
                at: time,
                sourceID: source,
                messageID: message,
                sessionID: session,
                turnID: turn,
                stage: stage,
                detail: (try? JSONText.encode(detail)) ?? "{}"
            )
        )
    }
}
