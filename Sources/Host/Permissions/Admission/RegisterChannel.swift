import Approvals
import CentralStore
import ChannelKit
import Core
import GRDB
import People
import Synchronization

/// What an owner is asked when a chat that no agent hears asks for one: connect it, make an agent for it, or refuse it.
struct RegisterChannel: ApprovalAction {
    static let kind = "register_channel"
    /// Agents that the card names.
    static let mostAgents = 8

    let desk: AdmissionDesk
    var kind: String { Self.kind }

    static func payload(
        _ row: PendingChat,
        _ event: InboundEvent,
        _ agents: [AgentGroup]
    ) -> JSONValue {
        let sender = event.senderNativeID.map { UserID(channel: event.address.channel, native: $0) }
        return [
            "chat": .string(event.address.chat.description), "messaging_group": .string(row.messagingGroupID.rawValue),
            "is_group": .bool(event.isGroup), "sender": sender.map { .string($0.description) } ?? .null,
            "sender_name": .string(String((event.senderName ?? "").prefix(100))),
            "text": .string(String(event.content.text.prefix(300))),
            "agents": .array(agents.map { ["id": .string($0.id.rawValue), "name": .string($0.name)] }),
        ]
    }

    func title(_ plan: Plan) -> String {
        let chat = plan.payload[key: "chat"]?.string ?? ""
        return plan.payload[key: "is_group"] == true
            ? "A group asks for an agent: \(chat)" : "Somebody writes to the bot in \(chat)"
    }

    func summary(_ plan: Plan) -> String {
        let name = plan.payload[key: "sender_name"]?.string ?? ""
        let sender = plan.payload[key: "sender"]?.string ?? ""
        let chat = plan.payload[key: "chat"]?.string ?? ""
        let text = plan.payload[key: "text"]?.string ?? ""
        return """
            \(PlanText.code(name.isEmpty ? sender : "\(name) (\(sender))")) wrote in \(PlanText.code(chat)), which no agent \
            hears: \(PlanText.code(text))

            Who is connected may write to that agent; the message is handed over then. A chat that is refused stays silent.
            """
    }

    func choices(_ plan: Plan) -> [ApprovalChoice] {
        let agents = plan.payload[key: "agents"]?.array ?? []
        let connect = agents.compactMap { agent -> ApprovalChoice? in
            guard let id = agent[key: "id"]?.string, let name = agent[key: "name"]?.string else { return nil }
            return ApprovalChoice(label: "Connect to \(name.prefix(40))", value: "connect:\(id)", effect: .once)
        }
        return connect + [
            ApprovalChoice(label: "New agent", value: "new_agent", effect: .once),
            ApprovalChoice(label: "Reject", value: "reject", effect: .deny),
        ]
    }

    func level(_ plan: Plan) -> ApproverLevel { .globalAdmin }

    func execute(_ approved: ApprovedPlan) async throws -> String {
        let payload = approved.plan.payload
        guard let chat = payload[key: "messaging_group"]?.string.flatMap(MessagingGroupID.init(rawValue:)) else {
            throw ApprovalError(.invalidPlan, "the plan names no chat")
        }
        if approved.choice == "new_agent" { return try await desk.askForName(chat, of: approved.approver) }
        guard approved.choice.hasPrefix("connect:"),
            let group = AgentGroupID(rawValue: String(approved.choice.dropFirst("connect:".count)))
        else { throw ApprovalError(.invalidPlan, "\"\(approved.choice.prefix(80))\" is no answer of this card") }
        return try await desk.connect(
            chat,
            to: group,
            sender: payload[key: "sender"]?.string.flatMap { UserID($0) },
            by: approved.approver
        )
    }
}

extension AdmissionDesk {
    /// Wires the chat, lets its sender in and hands their message over.
    func connect(
        _ chat: MessagingGroupID,
        to group: AgentGroupID,
        sender: UserID?,
        by approver: UserID?
    ) async throws -> String {
        let now = time.now
        let (connected, name) = try await central.write { db in
            (
                try PendingChat.connect(chat, to: group, sender: sender, by: approver, now: now, db),
                try AgentGroup.fetchOne(db, key: group)?.name ?? group.rawValue
            )
        }
        guard let connected else { return "Nothing waits for this chat any more." }
        await groupChanged(group)
        tasks.add { await self.handOver(connected.row) }
        return "\(connected.place.address) is connected to \(name)."
    }

    /// Somebody has wired the chat by hand: nobody is asked any more, and the message that waits is handed over.
    func wired(_ chat: MessagingGroupID) async throws {
        let row = try await central.write { db -> PendingChat? in
            guard var row = try PendingChat.fetchOne(db, key: chat), !row.isApproved else { return nil }
            row.isApproved = true
            try row.update(db)
            // Nobody's next message is taken for a name any more.
            try PendingName.filter(PendingName.CodingKeys.messagingGroupID == chat).deleteAll(db)
            return row
        }
        guard let row else { return }
        try await approvals.withdraw { approval in
            approval.action == RegisterChannel.kind
                && approval.payload?[key: "messaging_group"]?.string == chat.rawValue
        }
        tasks.add { await self.handOver(row) }
    }

    // MARK: - A new agent's name

    /// Asks the approver what the new agent is to be called; the answer is their next message there.
    func askForName(_ chat: MessagingGroupID, of approver: UserID?) async throws -> String {
        guard let approver,
            let address = await directMessages.address(ofAnyHandleOf: approver, preferring: approver.channel)
        else {
            throw ApprovalError(
                .noApprover,
                "there is no direct chat to ask for the name in: use `nanoclaw groups create` and `nanoclaw wirings create`"
            )
        }
        let now = time.now
        let wait = ApprovalLifetime.standard
        try await central.write(changesRouting: false) { db in
            guard var waiting = try PendingChat.fetchOne(db, key: chat), !waiting.isApproved else {
                throw ApprovalError(.notPending, "nothing waits for this chat any more")
            }
            guard let handle = try Identity.handles(of: approver, db).first(where: { $0.channel == address.channel })
            else {
                return
            }
            // The message waits as long as the name is waited for.
            waiting.expiresAt = now + wait
            try waiting.update(db)
            try PendingName.ask(
                PendingName(user: handle, chat: address.chat, for: chat, expiresAt: now + wait, createdAt: now),
                now: now,
                db
            )
        }
        awaitsName.withLock { _ = $0.insert(address.chat) }
        notices.send(
            "What is the new agent to be called? Answer here with its name, or with /cancel.",
            to: address,
            as: "NanoClaw"
        )
        return "The new agent's name is asked for in \(address.chat)."
    }

    /// The question that a message would answer; nil for an ordinary one.
    func awaitedName(_ event: InboundEvent, from sender: UserID?) async throws -> PendingName? {
        // A command is one there too, and a code is no name.
        guard CommandGate.command(in: event.content.text) == nil, PairingCode(message: event.content.text) == nil,
            let sender, !event.isBot, awaitsName.withLock({ $0.contains(event.address.chat) })
        else { return nil }
        let now = time.now
        return try await central.read { db in try PendingName.awaited(sender, in: event.address.chat, now: now, db) }
    }

    /// The agent that the answer makes: one answer makes one, also when it comes twice or the host ended over it.
    ///
    /// Nil while the same answer is being seen to.
    private func agent(named name: String, askedFor row: PendingName) async throws -> AgentGroupID? {
        guard naming.withLock({ $0.insert(row.messagingGroupID).inserted }) else { return nil }
        defer { naming.withLock { _ = $0.remove(row.messagingGroupID) } }
        let known = try await central.read { db in
            try AgentGroup.filter(
                AgentGroup.CodingKeys.name == name && AgentGroup.CodingKeys.createdAt >= row.createdAt
            ).fetchOne(db)?.id
        }
        if let known { return known }
        return try await createGroup(name)
    }

    /// Takes a message that answers the question for a name; false for one that is an ordinary message.
    func takeName(_ event: InboundEvent, from sender: UserID?) async throws -> Bool {
        guard let sender, let row = try await awaitedName(event, from: sender) else { return false }
        switch NameAnswer(event.content.text) {
        case .none(let reason):
            notices.send("\(reason) Answer with another name, or with /cancel.", to: event.address, as: "NanoClaw")
        case .cancel:
            try await central.write(changesRouting: false) { db in
                _ = try row.delete(db)
                _ = try PendingChat.deleteOne(db, key: row.messagingGroupID)
            }
            notices.send("No agent was made; the next message there asks again.", to: event.address, as: "NanoClaw")
        case .name(let name):
            // Whoever lost the role meanwhile makes no agent.
            let (access, kept) = try await central.read { db in
                (try Access.of(sender, db), try PendingChat.fetchOne(db, key: row.messagingGroupID)?.event)
            }
            guard access.isOwner || access.isGlobalAdmin, let kept else {
                try await central.write(changesRouting: false) { db in _ = try row.delete(db) }
                let reason = kept == nil ? "it is too late" : "that is for owners and admins"
                notices.send("No agent was made: \(reason).", to: event.address, as: "NanoClaw")
                return true
            }
            guard let group = try await agent(named: name, askedFor: row) else { return true }
            let first = try KeptEvent.decode(kept)
            let said = try await connect(
                row.messagingGroupID,
                to: group,
                sender: first.senderNativeID.map { UserID(channel: first.address.channel, native: $0) },
                by: sender
            )
            notices.send("\(name) is made. \(said)", to: event.address, as: "NanoClaw")
        }
        return true
    }
}
