package import Core

/// One platform: brings in what people write and takes out what agents say.
package protocol ChannelAdapter: Sendable {
    /// The key in addresses: `cli`, `telegram`.
    var channel: String { get }

    /// The account it serves, as it stands in platform ids (`telegram:<account>:<chat>`); nil when it serves every
    /// account of its channel.
    var account: String? { get }

    var capabilities: ChannelCapabilities { get }

    /// Holds the connection and hands messages over until cancelled. May throw: the supervisor starts it again
    /// with back-off.
    func run(_ inbox: any ChannelInbox) async throws

    /// Hands one message to the platform; returns only when the platform has all of it.
    func deliver(_ message: OutboundMessage) async throws(ChannelError) -> SentMessage

    /// Shows "is typing" for a few seconds where the platform can; failures are the adapter's own.
    func setTyping(_ address: ChatAddress) async

    /// Shows it no longer, where it would stay for more than ten seconds; failures are the adapter's own.
    func endTyping(_ address: ChatAddress) async

    /// Shows a message while it is being written, where ``ChannelCapabilities/drafts`` is ``DraftStyle/ephemeral``.
    ///
    /// Never durable and never needed: failures are the adapter's own.
    func show(_ draft: Draft) async

    /// The direct chat with a person, opened if need be; nil when this platform has none.
    func openDM(_ user: UserID) async throws -> ChatAddress?

    /// Whether a text can be a stable id of this platform; a handle, which may pass to somebody else, is none.
    func isNativeID(_ text: String) -> Bool

    /// The stable id of whom people call so here, by a login name or `@handle`; nil when the platform knows nobody
    /// or cannot say.
    func nativeID(of handle: String) async throws -> String?

    var health: ChannelHealth { get }
}

extension ChannelAdapter {
    package var account: String? { nil }

    package func endTyping(_ address: ChatAddress) async {}

    package func show(_ draft: Draft) async {}

    /// All but `@name`; an id of Matrix has its server behind a colon.
    package func isNativeID(_ text: String) -> Bool { !text.hasPrefix("@") || text.utf8.contains(UInt8(ascii: ":")) }

    package func nativeID(of handle: String) async throws -> String? { nil }
}
