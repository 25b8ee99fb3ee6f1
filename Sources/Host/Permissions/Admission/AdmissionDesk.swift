import Approvals
import CentralStore
import ChannelKit
import Core
import GRDB
import LinuxIO
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
    /// Chats whose agent is being made.
    let naming = Mutex<Set<MessagingGroupID>>([])

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
    ///
    /// Returns once the message is kept; whoever is asked may be far, and the stranger's channel waits for neither. Throws where
    /// it cannot be kept: it comes again.
    func ask(about event: InboundEvent) async throws {
        let now = time.now
        let kept = try KeptEvent.encode(event)
        let opened = try await central.write { db -> PendingChat? in
            guard let first = try AgentGroup.order(AgentGroup.CodingKeys.createdAt).fetchOne(db) else { return nil }
            return try PendingChat.open(
                event.address.chat,
                isGroup: event.isGroup,
                for: first.id,
                event: kept,
                lifetime: ApprovalLifetime.standard,
                now: now,
                db
            )
        }
        if let opened { seeTo(opened) }
    }

    /// Somebody unknown wrote to an agent whose chat lets admins decide: they are asked, once for chat, agent and sender.
    ///
    /// Returns and throws as ``ask(about:)``.
    func ask(
        about event: InboundEvent,
        from sender: UserID,
        in chat: MessagingGroupID,
        for group: AgentGroupID
    ) async throws {
        let now = time.now
        let kept = try KeptEvent.encode(event)
        let opened = try await central.write(changesRouting: false) { db in
            try PendingSender.open(
                sender,
                name: event.senderName,
                in: chat,
                for: group,
                event: kept,
                lifetime: ApprovalLifetime.standard,
                now: now,
                db
            )
        }
        if let opened { seeTo(opened) }
    }

    /// Brings a row to its end: asks about it unless somebody was asked, waits for the word, hands the message over.
    private func seeTo(_ row: some Admission) {
        tasks.add {
            crashPoint("admission.kept")
            await self.attempt("a \(type(of: row).noun) that waits to be let in") {
                if row.isApproved { return await self.handOver(row) }
                let approval: ApprovalID
                if let asked = row.approvalID.flatMap(ApprovalID.init(rawValue:)) {
                    approval = asked
                } else {
                    guard let asked = try await self.request(row) else { return }
                    approval = asked
                }
                let result = try await self.approvals.wait(for: approval)
                if result.status != .executed { try await self.end(row, isDenied: result.status == .denied) }
            }
        }
    }

    /// Asks about a row.
    ///
    /// When nobody can be asked it is forgotten: the next message asks again. Nil for one that is decided, or gone, meanwhile.
    private func request<Row: Admission>(_ row: Row) async throws -> ApprovalID? {
        do {
            let agents = try await central.read { db in
                try AgentGroup.order(AgentGroup.CodingKeys.createdAt).limit(RegisterChannel.mostAgents).fetchAll(db)
            }
            let event = try KeptEvent.decode(row.event)
            let approval = try await approvals.request(
                ApprovalRequest(
                    action: Row.kind,
                    agentGroup: row.decidingGroup,
                    payload: row.payload(event, agents: agents),
                    origin: event.address,
                    lifetime: ApprovalLifetime.standard
                )
            ) { approval, db in
                // Somebody may have let them in by hand meanwhile.
                guard var current = try row.current(db), !current.isApproved else {
                    throw ApprovalError(.unwanted, "this is decided already: nobody is asked")
                }
                current.approvalID = approval.rawValue
                try current.update(db)
            }.id
            crashPoint("admission.asked")
            return approval
        } catch let error as ApprovalError where error.code == .unwanted {
            return nil
        } catch {
            // A host that ends asks when it is back.
            if !Task.isCancelled { try await end(row, isDenied: false) }
            throw error
        }
    }

    // MARK: - Ends

    /// Goes on with what an earlier host left.
    func recover() async {
        await attempt("what an earlier host left") {
            let (chats, senders, names) = try await self.central.read { db in
                (try PendingChat.fetchAll(db), try PendingSender.fetchAll(db), try PendingName.fetchAll(db))
            }
            self.awaitsName.withLock { $0.formUnion(names.map(\.chat)) }
            for row in chats { self.seeTo(row) }
            for row in senders { self.seeTo(row) }
        }
    }

    private func end(_ row: some Admission, isDenied: Bool) async throws {
        let now = time.now
        try await central.write { db in
            guard let current = try row.current(db), !current.isApproved else { return }
            try current.end(isDenied: isDenied, now: now, db)
        }
    }

    /// Hands the message of a row that was approved over, and forgets it once it is stored; tries until it is.
    func handOver<Row: Admission>(_ row: Row) async {
        var pause = Duration.seconds(15)
        repeat {
            var isDone = false
            await attempt("a \(Row.noun)'s message") {
                let current = try await self.central.read { db in try row.current(db) }
                guard let current, current.isApproved else { return isDone = true }
                try await self.accept(try KeptEvent.decode(current.event))
                crashPoint("admission.handed-over")
                try await self.central.write(changesRouting: false) { db in _ = try current.delete(db) }
                isDone = true
            }
            if isDone { return }
            pause = min(pause * 2, .seconds(600))
            // Somebody has let them in, so it is not given up while the host lives; a sleep that fails is its end.
        } while (try? await time.sleep(for: pause)) != nil
    }

    private func attempt(_ what: String, _ body: () async throws -> Void) async {
        do {
            try await body()
        } catch is CancellationError {
            // The host ends: the next one goes on with what waits.
        } catch {
            logger.warning("Not seen to: \(what)", metadata: ["error": "\(error)"])
        }
    }
}
