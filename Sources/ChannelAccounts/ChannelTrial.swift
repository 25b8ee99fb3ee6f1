package import ChannelKit

/// What a test of an account has shown.
package struct ChannelTrial: Sendable, Codable {
    /// The platform's id of the line that was sent.
    package var platformMessageID: String?
    /// Whether the line was seen to come back; nil where the platform shows an account none of its own messages.
    package var isSeen: Bool?
    /// How the receiving half stands.
    package var health: ChannelHealth
}
