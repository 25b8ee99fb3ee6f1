package import ChannelKit
import Core

/// The other side of a platform, as a test drives it: what people do there, what they see, and what goes wrong.
package protocol PlatformWorld: Sendable {
    /// The platform under test.
    var platform: any ChannelPlatform { get }

    /// The account under test, with valid values.
    var account: ChannelAccount { get }

    /// What the host would lend the adapter, kept between two adapters of the same test: its state survives a restart.
    var tools: ChannelTools { get }

    /// A chat of the kind that the platform has: one person and the agent.
    var direct: WorldChat { get }

    /// A chat of several people and the agent; nil where the platform has none.
    var group: WorldChat? { get }

    /// What of the checks the platform cannot do, with the reason; a check that is neither done nor named fails.
    var exemptions: [ConformanceCheck: String] { get }

    /// A person writes; answers with the platform's id of the message.
    func say(_ message: WorldSaid) async throws -> String

    /// A person changes the text of a message of theirs.
    func edit(_ id: String, in chat: WorldChat, to text: String) async throws

    /// A person deletes a message of theirs.
    func delete(_ id: String, in chat: WorldChat) async throws

    /// A person puts an emoji on a message, or takes it away.
    func react(_ id: String, in chat: WorldChat, emoji: String, isAdded: Bool) async throws

    /// A person presses the button with this label beneath a message.
    func press(_ label: String, on id: String, in chat: WorldChat) async throws

    /// All messages that people see in a chat, oldest first, edits applied; theirs and the account's.
    func messages(in chat: WorldChat) async throws -> [WorldMessage]

    /// Returns once a chat has this many messages of the account; throws after half a minute.
    func waitForAnswers(_ count: Int, in chat: WorldChat) async throws

    /// Makes the platform misbehave from now on, as often as said.
    func inject(_ fault: WorldFault) async throws

    /// Connections, polls or sockets of the account that are open now.
    func openLinks() async throws -> Int

    /// Drops all connections of the account; a platform without connections does nothing.
    func dropLinks() async throws

    // MARK: - What a world may say beyond that; each has a default

    /// The platform's stable id of a person, as events name their sender; nil when the world does not say.
    func nativeID(of person: Int) -> String?

    /// A thread of a chat in which people write with ``WorldSaid/thread``, made if need be; nil when there is none.
    func openThread(in chat: WorldChat) async throws -> String?

    /// Another person presses a button; false when the world cannot play that.
    func press(_ label: String, on id: String, in chat: WorldChat, person: Int) async throws -> Bool

    /// Whether whoever pressed a button was shown these words, once their answer is there; nil when the world cannot tell.
    func wasTold(_ words: String) async throws -> Bool?

    /// Whether the platform may fetch what a message links to, to show it beneath; nil when the world cannot tell.
    func allowsPreview(_ id: String, in chat: WorldChat) async throws -> Bool?

    /// Whether people see in a chat that the account is at work; nil when the world cannot tell.
    func workShown(in chat: WorldChat) async throws -> WorkShown?

    /// Lets each send take a random time up to this one from now on; a world that cannot does nothing.
    func slowSends(upTo limit: Duration) async throws

    /// Makes revoked credentials count again; false when the world cannot.
    func restore() async throws -> Bool
}

extension PlatformWorld {
    package func nativeID(of person: Int) -> String? { nil }

    package func openThread(in chat: WorldChat) async throws -> String? { nil }

    package func press(_ label: String, on id: String, in chat: WorldChat, person: Int) async throws -> Bool {
        guard person == 0 else { return false }
        try await press(label, on: id, in: chat)
        return true
    }

    package func wasTold(_ words: String) async throws -> Bool? { nil }

    package func allowsPreview(_ id: String, in chat: WorldChat) async throws -> Bool? { nil }

    package func workShown(in chat: WorldChat) async throws -> WorkShown? { nil }

    package func slowSends(upTo limit: Duration) async throws {}

    package func restore() async throws -> Bool { false }
}

/// What people see of an account that is at work.
package enum WorkShown: Sendable {
    case nothing
    /// Something that the platform takes away by itself, within ten seconds.
    case briefly
    /// Something that stays until the account takes it away.
    case lastingly
}

/// A chat of a world.
package struct WorldChat: Sendable, Hashable {
    /// Its name at the platform's side: what the control plane calls it.
    package var id: String
    /// Its platform id at our side.
    package var platformID: String
    package var isGroup: Bool

    package init(id: String, platformID: String, isGroup: Bool) {
        self.id = id
        self.platformID = platformID
        self.isGroup = isGroup
    }
}

/// What a person writes.
package struct WorldSaid: Sendable {
    package var chat: WorldChat
    package var text: String
    /// Who: one of the world's people, by a number from 0; 0 is in both chats.
    package var person: Int
    /// The text addresses the agent in the platform's own way.
    package var mentionsAgent: Bool
    /// The message it answers.
    package var replyTo: String?
    /// The thread it is in; nil outside.
    package var thread: String?
    /// Files by name.
    package var files: [(name: String, bytes: [UInt8])]
    /// A program writes it.
    package var isBot: Bool

    package init(
        _ text: String,
        in chat: WorldChat,
        person: Int = 0,
        mentionsAgent: Bool = false,
        replyTo: String? = nil,
        thread: String? = nil,
        files: [(name: String, bytes: [UInt8])] = [],
        isBot: Bool = false
    ) {
        self.chat = chat
        self.text = text
        self.person = person
        self.mentionsAgent = mentionsAgent
        self.replyTo = replyTo
        self.thread = thread
        self.files = files
        self.isBot = isBot
    }
}

/// A message as people see it.
package struct WorldMessage: Sendable, Equatable {
    package var id: String
    package var isAgents: Bool
    /// The visible text: what the platform makes of the markup.
    package var text: String
    package var thread: String?
    package var replyTo: String?
    /// Emoji that the account put on it.
    package var reactions: [String]
    /// Files by name, with their bytes' SHA-256 in hex.
    package var files: [String: String]
    /// Labels of buttons, those of links included.
    package var buttons: [String]
    /// Where buttons that are links lead, by label; nil when the world does not say.
    package var links: [String: String]?

    package init(
        id: String,
        isAgents: Bool,
        text: String,
        thread: String? = nil,
        replyTo: String? = nil,
        reactions: [String] = [],
        files: [String: String] = [:],
        buttons: [String] = [],
        links: [String: String]? = nil
    ) {
        self.id = id
        self.isAgents = isAgents
        self.text = text
        self.thread = thread
        self.replyTo = replyTo
        self.reactions = reactions
        self.files = files
        self.buttons = buttons
        self.links = links
    }
}

/// What goes wrong at the platform.
package enum WorldFault: Sendable, Hashable {
    /// The next sends are refused with "too many", to be tried again after so many seconds.
    case tooMany(count: Int, retryAfter: Int)
    /// The next sends are answered with a server's error.
    case serverError(count: Int)
    /// The next sends are done, and their answer is lost.
    case lostAnswer(count: Int)
    /// The next sends are refused because of their formatting.
    case badFormatting(count: Int)
    /// The next event comes twice.
    case duplicateEvent
    /// The next two events come in the wrong order.
    case reorder
    /// The connection is cut in the middle of the next event.
    case dropMidEvent
    /// The platform asks the account to connect anew.
    case reconnectRequest
    /// The account's credentials do not count any more.
    case revoked
    /// Another program polls with the same credentials.
    case secondPoller
}
