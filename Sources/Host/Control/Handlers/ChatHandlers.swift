import CentralStore
import ChannelKit
import Channels
import ControlProtocol
import Core
import GRDB

/// `chat …`: what a terminal does with a chat of this machine.
struct ChatHandlers: Sendable {
    let context: ControlContext

    /// The most text of one message; a frame holds it with room to spare.
    static let longestText = 256 * 1024
    /// The most entries that an interactive client is shown at its start.
    private static let longestBacklog = 200

    func handlers() -> [String: ControlHandler] {
        [
            "chat attach": { try await self.attach(&$0) },
            "chat send": { try await self.send(&$0) },
            "chat stop": { try await self.stop(&$0) },
            "chat seen": { try await self.seen(&$0) },
            "chat history": { try await self.history(&$0) },
        ]
    }

    // MARK: - Reading

    /// `chat`, `from` (`now`, the default, or `unread`): a stream of `ChatFrame`s that ends with the connection.
    private func attach(_ call: inout ControlCall) async throws -> JSONValue {
        let chat = try Self.chat(&call)
        let isUnread = try call.arguments.choice("from", AttachFrom.self) == .unread
        try call.arguments.finish()
        // Both streams are open before the position is read: nothing falls between.
        let updates = context.cli.updates(of: chat)
        let live = context.host.liveEvents(for: ChatAddress(channel: CLIChannel.name, platformID: chat))
        let start = isUnread ? try await unreadStart(chat, call.caller) : try await context.cli.end(of: chat)
        let follower = ChatFollower(chat: chat, cli: context.cli, position: start, emit: call.emit)
        try await call.emit(ChatFrame.attached(position: start, names: try await names(of: chat)))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await follower.flush()
                for await _ in updates { try await follower.flush() }
                try Task.checkCancellation()
            }
            group.addTask {
                for await event in live { try await follower.show(event) }
                try Task.checkCancellation()
            }
            try await group.waitForAll()
        }
        return .null
    }

    private enum AttachFrom: String, CaseIterable { case now, unread }

    private func unreadStart(_ chat: String, _ user: UserID) async throws -> Int64 {
        let read = try await context.cli.readPosition(of: chat, user: user)
        let last = try await context.cli.lastEntries(of: chat, limit: Self.longestBacklog)
        return max(read, last.first.map { $0.position - 1 } ?? 0)
    }

    /// What agents call a chat.
    private func names(of chat: String) async throws -> [String] {
        try await context.store.read { db in
            try String.fetchAll(
                db,
                sql: """
                    SELECT DISTINCT local_name FROM agent_destinations JOIN messaging_groups ON id = messaging_group_id
                    WHERE channel_type = ? AND platform_id = ? ORDER BY local_name
                    """,
                arguments: [CLIChannel.name, chat]
            )
        }
    }

    private func seen(_ call: inout ControlCall) async throws -> JSONValue {
        let chat = try Self.chat(&call)
        let position = try call.arguments.integer("position", 0...Int64.max)
        try call.arguments.finish()
        guard let position else { throw ControlError(.invalidArguments, "chat seen needs \"position\"") }
        try await context.cli.markRead(chat, user: call.caller, position: position)
        return .null
    }

    private func history(_ call: inout ControlCall) async throws -> JSONValue {
        let chat = try Self.chat(&call)
        let limit = try call.arguments.integer("limit", 1...1000) ?? 50
        try call.arguments.finish()
        let entries = try await context.cli.lastEntries(of: chat, limit: Int(limit))
        return try JSONValue(encoding: entries.map(\.wire))
    }

    // MARK: - Writing

    /// `chat`, `text`, `id` (made by the client, so that a repeat after a lost answer is one message).
    private func send(_ call: inout ControlCall) async throws -> JSONValue {
        let chat = try Self.chat(&call)
        let text = try call.arguments.required("text")
        let id = try call.arguments.optional("id") ?? MessageID.random().rawValue
        try call.arguments.finish()
        guard PathSegment.isIdentifier(id) else { throw ControlError(.invalidArguments, "\"id\" is no id") }
        guard text.utf8.count <= Self.longestText else {
            throw ControlError(
                .invalidArguments,
                "the message has \(text.utf8.count) bytes, at most \(Self.longestText) are taken: put the rest in a file"
            )
        }
        let name = LoginNames.shared.name(of: call.caller, at: context.time.monotonic)
        let event = CLIChannel.event(id, text, in: chat, by: call.caller, named: name, at: context.time.now)
        let answersCard = try await context.host.answersCard(event)
        let routes = answersCard ? [] : try await context.host.explain(event)
        let isNew = try await context.cli.record(event, by: call.caller)
        do {
            try await context.host.accept(event)
        } catch {
            // On a full disk neither may work: what the person is told is why the message was not taken.
            if isNew { try? await context.cli.withdraw(event) }
            throw error
        }
        // A code was compared only now: the host answers a right one, and drops the guess that is one too many.
        let isAnswered = context.host.tookCode(event)
        if isAnswered == false {
            if isNew { try? await context.cli.withdraw(event) }
            throw ControlError(
                .conflict,
                "this was taken for a pairing code, and too many wrong ones came from you: wait ten minutes"
            )
        }
        await context.cli.confirm(event)
        let sent =
            isAnswered == true
            ? ChatSent(id: id, routes: [], answersCard: true)
            : ChatSent(id: id, routes: routes.map(ChatSent.Route.init), answersCard: answersCard)
        return try JSONValue(encoding: sent)
    }

    private func stop(_ call: inout ControlCall) async throws -> JSONValue {
        let chat = try Self.chat(&call)
        try call.arguments.finish()
        let address = ChatAddress(channel: CLIChannel.name, platformID: chat)
        let routes = try await context.host.explain(address: address, text: nil, mention: nil)
        var sessions = Set(routes.compactMap(\.session))
        let ofChat = try await context.store.read { db in
            try SessionID.fetchAll(
                db,
                sql: """
                    SELECT sessions.id FROM sessions JOIN messaging_groups ON messaging_groups.id = messaging_group_id
                    WHERE channel_type = ? AND platform_id = ? AND status = 'active'
                    """,
                arguments: [address.channel, address.platformID]
            )
        }
        sessions.formUnion(ofChat)
        var stopped = 0
        for session in sessions.sorted() where try await context.host.stop(session: session, by: call.caller) {
            stopped += 1
        }
        return ["stopped": .integer(Int64(stopped))]
    }

    /// The chat that a call is about.
    static func address(_ call: ControlCall) throws -> ChatAddress {
        var call = call
        return ChatAddress(channel: CLIChannel.name, platformID: try chat(&call))
    }

    private static func chat(_ call: inout ControlCall) throws -> String {
        let text = try call.arguments.optional("chat") ?? CLIChannel.mainChat
        guard let chat = CLIChannel.chat(named: text) else {
            throw ControlError(
                .invalidArguments,
                "\"\(text.prefix(80))\" is no chat of this machine: use main, or a name of letters, digits, _ and -"
            )
        }
        return chat
    }
}

/// Sends a chat's history and live events to one client, each history entry once and before the end of its turn.
private actor ChatFollower {
    private let chat: String
    private let cli: CLIChannel
    private let emit: @Sendable (ChatFrame) async throws -> Void
    private let serial = AsyncSerial()
    private var position: Int64

    init(chat: String, cli: CLIChannel, position: Int64, emit: @escaping @Sendable (ChatFrame) async throws -> Void) {
        self.chat = chat
        self.cli = cli
        self.position = position
        self.emit = emit
    }

    /// Sends what is new in the history.
    func flush() async throws {
        try await serial.run { try await self.sendNew() }
    }

    func show(_ event: ChatLiveEvent) async throws {
        let frame: ChatFrame
        switch event {
        case .event(let event): frame = .live(event)
        case .turnEnded(let messages, let platformIDs, let outcome, let detail):
            frame = .turnEnded(
                messages: messages,
                platformMessageIDs: platformIDs,
                outcome: outcome.rawValue,
                detail: detail
            )
        }
        try await serial.run {
            if case .turnEnded = event { try await self.sendNew() }
            try await self.emit(frame)
        }
    }

    private func sendNew() async throws {
        while true {
            let entries = try await cli.entries(of: chat, after: position, limit: 100)
            guard let last = entries.last else { return }
            for entry in entries { try await emit(.entry(entry.wire)) }
            position = last.position
        }
    }
}

extension ChatSent.Route {
    init(_ route: RouteExplanation) {
        self.init(agent: route.agentName, outcome: route.outcome, reasons: route.reasons, session: route.session)
    }
}

extension CLIEntry {
    fileprivate var wire: ChatEntry {
        ChatEntry(
            position: position,
            direction: direction.rawValue,
            id: messageID,
            user: userID?.description,
            name: name,
            inReplyTo: inReplyTo,
            at: at,
            kind: body.kind.rawValue,
            text: body.text,
            about: body.about,
            files: body.files?.map { ChatEntry.File(name: $0.name, size: $0.size, path: $0.path) } ?? [],
            turn: body.turn
        )
    }
}
