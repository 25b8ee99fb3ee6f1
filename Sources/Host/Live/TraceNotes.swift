import CentralStore
import Core

extension TraceStore {
    /// Notes one step of a message's way.
    ///
    /// `detail` holds plain words; `us` beside them is CLOCK_MONOTONIC in whole microseconds.
    func note(
        _ stage: String,
        at time: Timestamp,
        source: String? = nil,
        message: MessageID? = nil,
        session: SessionID? = nil,
        turn: TurnID? = nil,
        _ detail: [String: String] = [:]
    ) {
        var detail = detail
        let elapsed = SystemTime().monotonic.components
        detail["us"] = String(elapsed.seconds * 1_000_000 + elapsed.attoseconds / 1_000_000_000_000)
        record(
            TraceEntry(
                at: time,
                sourceID: source,
                messageID: message,
                sessionID: session,
                turnID: turn,
                stage: stage,
                detail: JSONText.object(detail)
            )
        )
    }
}
