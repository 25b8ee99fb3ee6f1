package import Core

/// What the crash suite's driver and its channel double in the host say to each other, one datagram each.
package struct LedgerLine: Codable, Sendable {
    package enum Kind: String, Codable, Sendable {
        /// Driver: somebody wrote this.
        case event
        /// Host: the event is stored, the platform need not repeat it; or it could not be stored.
        case accepted, refused
        /// Host: an agent says this. Driver: it is with the platform.
        case send, sent
    }

    package var kind: Kind
    /// The event's, or the send's, id.
    package var id: String
    package var address: ChatAddress
    package var text: String
    /// The text of a file that comes with an event; of one that is sent, its name and a colon before.
    package var file: String?
    /// Who wrote it; nil for Ann.
    package var sender: String?

    package init(
        _ kind: Kind,
        id: String,
        address: ChatAddress,
        text: String = "",
        file: String? = nil,
        sender: String? = nil
    ) {
        self.kind = kind
        self.id = id
        self.address = address
        self.text = text
        self.file = file
        self.sender = sender
    }

    /// The longest datagram.
    package static let limit = 1 << 16
}
