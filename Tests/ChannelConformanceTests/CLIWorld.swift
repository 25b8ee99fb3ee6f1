import CentralStore
import ChannelConformance
import ChannelKit
import Channels
import Core
import Logging

/// The chats of this machine: agents write into their histories, and people at terminals read those.
struct CLIWorld: PlatformWorld {
    private static let inward = "what people write comes through the control socket, not through the adapter: HostTests"
    private static let noLink = "there is no link to a platform"

    let platform: any ChannelPlatform
    let account = ChannelAccount(
        name: "cli",
        identity: ChannelIdentity(account: "local", title: "this machine"),
        values: ChannelValues([:])
    )
    let tools: ChannelTools
    let direct = WorldChat(id: "main", platformID: CLIChannel.mainChat, isGroup: false)
    let group: WorldChat? = nil
    private let channel: CLIChannel

    init(home: String, store: CentralStore) throws {
        channel = CLIChannel(home: home, store: store)
        platform = CLIPlatform(adapter: channel)
        tools = try ChannelTools.forTests(folder: home, logger: Logger(label: "cli") { _ in SwiftLogNoOpLogHandler() })
    }

    var exemptions: [ConformanceCheck: String] {
        var exemptions: [ConformanceCheck: String] = [:]
        let inward: [ConformanceCheck] = [
            .text, .mention, .reply, .thread, .edit, .delete, .reaction, .fileIn, .oversizeFileIn, .duplicate,
            .reordered, .ownEcho, .otherBot, .storeFailure, .restart, .backlog,
        ]
        for check in inward { exemptions[check] = Self.inward }
        let faults: [ConformanceCheck] = [
            .tooMany, .serverError, .lostAnswer, .badFormatting, .dropMidEvent, .reconnectRequest, .reconnects,
            .revoked,
            .secondPoller,
        ]
        for check in faults { exemptions[check] = Self.noLink }
        exemptions[.preview] = "a terminal fetches nothing"
        exemptions[.threadOut] = "answers name the row that they answer, which clients show"
        return exemptions
    }

    func nativeID(of person: Int) -> String? { "\(person)" }

    /// As the control socket does it.
    func say(_ message: WorldSaid) async throws -> String {
        let id = MessageID.random().rawValue
        let user = UserID(channel: CLIChannel.name, native: "0")
        let event = InboundEvent(
            address: ChatAddress(channel: CLIChannel.name, platformID: message.chat.platformID),
            platformMessageID: id,
            sentAt: SystemTime().now,
            senderNativeID: user.native,
            content: ChatContent(text: message.text),
            isMention: true
        )
        _ = try await channel.record(event, by: user)
        return id
    }

    /// Edits and reactions are lines of their own, which clients apply.
    func messages(in chat: WorldChat) async throws -> [WorldMessage] {
        var messages: [WorldMessage] = []
        for entry in try await channel.lastEntries(of: chat.platformID, limit: 1000) {
            let about = messages.firstIndex { $0.id == entry.body.about }
            switch (entry.body.kind, about) {
            case (.edit, let index?): messages[index].text = entry.body.text
            case (.reaction, let index?): messages[index].reactions.append(entry.body.text)
            default:
                var message = WorldMessage(
                    id: entry.messageID,
                    isAgents: entry.direction == .out,
                    text: entry.body.text
                )
                for file in entry.body.files ?? [] { message.files[file.name] = try await FileDigest.ofFile(file.path) }
                messages.append(message)
            }
        }
        return messages
    }

    func waitForAnswers(_ count: Int, in chat: WorldChat) async throws {
        let updates = channel.updates(of: chat.platformID)
        guard try await messages(in: chat).count(where: \.isAgents) < count else { return }
        for await _ in updates where try await messages(in: chat).count(where: \.isAgents) >= count { return }
    }

    func edit(_ id: String, in chat: WorldChat, to text: String) async throws {}
    func delete(_ id: String, in chat: WorldChat) async throws {}
    func react(_ id: String, in chat: WorldChat, emoji: String, isAdded: Bool) async throws {}
    func press(_ label: String, on id: String, in chat: WorldChat) async throws {}
    func inject(_ fault: WorldFault) async throws {}
    func openLinks() async throws -> Int { 0 }
    func dropLinks() async throws {}
}

/// The channel of this machine as a platform: it has no accounts to set up.
private struct CLIPlatform: ChannelPlatform {
    let channel = CLIChannel.name
    let title = "This machine"
    let fields: [ChannelField] = []
    let adapter: CLIChannel

    func identify(_ values: ChannelValues, _ tools: ChannelTools) async throws(ChannelSetupError) -> ChannelIdentity {
        throw ChannelSetupError(.invalid, "the channel of this machine has no accounts")
    }

    func adapter(_ account: ChannelAccount, _ tools: ChannelTools) throws(ChannelSetupError) -> any ChannelAdapter {
        adapter
    }
}
