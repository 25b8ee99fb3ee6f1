import Approvals
import CentralStore
import ChannelKit
import Core
import GRDB
import Logging
import People
import Synchronization

/// Asks whether a chat that no agent hears, or somebody unknown, is to be let in, and hands their message over once it is.
///
/// The message is kept before anybody is asked, and handed over again after the word was given, never before. A repeat
/// of the handing over changes nothing, so that a host that dies in between does it again.
final class AdmissionDesk: Sendable {
    let central: CentralStore
    let approvals: ApprovalService
    let directMessages: DirectMessages
    let notices: NoticeSender
    let tasks: TaskScope
    let time: any TimeSource
    let logger: Logger
    /// Makes an agent group, its files too.
    let createGroup: @Sendable (String) async throws -> AgentGroupID
    /// A group was given a chat: its sessions are to know.
    let groupChanged: @Sendable (AgentGroupID) async -> Void
    /// Routes a message as one that has just come.
    private let accept: @Sendable (InboundEvent) async throws -> Void
    /// Chats in which a name is awaited: of all others nothing is read.
    let awaitsName = Mutex<Set<ChatAddress>>([])

    init(
        central: CentralStore,
        approvals: ApprovalService,
        directMessages: DirectMessages,
        notices: NoticeSender,
        tasks: TaskScope,
        time: any TimeSource,
        logger: Logger,
        createGroup: @escaping @Sendable (String) async throws -> AgentGroupID,
        groupChanged: @escaping @Sendable (AgentGroupID) async -> Void,
        accept: @escaping @Sendable (InboundEvent) async throws -> Void
    ) {
        self.central = central
        self.approvals = approvals
        self.directMessages = directMessages
        self.notices = notices
        self.tasks = tasks
        self.time = time
        self.logger = logger
        self.createGroup = createGroup
        self.groupChanged = groupChanged
        self.accept = accept
        approvals.register(RegisterChannel(desk: self))
        approvals.register(AdmitSender(desk: self))
        approvals.register(LinkHandles(desk: self))
    }

    // MARK: - Asking

    /// A chat that no agent hears asked for one: an owner or global admin is asked, once.
    func ask(about event: InboundEvent, from sender: UserID) async {
        do {
            let now = time.now
            let kept = try KeptEvent.encode(event)
            let lifetime = ApprovalLifetime.standard
            let opened = try await central.write { db -> PendingChat? in
                guard let first = try AgentGroup.order(AgentGroup.CodingKeys.createdAt).fetchOne(db) else { return nil }
                return try PendingChat.open(
                    event.address.chat,
                    isGroup: event.isGroup,
                    for: first.id,
                    event: kept,
                    lifetime: lifetime,
                    now: now,
                    db
                )
            }
            guard let opened else { return }
            let payload = RegisterChannel.payload(opened, event, sender, try await agents())
            do {
                let outcome = try await approvals.request(
                    ApprovalRequest(
                        action: RegisterChannel.kind,
                        agentGroup: nil,
                        payload: payload,
                        origin: event.address,
                        lifetime: lifetime
                    )
                )
                try await central.write(changesRouting: false) { db in
                    try db.execute(
                        sql: "UPDATE pending_channel_approvals SET approval_id = ? WHERE messaging_group_id = ?",
                        arguments: [outcome.id, opened.messagingGroupID]
                    )
                }
                follow(outcome.id, chat: opened.messagingGroupID)
            } catch {
                // Nobody was asked: the next message asks again.
                try await central.write(changesRouting: false) { db in
                    _ = try PendingChat.deleteOne(db, key: opened.messagingGroupID)
                }
                throw error
            }
        } catch {
            logger.warning(
                "Nobody was asked about a chat",
                metadata: ["chat": "\(event.address)", "error": "\(error)"]
            )
        }
    }

    /// Somebody unknown wrote to an agent whose chat lets admins decide: they are asked, once for chat, agent and sender.
    func ask(
        about event: InboundEvent,
        from sender: UserID,
        in chat: MessagingGroupID,
        for group: AgentGroup
    ) async {
        do {
            let now = time.now
            let kept = try KeptEvent.encode(event)
            let lifetime = ApprovalLifetime.standard
            let opened = try await central.write(changesRouting: false) { db in
                try PendingSender.open(
                    sender,
                    name: event.senderName,
                    in: chat,
                    for: group.id,
                    event: kept,
                    lifetime: lifetime,
                    now: now,
                    db
                )
            }
            guard let opened else { return }
            do {
                let outcome = try await approvals.request(
                    ApprovalRequest(
                        action: AdmitSender.kind,
                        agentGroup: group.id,
                        payload: AdmitSender.payload(opened, event),
                        origin: event.address,
                        lifetime: lifetime
                    )
                )
                try await central.write(changesRouting: false) { db in
                    try db.execute(
                        sql: "UPDATE pending_sender_approvals SET approval_id = ? WHERE id = ?",
                        arguments: [outcome.id, opened.id]
                    )
                }
                follow(outcome.id, sender: opened.id)
            } catch {
                try await central.write(changesRouting: false) { db in
                    _ = try PendingSender.deleteOne(db, key: opened.id)
                }
                throw error
            }
        } catch {
            logger.warning(
                "Nobody was asked about a sender",
                metadata: ["sender": "\(sender)", "chat": "\(event.address)", "error": "\(error)"]
            )
        }
    }

    private func agents() async throws -> [AgentGroup] {
        try await central.read { db in
            try AgentGroup.order(AgentGroup.CodingKeys.createdAt).limit(RegisterChannel.mostAgents).fetchAll(db)
        }
    }

    // MARK: - Ends

    /// Goes on with what an earlier host left.
    func recover() async {
        await attempt("what an earlier host left") { try await self.goOn() }
    }

    private func goOn() async throws {
        let (chats, senders, names) = try await central.read { db in
            (try PendingChat.fetchAll(db), try PendingSender.fetchAll(db), try PendingName.fetchAll(db))
        }
        awaitsName.withLock { $0.formUnion(names.map(\.chat)) }
        for row in chats {
            if row.isApproved {
                tasks.add { await self.handOver(chat: row.messagingGroupID) }
            } else if let approval = row.approvalID.flatMap(ApprovalID.init(rawValue:)) {
                follow(approval, chat: row.messagingGroupID)
            } else {
                // The host died before anybody was asked.
                try await forget(chat: row.messagingGroupID, asked: nil)
            }
        }
        for row in senders {
            if row.isApproved {
                tasks.add { await self.handOver(sender: row.id) }
            } else if let approval = row.approvalID.flatMap(ApprovalID.init(rawValue:)) {
                follow(approval, sender: row.id)
            } else {
                try await forget(sender: row.id)
            }
        }
    }

    /// Waits for the word and sees to a no, or to none.
    private func follow(_ approval: ApprovalID, chat: MessagingGroupID) {
        tasks.add {
            await self.attempt("a chat's answer") {
                let result = try await self.approvals.wait(for: approval)
                let now = self.time.now
                switch result.status {
                case .executed: return
                case .denied:
                    try await self.central.write { db in
                        try PendingChat.refuse(chat, by: approval.rawValue, now: now, db)
                    }
                default: try await self.forget(chat: chat, asked: approval.rawValue)
                }
            }
        }
    }

    private func follow(_ approval: ApprovalID, sender: String) {
        tasks.add {
            await self.attempt("a sender's answer") {
                let result = try await self.approvals.wait(for: approval)
                if result.status != .executed { try await self.forget(sender: sender) }
            }
        }
    }

    /// Of the message that this approval was about; another may wait for the next one by now.
    private func forget(chat: MessagingGroupID, asked approval: String?) async throws {
        try await central.write(changesRouting: false) { db in
            try PendingChat.filter(
                PendingChat.CodingKeys.messagingGroupID == chat && PendingChat.CodingKeys.isApproved == false
                    && PendingChat.CodingKeys.approvalID == approval
            ).deleteAll(db)
        }
    }

    private func forget(sender: String) async throws {
        try await central.write(changesRouting: false) { db in
            try PendingSender.filter(
                PendingSender.CodingKeys.id == sender && PendingSender.CodingKeys.isApproved == false
            ).deleteAll(db)
        }
    }

    /// Hands a chat's message over again, and forgets it once it is stored.
    func handOver(chat: MessagingGroupID) async {
        await attempt("a chat's message") {
            let row = try await self.central.read { db in try PendingChat.fetchOne(db, key: chat) }
            guard let row, row.isApproved else { return }
            try await self.accept(try KeptEvent.decode(row.event))
            try await self.central.write(changesRouting: false) { db in _ = try PendingChat.deleteOne(db, key: chat) }
        }
    }

    func handOver(sender: String) async {
        await attempt("a sender's message") {
            let row = try await self.central.read { db in try PendingSender.fetchOne(db, key: sender) }
            guard let row, row.isApproved else { return }
            try await self.accept(try KeptEvent.decode(row.event))
            try await self.central.write(changesRouting: false) { db in
                _ = try PendingSender.deleteOne(db, key: sender)
            }
        }
    }

    private func attempt(_ what: String, _ body: @Sendable () async throws -> Void) async {
        do {
            try await body()
        } catch {
            logger.warning("Not seen to: \(what)", metadata: ["error": "\(error)"])
        }
    }
}
