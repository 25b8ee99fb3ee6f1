import CentralStore
import ChannelAccounts
import ChannelKit
import Channels
import Core
import GRDB
import Glibc
import HostConfiguration
import People
import Sandbox
import SessionStoreHost
import Synchronization
import TaskScheduling

extension HostRuntime: HostControl, ChannelInbox {
    func accept(_ event: InboundEvent) async throws {
        guard isAccepting.load(ordering: .acquiring) else {
            throw HostError(.unavailable, "the host is stopping: send it again when it is back")
        }
        if try await cards.take(event) { return }
        try await router.accept(event)
    }

    func note(_ change: ChatChange) async throws {
        guard isAccepting.load(ordering: .acquiring) else {
            throw HostError(.unavailable, "the host is stopping: tell it again when it is back")
        }
        try await router.note(change)
    }

    func answer(_ answer: CardAnswer) async throws -> CardReceipt {
        guard isAccepting.load(ordering: .acquiring) else {
            throw HostError(.unavailable, "the host is stopping: press it again when it is back")
        }
        return try await cards.answer(answer)
    }

    /// People with a role or a membership, by any handle that is linked as theirs.
    func welcomes(_ user: UserID) async throws -> Bool {
        try await central.read { db in try Access.of(user, db).isAny }
    }

    func answersCard(_ event: InboundEvent) async throws -> Bool {
        if try await cards.wouldTake(event) { return true }
        let sender = event.senderNativeID.map { UserID(channel: event.address.channel, native: $0) }
        return try await admission.awaitedName(event, from: sender) != nil
    }

    func tookCode(_ event: InboundEvent) -> Bool? { pairing.tookCode(event) }

    func explain(_ event: InboundEvent) async throws -> [RouteExplanation] { try await router.explain(event) }

    func explain(address: ChatAddress, text: String?, mention: Bool?) async throws -> [RouteExplanation] {
        let owner = try await central.read { db in
            try UserID.fetchOne(
                db,
                sql: "SELECT user_id FROM user_roles WHERE role = 'owner' AND user_id LIKE ? ORDER BY granted_at",
                arguments: ["\(address.channel):%"]
            )
        }
        return try await router.explain(
            InboundEvent(
                address: address,
                platformMessageID: "explain",
                sentAt: time.now,
                senderNativeID: owner?.native,
                content: ChatContent(text: text ?? "hello"),
                // Whoever writes at a terminal of this machine means the agent.
                isMention: mention ?? (address.channel == CLIChannel.name)
            )
        )
    }

    func stop(session: SessionID, by user: UserID?) async throws -> Bool {
        let handle = try await sessions.session(session)
        return try await stopping.stop(handle, by: user)
    }

    func reset(session: SessionID) async throws {
        let handle = try await sessions.session(session)
        try await supervisor.exclusively(handle) {
            await self.deliveries.session(handle).abandon()
            self.deliveries.remove(session)
            try await handle.store.reset()
            handle.status = .active
            try await self.stopping.forget(handle)
            try await self.central.setStatus(.active, reason: nil, of: session)
        }
        await scheduler.sessionChanged(session)
    }

    func close(session: SessionID) async throws {
        let handle = try await sessions.session(session)
        try await supervisor.exclusively(handle) {
            handle.status = .closed
            _ = await self.deliveries.session(handle).stopRequests()
            try await self.stopping.forget(handle)
            try await self.central.setStatus(.closed, reason: nil, of: session)
        }
        await sessions.forget(session)
    }

    func retain(isDry: Bool, _ tell: @Sendable (RetentionItem) async throws -> Void) async throws {
        try await retention.run(isDry: isDry, tell)
    }

    func history(session: SessionID, limit: Int) async throws -> [HistoryEntry] {
        let handle = try await sessions.session(session)
        // Whoever was told of a turn's end finds there what it said.
        await deliveries.record(session)
        return try await handle.store.history(limit: max(1, min(limit, 10_000))).map(HistoryEntry.init)
    }

    func groupChanged(_ group: AgentGroupID) async { await supervisor.groupChanged(group) }

    func restart(group: AgentGroupID, message: String?) async throws -> Int {
        let handles = await supervisor.handles(of: group).filter { supervisor.live[$0.id] != nil }
        for handle in handles { try await supervisor.restart(handle, message: message) }
        return handles.count
    }

    func createGroup(name: String, folder: String?, adoptFolder: Bool) async throws -> AgentGroupID {
        try await groupCreation.create(name: name, folder: folder, adoptFolder: adoptFolder)
    }

    func pair(_ offer: PairingOffer, by maker: UserID, isHomeOwner: Bool) async throws -> Pairing.Made {
        try await pairing.make(offer, by: maker, isHomeOwner: isHomeOwner)
    }

    func exportPerson(_ user: UserID, _ emit: @escaping @Sendable (ExportFrame) async throws -> Void) async throws {
        try await personalData.export(user, emit)
    }

    func linksChanged(_ users: [UserID]) async throws { try await admission.linksChanged(users) }

    func chatWired(_ chat: MessagingGroupID) async throws { try await admission.wired(chat) }

    func withdrawApprovals(about group: AgentGroupID) async throws {
        try await approvals.withdraw { $0.agentGroupID == group }
    }

    func erasePerson(
        _ user: UserID,
        isDry: Bool,
        _ tell: @Sendable (PersonalItem) async throws -> Void
    ) async throws {
        try await personalData.erase(
            user,
            isDry: isDry,
            withdraw: { people in
                try await self.approvals.withdraw { $0.isAbout(people) }
                // What is said of a card's end holds its text: it comes before the text goes.
                let cards = try await self.personalData.openCards(about: people)
                _ = try await Deadline.run(.seconds(5), self.time) {
                    for card in cards { await self.cards.finished(card) }
                }
            },
            forget: { session in
                try await self.reset(session: session)
                try await self.close(session: session)
                try await self.sessions.delete(session)
            },
            open: { try await self.sessions.session($0).store },
            tell
        )
        if !isDry { router.forgetPeople() }
    }

    private var personalData: PersonalData {
        PersonalData(
            home: options.home,
            central: central,
            executors: executors,
            traces: traces
        )
    }

    func runnerReports(session: SessionID) async -> IsolationReport? { supervisor.live[session]?.sandbox.report }

    func liveEvents(for address: ChatAddress) -> AsyncStream<ChatLiveEvent> { hub.listen(to: address) }

    func status() async -> HostStatus {
        var status = HostStatus(
            home: options.home,
            pid: getpid(),
            startedAt: startedAt,
            isReady: isAccepting.load(ordering: .acquiring),
            channels: registry.status,
            runners: await supervisor.status,
            maximumRunners: configuration.maxRunners,
            isolation: await supervisor.lastReport
        )
        do {
            try await central.readStatus(into: &status)
        } catch {
            status.problems.append("The central database cannot be read: \(error)")
        }
        status.sessions.running = status.runners.count { $0.pid != nil }
        status.sessions.queued = await supervisor.queued
        if let level = fillGuard.wrapped?.level, level >= .low {
            let consequence = level == .full ? "no message is taken until there is room" : "who fills it is ended"
            status.problems.append("the disk is \(level.words): \(consequence)")
        }
        for runner in status.runners where runner.failures > 0 {
            status.problems.append(
                "session \(runner.session): its runner failed to start \(runner.failures) times: \(runner.lastError ?? "")"
            )
        }
        for channel in status.channels where channel.health.state == .disconnected {
            status.problems.append("channel \(channel.name): \(channel.health.detail ?? "not connected")")
        }
        return status
    }
}

extension HistoryEntry {
    fileprivate init(_ entry: SessionHistoryEntry) {
        let isOutbound = entry.isOutgoing
        var text = entry.content
        var sender: String?
        if isOutbound, let kind = OutboundKind(rawValue: entry.kind),
            let content = try? OutboundContent(kind: kind, json: entry.content.utf8)
        {
            switch content {
            case .chat(let chat): text = ([chat.text] + chat.files.map { "[\($0)]" }).joined(separator: "\n")
            case .edit(let edit): text = "\(edit.seq): \(edit.text)"
            case .reaction(let reaction): text = "\(reaction.seq): \(reaction.emoji)"
            case .system(let action): text = "\(action.action) \(action.arguments)"
            }
        } else if let kind = InboundKind(rawValue: entry.kind),
            let content = try? InboundContent(kind: kind, json: entry.content.utf8)
        {
            switch content {
            case .chat(let chat):
                text = chat.text
                sender = chat.sender ?? chat.senderID?.description
            case .task(let task): text = task.prompt
            case .webhook(let webhook): text = "\(webhook.source) \(webhook.event)"
            case .system(let system): text = system.text
            }
        }
        self.init(
            id: entry.id,
            seq: entry.seq,
            direction: isOutbound ? .outbound : .inbound,
            kind: entry.kind,
            at: entry.at,
            address: entry.address,
            sender: sender,
            text: text,
            status: entry.state,
            error: nil
        )
    }
}
