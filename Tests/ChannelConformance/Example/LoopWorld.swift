package import ChannelKit
import ChannelNetwork
import Core
package import Logging

/// The other side of Loop, as the suite drives it.
package struct LoopWorld: PlatformWorld {
    package let platform: any ChannelPlatform
    package let account: ChannelAccount
    package let tools: ChannelTools
    package let direct = WorldChat(id: "d1", platformID: "loop:7:d1", isGroup: false)
    package let group: WorldChat? = WorldChat(id: "g1", platformID: "loop:7:g1", isGroup: true)
    package let exemptions: [ConformanceCheck: String]
    private let server: LoopServer

    /// A world in which nothing has happened; `folder` is where adapters may keep files.
    package init(folder: String, mistake: LoopMistake? = nil) throws {
        try self.init(folder: folder) { LoopPlatform(server: $0, mistake: mistake) }
    }

    /// The world of the shortest adapter.
    package static func short(folder: String) throws -> LoopWorld {
        let textAlone = "this adapter brings and takes text alone"
        let checks: [ConformanceCheck] = [
            .thread, .edit, .delete, .reaction, .fileIn, .oversizeFileIn, .editOut, .reactionOut, .fileOut,
            .card, .press, .openDM, .draft,
        ]
        let exemptions = Dictionary(uniqueKeysWithValues: checks.map { ($0, textAlone) })
        return try LoopWorld(folder: folder, exemptions: exemptions) { ShortPlatform(server: $0) }
    }

    private init(
        folder: String,
        exemptions: [ConformanceCheck: String] = [:],
        platform: (LoopServer) -> any ChannelPlatform
    ) throws {
        let silent = Logger(label: "loop") { _ in SwiftLogNoOpLogHandler() }
        server = LoopServer()
        self.exemptions = exemptions
        self.platform = platform(server)
        account = ChannelAccount(
            name: "loop",
            identity: ChannelIdentity(account: LoopServer.account.id, title: "@Loop"),
            values: ChannelValues(["token": LoopServer.token])
        )
        tools = try ChannelTools.forTests(folder: folder, logger: silent)
    }

    package func nativeID(of person: Int) -> String? { LoopServer.people[person].id }

    package func say(_ message: WorldSaid) async throws -> String {
        let id = await server.newID()
        var replyTo: (id: String, isAccounts: Bool)?
        if let quoted = message.replyTo {
            replyTo = (quoted, try await server.message(quoted).sender == LoopServer.account)
        }
        var person = LoopServer.people[message.person]
        if message.isBot { person = LoopPerson(id: "9", name: "Robot", isBot: true) }
        await server.write(
            LoopMessage(
                id: id,
                chat: message.chat.id,
                isGroup: message.chat.isGroup,
                thread: message.thread,
                sender: person,
                text: (message.mentionsAgent ? "@\(LoopServer.account.name) " : "") + message.text,
                replyTo: replyTo,
                files: message.files,
                at: SystemTime().now
            )
        )
        return id
    }

    package func openThread(in chat: WorldChat) async throws -> String? { await server.newID() }

    package func allowsPreview(_ id: String, in chat: WorldChat) async throws -> Bool? {
        try await server.message(id).hasPreviews
    }

    package func edit(_ id: String, in chat: WorldChat, to text: String) async throws {
        try await server.change(id, to: text)
    }

    package func delete(_ id: String, in chat: WorldChat) async throws {
        try await server.remove(id)
    }

    package func react(_ id: String, in chat: WorldChat, emoji: String, isAdded: Bool) async throws {
        let message = try await server.message(id)
        await server.push(.reacted(message, emoji: emoji, isAdded: isAdded, by: LoopServer.people[0]))
    }

    package func press(_ label: String, on id: String, in chat: WorldChat) async throws {
        _ = try await press(label, on: id, in: chat, person: 0)
    }

    package func press(_ label: String, on id: String, in chat: WorldChat, person: Int) async throws -> Bool {
        let message = try await server.message(id)
        guard let data = message.buttons.first(where: { $0.label == label })?.data else {
            throw LoopRefusal.impossible("no button \(label)")
        }
        await server.push(.pressed(message, data: data, by: LoopServer.people[person]))
        return true
    }

    package func wasTold(_ words: String) async throws -> Bool? { await server.wasTold(words) }

    package func workShown(in chat: WorldChat) async throws -> WorkShown? {
        await server.typing.contains(chat.id) ? .lastingly : .nothing
    }

    package func messages(in chat: WorldChat) async throws -> [WorldMessage] {
        await server.messages.filter { $0.chat == chat.id }.map { message in
            WorldMessage(
                id: message.id,
                isAgents: message.sender == LoopServer.account,
                text: message.text,
                thread: message.thread,
                replyTo: message.replyTo?.id,
                reactions: message.reactions.filter { $0.by == LoopServer.account.id }.map(\.emoji),
                files: Dictionary(message.files.map { ($0.name, FileDigest.of($0.bytes)) }) { $1 },
                buttons: message.buttons.map(\.label),
                links: Dictionary(message.buttons.compactMap { button in button.url.map { (button.label, $0) } }) { $1 }
            )
        }
    }

    package func waitForAnswers(_ count: Int, in chat: WorldChat) async throws {
        try await eventually("\(count) answers in \(chat.id)") {
            try await messages(in: chat).count(where: \.isAgents) >= count
        }
    }

    package func inject(_ fault: WorldFault) async throws { await server.inject(fault) }
    package func openLinks() async throws -> Int { await server.openPolls }
    package func dropLinks() async throws { await server.cutPolls(.dropped) }
    package func slowSends(upTo limit: Duration) async throws { await server.slowSends(upTo: limit) }

    package func restore() async throws -> Bool {
        await server.restore()
        return true
    }
}

extension ChannelTools {
    /// What a host would lend, with a state that lasts as long as this value; `folder` is the account's.
    package static func forTests(folder: String, logger: Logger) throws -> ChannelTools {
        ChannelTools(
            http: try HTTPPool(),
            webhooks: WebhookListener(WebhookOptions(port: 0), logger: logger),
            sockets: try WebSocketClient(),
            state: MemoryChannelState(),
            media: MediaFolder(path: folder, largest: 64 << 20),
            folder: folder,
            time: SystemTime(),
            logger: logger
        )
    }
}
