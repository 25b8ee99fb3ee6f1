import CentralStore
import Channels
import ControlProtocol
import Core
import EngagePatterns
import GRDB

/// `wirings …`: which chats lead to which agents.
struct WiringHandlers: Sendable {
    let context: ControlContext

    func handlers() -> [String: ControlHandler] {
        [
            "wirings list": { try await self.list(&$0) },
            "wirings get": { try await self.get(&$0) },
            "wirings create": { try await self.create(&$0) },
            "wirings update": { try await self.update(&$0) },
            "wirings delete": { try await self.delete(&$0) },
            "wirings explain": { try await self.explain(&$0) },
        ]
    }

    private static let select = """
        SELECT wirings.id, folder AS agent_group, wirings.agent_group_id, side,
            CASE side WHEN 'chat' THEN messaging_groups.channel_type || ' ' || messaging_groups.platform_id
                WHEN 'account' THEN wirings.channel_type || ' ' || coalesce(account, '*') ELSE user_id END AS chat,
            engage_modes, engage_pattern, chats, sender_scope, ignored_message_policy, session_mode, queue_mode,
            reply_channel_type, reply_platform_id, priority, wirings.created_at
        FROM wirings JOIN agent_groups ON agent_groups.id = wirings.agent_group_id
            LEFT JOIN messaging_groups ON messaging_groups.id = wirings.messaging_group_id
        """

    private static let query = RowQuery(
        select: select,
        filters: [
            "id": "wirings.id", "agent_group": "folder", "side": "side", "session_mode": "session_mode",
            "queue_mode": "queue_mode", "priority": "priority", "chats": "chats",
        ],
        order: "folder, priority DESC, wirings.id"
    )

    private func list(_ call: inout ControlCall) async throws -> JSONValue {
        var also: [(sql: String, value: (any DatabaseValueConvertible & Sendable)?)] = []
        if let text = try call.arguments.optional("group") {
            let group = try await context.store.read { db in try Lookup.agentGroup(text, db) }
            also.append(("wirings.agent_group_id = ?", group.id))
        }
        if let text = try call.arguments.optional("chat") {
            let chat = try await context.store.read { db in try Lookup.messagingGroup(text, db) }
            also.append(("wirings.messaging_group_id = ?", chat.id))
        }
        return try await Self.query.run(&call, context.store, also: also)
    }

    private func get(_ call: inout ControlCall) async throws -> JSONValue {
        let wiring = try await named(&call)
        try call.arguments.finish()
        return try await record(wiring.id)
    }

    private func record(_ id: WiringID) async throws -> JSONValue {
        let rows = try await context.store.read { db in
            try RowQuery.fetch(db, Self.select + " WHERE wirings.id = ?", [id])
        }
        guard let row = rows.first else { throw ControlError(.notFound, "no wiring \(id)") }
        return row
    }

    private func create(_ call: inout ControlCall) async throws -> JSONValue {
        let groupName = try call.arguments.required("group")
        let side = try Side(&call.arguments)
        let settings = try Settings(&call.arguments)
        try call.arguments.finish()
        let now = context.time.now
        let audit = call.settingAudit(at: now)
        let wiring = try await context.store.write { db in
            let group = try Lookup.agentGroup(groupName, db)
            var wiring = Wiring(
                agentGroupID: group.id,
                target: try side.target(now: now, db),
                createdAt: now
            )
            try settings.apply(to: &wiring, db)
            let made = try wiring.create(db)
            try audit.note("wiring \(made.id)", ["senders": made.senderScope.rawValue], group: group.id, db)
            return made
        }
        await context.host.groupChanged(wiring.agentGroupID)
        if let chat = wiring.messagingGroupID { try await context.host.chatWired(chat) }
        return try await record(wiring.id)
    }

    private func update(_ call: inout ControlCall) async throws -> JSONValue {
        let wiring = try await named(&call)
        let settings = try Settings(&call.arguments)
        try call.arguments.finish()
        guard !settings.isEmpty else {
            throw ControlError(.invalidArguments, "wirings update changes nothing: give a setting")
        }
        let audit = call.settingAudit(at: context.time.now)
        _ = try await context.store.write { db in
            let scope = settings.scope?.rawValue
            try audit.note("wiring \(wiring.id)", ["senders": scope], group: wiring.agentGroupID, db)
            _ = try Wiring.update(wiring.id, db) { row in try settings.apply(to: &row, db) }
        }
        await context.host.groupChanged(wiring.agentGroupID)
        return try await record(wiring.id)
    }

    private func delete(_ call: inout ControlCall) async throws -> JSONValue {
        let wiring = try await named(&call)
        try call.arguments.finish()
        try await context.store.write { db in try Wiring.remove(wiring.id, db) }
        return ["deleted": .string(wiring.id.rawValue)]
    }

    /// `chat`, and of the message `thread`, `text` and `mention`.
    private func explain(_ call: inout ControlCall) async throws -> JSONValue {
        let name = try call.arguments.required("chat")
        let thread = try call.arguments.optional("thread")
        let text = try call.arguments.optional("text")
        let mention = try call.arguments.optionalFlag("mention")
        try call.arguments.finish()
        let chat = try await context.store.read { db in try Lookup.messagingGroup(name, db) }
        let address = ChatAddress(channel: chat.channelType, platformID: chat.platformID, thread: thread)
        return try JSONValue(encoding: try await context.host.explain(address: address, text: text, mention: mention))
    }

    private func named(_ call: inout ControlCall) async throws -> Wiring {
        let text = try call.arguments.required("wiring")
        return try await context.store.read { db in try Lookup.wiring(text, db) }
    }
}

extension WiringHandlers {
    /// The chat side: exactly one of `chat`, `channel` (with `account`) and `person`.
    private struct Side: Sendable {
        let chat: String?
        let channel: String?
        let account: String?
        let person: UserID?

        init(_ arguments: inout ControlArguments) throws {
            chat = try arguments.optional("chat")
            channel = try arguments.optional("channel")
            account = try arguments.optional("account")
            person = try arguments.optional("person").map(PeopleHandlers.user)
            guard [chat != nil, channel != nil, person != nil].count(where: { $0 }) == 1 else {
                throw ControlError(
                    .invalidArguments,
                    "wirings create needs exactly one of a chat, a channel (all its chats) and a person"
                )
            }
            guard account == nil || channel != nil else {
                throw ControlError(.invalidArguments, "an account goes with a channel")
            }
        }

        func target(now: Timestamp, _ db: Database) throws -> WiringTarget {
            if let channel { return .account(channel: channel, account: account) }
            if let person { return .person(try User.upsert(person, now: now, db).id) }
            let text = chat ?? ""
            do {
                return .chat(try Lookup.messagingGroup(text, db).id)
            } catch let error as StoreError where error.code == .notFound {
                // A chat of this machine needs no platform to make it.
                guard text.hasPrefix("cli:local:"), let platformID = CLIChannel.chat(named: text) else {
                    throw StoreError(
                        .notFound,
                        "no chat \"\(text.prefix(80))\": make it with nanoclaw messaging-groups create"
                    )
                }
                let new = MessagingGroup(
                    channelType: CLIChannel.name,
                    platformID: platformID,
                    name: String(platformID.dropFirst("cli:local:".count)),
                    createdAt: now
                )
                return .chat(try new.create(db).id)
            }
        }
    }

    /// What `create` and `update` may set; nil leaves it.
    private struct Settings: Sendable {
        let modes: Set<EngageMode>?
        let pattern: String?
        let chats: ChatKinds?
        let scope: SenderScope?
        let ignored: IgnoredMessagePolicy?
        let sessionMode: SessionMode?
        let queueMode: QueueMode?
        let reply: String?
        let priority: Int64?

        init(_ arguments: inout ControlArguments) throws {
            pattern = try arguments.optional("pattern")
            let named = try arguments.texts("engage").map { texts in
                Set(try texts.map { try ControlArguments.choice($0, EngageMode.self, "--engage") })
            }
            // A pattern says by itself that it is to engage.
            modes = named ?? (pattern == nil ? nil : [.pattern])
            chats = try arguments.choice("chats", ChatKinds.self)
            scope = try arguments.choice("senders", SenderScope.self)
            ignored = try arguments.choice("ignored", IgnoredMessagePolicy.self)
            sessionMode = try arguments.choice("sessionMode", SessionMode.self)
            queueMode = try arguments.choice("queueMode", QueueMode.self)
            reply = try arguments.optional("reply")
            priority = try arguments.integer("priority", -1_000_000...1_000_000)
            if let pattern {
                do {
                    _ = try EngagePattern(pattern)
                } catch {
                    throw ControlError(
                        .invalidArguments,
                        "the pattern \"\(pattern.prefix(80))\" cannot be used: \(error)"
                    )
                }
            }
        }

        var isEmpty: Bool {
            modes == nil && pattern == nil && chats == nil && scope == nil && ignored == nil && sessionMode == nil
                && queueMode == nil && reply == nil && priority == nil
        }

        func apply(to wiring: inout Wiring, _ db: Database) throws {
            if let modes { wiring.engageModes = modes.sorted { $0.rawValue < $1.rawValue } }
            if let pattern { wiring.engagePattern = pattern }
            if !wiring.engageModes.contains(.pattern) { wiring.engagePattern = nil }
            if let chats { wiring.chats = chats }
            if let scope { wiring.senderScope = scope }
            if let ignored { wiring.ignoredMessagePolicy = ignored }
            if let sessionMode { wiring.sessionMode = sessionMode }
            if let queueMode { wiring.queueMode = queueMode }
            if let priority { wiring.priority = Int(priority) }
            if let reply {
                let chat = reply.isEmpty ? nil : try Lookup.messagingGroup(reply, db)
                wiring.replyChannelType = chat?.channelType
                wiring.replyPlatformID = chat?.platformID
            }
        }
    }
}
