/// What a running turn shows: for eyes only, nothing ever depends on it.
///
/// Sent by the runner as one JSON datagram of at most ``maximumSize`` bytes, dropped when the socket is full.
package struct LiveEvent: Codable, Sendable, Equatable {
    /// The largest datagram; longer text is cut or split by the sender.
    package static let maximumSize = 8 * 1024

    package var turn: TurnID
    /// Rises by one within a turn, so that a reader can see a gap.
    package var number: Int
    package var body: Body

    package init(turn: TurnID, number: Int, body: Body) {
        self.turn = turn
        self.number = number
        self.body = body
    }

    /// What happened.
    package enum Body: Codable, Sendable, Equatable {
        /// A turn claimed these rows.
        case started(messages: [MessageID])
        /// The turn cannot write its rows: a full or failing disk; it tries again until it can.
        case waiting(reason: String)
        /// Text inside a `<message>` block, for its destination.
        case textChunk(destination: String, text: String)
        /// The model thinks aloud.
        case thinking(text: String)
        /// A request to the model goes out.
        case modelCall(provider: String, model: String)
        /// The model's answer is complete; counts as its provider reported them.
        case modelResult(inputTokens: Int?, outputTokens: Int?, milliseconds: Int, error: String?)
        /// A tool starts; arguments as JSON, capped.
        case toolCall(id: String, name: String, arguments: String)
        /// A tool ended; the result's beginning, capped.
        case toolResult(id: String, name: String, isError: Bool, summary: String, milliseconds: Int)
    }
}
