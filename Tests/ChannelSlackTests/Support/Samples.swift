import ChannelKit
import Core

@testable import ChannelSlack

/// The account of the samples.
let me = SlackSelf(team: "T1", user: "UBOT", bot: "BBOT")

/// JSON of a test; a mistake in it fails the test by what is missing then.
func json(_ text: String) -> JSONValue { (try? JSONValue(parsing: text)) ?? .null }

/// The payload around an event.
func payload(_ event: String) -> JSONValue {
    ["type": "event_callback", "event_id": "Ev1", "team_id": "T1", "event": json(event)]
}

extension OutboundMessage {
    static func test(
        _ body: Body,
        to platformID: String,
        thread: String? = nil,
        key: String = "m_1",
        partsDone: Int = 0
    ) -> OutboundMessage {
        OutboundMessage(
            idempotencyKey: key,
            address: ChatAddress(channel: "slack", platformID: platformID, thread: thread),
            body: body,
            partsDone: partsDone,
            agentName: "Main",
            turn: TurnID(unchecked: "t_1")
        )
    }
}
