package import Core

/// One platform: brings in what people write and takes out what agents say.
package protocol ChannelAdapter: Sendable {
    /// The key in addresses: `cli`, `telegram`.
    var channel: String { get }

    var capabilities: ChannelCapabilities { get }

    /// Holds the connection and hands messages over until cancelled. May throw: the supervisor starts it again
    /// with back-off.
    func run(_ inbox: any ChannelInbox) async throws

    /// Hands one message to the platform; returns only when the platform has all of it.
    func deliver(_ message: OutboundMessage) async throws(ChannelError) -> SentMessage

    /// Shows "is typing" for a few seconds where the platform can; failures are the adapter's own.
    func setTyping(_ address: ChatAddress) async

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
    /// All but `@name`; an id of Matrix has its server behind a colon.
    package func isNativeID(_ text: String) -> Bool { !text.hasPrefix("@") || text.utf8.contains(UInt8(ascii: ":")) }

    package func nativeID(of handle: String) async throws -> String? { nil }
}

/// What a platform can do.
package struct ChannelCapabilities: Sendable, Codable, Equatable {
    /// Chats have threads that are conversations of their own.
    package var threads: Bool
    package var edits: Bool
    package var reactions: Bool
    /// Sending the same idempotency key twice shows one message.
    package var idempotencyKeys: Bool
    package var files: Bool
    /// A chat that is no group is read by one person alone, beside the bot.
    package var privateChats: Bool
    /// People can be shown that the agent is at work.
    package var typing: Bool
    /// Cards are shown with buttons, whose presses come as ``ChannelInbox/answer(_:)``.
    package var buttons: Bool
    /// The longest text of one message in the platform's own units; nil without a limit.
    package var maximumTextLength: Int?

    package init(
        threads: Bool = false,
        edits: Bool = false,
        reactions: Bool = false,
        idempotencyKeys: Bool = false,
        files: Bool = false,
        privateChats: Bool = true,
        typing: Bool = true,
        buttons: Bool = false,
        maximumTextLength: Int? = nil
    ) {
        self.threads = threads
        self.edits = edits
        self.reactions = reactions
        self.idempotencyKeys = idempotencyKeys
        self.files = files
        self.privateChats = privateChats
        self.typing = typing
        self.buttons = buttons
        self.maximumTextLength = maximumTextLength
    }
}

/// How an adapter's link stands.
package struct ChannelHealth: Sendable, Codable, Equatable {
    /// The state of the link.
    package enum State: String, Sendable, Codable {
        case connecting, connected, disconnected
    }

    package var state: State
    /// Why it is not connected, in words.
    package var detail: String?
    /// When the platform was last heard.
    package var lastEvent: Timestamp?

    package init(state: State, detail: String? = nil, lastEvent: Timestamp? = nil) {
        self.state = state
        self.detail = detail
        self.lastEvent = lastEvent
    }
}
