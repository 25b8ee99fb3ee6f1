package import Core

/// How a platform shows what an agent is still writing.
package enum DraftStyle: Sendable, Codable, Equatable {
    /// Not at all: people see a message when it is finished.
    case none
    /// In a place of its own, which is gone by itself when a message comes: by ``ChannelAdapter/show(_:)``.
    case ephemeral
    /// As a message that is edited, at most so often, until the finished one takes its place.
    case edits(every: Duration)
}

/// What an agent has written so far of a message that is not finished.
package struct Draft: Sendable, Equatable {
    /// Stands at the end of a message that is being written.
    package static let ongoing = " …"
    /// Stands at the end of a message that nobody writes any further.
    package static let interrupted = " (interrupted)"

    package var address: ChatAddress
    /// The same for all states of one message, another for the next.
    package var id: UInt64
    /// Markdown; may end anywhere.
    package var text: String

    package init(address: ChatAddress, id: UInt64, text: String) {
        self.address = address
        self.id = id
        self.text = text
    }
}

extension ChannelField {
    /// Whether messages are shown while they are being written, and lines about long turns; read by ``ChannelValues/drafts(_:)``.
    package static let drafts = ChannelField(
        "drafts",
        "Whether people see messages while they are being written, and how long a turn takes: yes or no",
        standard: "yes"
    )
}

extension ChannelValues {
    /// The platform's own style, or none where the operator has switched drafts off; throws for another word.
    package func drafts(_ style: DraftStyle) throws(ChannelSetupError) -> DraftStyle {
        switch self[ChannelField.drafts.key] {
        case "", "yes": return style
        case "no": return .none
        case let other: throw ChannelSetupError(.invalid, "drafts is \"\(other.prefix(40))\": write yes or no")
        }
    }
}
