import ChannelKit
import Core

/// A message that is edited while something goes on: what its states have in common.
struct EditedMessage: Sendable {
    let address: ChatAddress
    let agentName: String
    let turn: TurnID
    /// The same for each attempt at the first state: a platform that knows such keys makes one message of them.
    private let key = MessageID.random().rawValue

    init(at address: ChatAddress, by agentName: String, about turn: TurnID) {
        self.address = address
        self.agentName = agentName
        self.turn = turn
    }

    /// One state, as an edit of the platform's message once there is one; `mark` stands at the end of one that is not the last.
    func state(_ text: String, _ mark: String?, of message: String?) -> OutboundMessage {
        OutboundMessage(
            idempotencyKey: message == nil ? key : MessageID.random().rawValue,
            address: address,
            body: message.map { .edit(platformMessageID: $0, text: text) } ?? .text(text, files: []),
            agentName: agentName,
            unfinished: mark,
            turn: turn
        )
    }
}
