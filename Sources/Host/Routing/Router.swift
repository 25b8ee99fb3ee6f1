import CentralStore
import ChannelAccounts
package import ChannelKit
import Core
import LinuxIO
import Logging
import People
import SessionStore
import SessionStoreHost
import Synchronization

/// Takes each message that a platform hands over to the sessions that it is for.
///
/// Returns once every row is durable. One failing wiring never stops the next; when one failed the whole is thrown back
/// to the adapter, whose repeat changes nothing where the row is already.
package final class Router: Sendable {
    let central: CentralStore
    let routes: RouteCache
    let sessions: SessionManager
    private let ledger: DirtyLedger
    private let supervisor: RunnerSupervisor
    private let stopping: SessionStop
    let registry: ChannelRegistry
    private let notices: NoticeSender
    private let pairing: PairingDesk
    let admission: AdmissionDesk
    private let typing: TypingKeeper
    private let traces: TraceStore?
    private let activity: SessionActivity
    /// Throws when nothing may be stored.
    private let checkRoom: @Sendable () throws -> Void
    let time: any TimeSource
    let logger: Logger
    /// People whose row is known to be there, with the name and handle it has.
    private let people = Mutex<[UserID: ShownAs]>([:])

    init(
        central: CentralStore,
        sessions: SessionManager,
        ledger: DirtyLedger,
        supervisor: RunnerSupervisor,
        stopping: SessionStop,
        registry: ChannelRegistry,
        notices: NoticeSender,
        pairing: PairingDesk,
        admission: AdmissionDesk,
        typing: TypingKeeper,
        traces: TraceStore?,
        activity: SessionActivity,
        checkRoom: @escaping @Sendable () throws -> Void,
        time: any TimeSource,
        logger: Logger
    ) {
        self.central = central
        routes = RouteCache(central: central, time: time)
        self.sessions = sessions
        self.ledger = ledger
        self.supervisor = supervisor
        self.stopping = stopping
        self.registry = registry
        self.notices = notices
        self.pairing = pairing
        self.admission = admission
        self.typing = typing
        self.traces = traces
        self.activity = activity
        self.checkRoom = checkRoom
        self.time = time
        self.logger = logger
    }

    package func accept(_ event: InboundEvent) async throws {
        crashPoint("router.received")
        let (event, sender, channelHasThreads) = normalised(event)
        traces?.note("received", at: time.now, source: event.platformMessageID, ["chat": event.address.description])
        if try await admission.takeName(event, from: sender) { return }
        switch try await pairing.take(event, from: sender, isPrivate: isPrivate(event)) {
        case .route: break
        case .taken: return
        case .waits(let maker):
            if let sender { await admission.ask(toLink: maker, with: sender, from: event.address) }
            return
        case .refused: return try await drop(event, sender, .pairingLimit, nil, nil)
        }
        let facts = try await routes.facts(event, sender: sender, channelHasThreads: channelHasThreads)
        let plan = RouteDecider.decide(event, facts)
        if let reason = plan.drop {
            if reason == .noAgentWired, sender != nil { try await admission.ask(about: event) }
            try await drop(event, sender, reason, facts.chat?.id, nil)
        }
        guard !plan.decisions.isEmpty else { return }
        if let sender, plan.takesMessage { try await know(sender, event) }
        crashPoint("router.sender-known")
        var chat = facts.chat
        var failure: (any Error)?
        for decision in plan.decisions {
            do {
                try await carryOut(
                    decision,
                    event,
                    Origin(sender: sender, channelHasThreads: channelHasThreads),
                    &chat
                )
            } catch {
                logger.error(
                    "A message could not be stored for one agent",
                    metadata: [
                        "agentGroup": "\(decision.candidate.group.id)", "chat": "\(event.address)", "error": "\(error)",
                    ]
                )
                // What no row can hold now fits no better when it comes again.
                if (error as? SessionStore.StoreError)?.code != .tooLarge { failure = failure ?? error }
            }
        }
        if let failure { throw failure }
        crashPoint("router.accepting")
    }

    /// Which agent and session a message would reach, and why; nothing is written.
    package func explain(_ event: InboundEvent) async throws -> [RouteExplanation] {
        let (event, sender, channelHasThreads) = normalised(event)
        let facts = try await routes.facts(event, sender: sender, channelHasThreads: channelHasThreads)
        var explanations: [RouteExplanation] = []
        for decision in RouteDecider.decide(event, facts).decisions {
            var session: SessionID?
            if let chat = facts.chat {
                let key = SessionKey(
                    wiring: decision.candidate.wiring,
                    chat: chat.id,
                    isGroup: chat.isGroup,
                    thread: event.address.thread,
                    channelHasThreads: channelHasThreads
                )
                session = try await sessions.existing(key)
            }
            explanations.append(
                RouteExplanation(
                    wiring: decision.candidate.wiring.id,
                    agentGroup: decision.candidate.group.id,
                    agentName: decision.candidate.group.name,
                    session: session,
                    outcome: decision.outcome.name,
                    reasons: decision.reasons
                )
            )
        }
        return explanations
    }

    struct Origin {
        var sender: UserID?
        var channelHasThreads: Bool
    }

    /// The event as the channel can mean it: no thread where there are none, and a person of this channel only.
    func normalised(_ event: InboundEvent) -> (InboundEvent, UserID?, Bool) {
        var event = event
        let hasThreads = registry.adapter(for: event.address)?.capabilities.threads ?? true
        if !hasThreads { event.address.thread = nil }
        let native = event.senderNativeID.flatMap { $0.isEmpty ? nil : $0 }
        let sender = native.map { UserID(channel: event.address.channel, native: $0) }
        return (event, sender, hasThreads)
    }

    private struct ShownAs: Equatable {
        var name: String?
        var handle: String?
    }

    /// A person's row is made when a message of theirs is taken: a stranger leaves nothing but a count.
    private func know(_ sender: UserID, _ event: InboundEvent) async throws {
        let shown = ShownAs(name: event.senderName, handle: event.senderHandle)
        guard people.withLock({ $0[sender] }) != shown else { return }
        try await central.remember(sender, name: shown.name, handle: shown.handle, now: time.now)
        people.withLock { people in
            if people.count > 10_000 { people.removeAll() }
            people[sender] = shown
        }
    }

    private func isPrivate(_ event: InboundEvent) -> Bool {
        !event.isGroup && registry.adapter(for: event.address)?.capabilities.privateChats == true
    }

    /// Rows of people may be gone: each is made anew with their next message.
    func forgetPeople() { people.withLock { $0.removeAll() } }

    private func drop(
        _ event: InboundEvent,
        _ sender: UserID?,
        _ reason: DropReason,
        _ chat: MessagingGroupID?,
        _ group: AgentGroupID?
    ) async throws {
        try await central.recordDrop(event, sender: sender, reason: reason, chat: chat, group: group, now: time.now)
        traces?.note(
            "dropped",
            at: time.now,
            source: event.platformMessageID,
            [
                "chat": event.address.description, "sender": sender?.description ?? "", "reason": reason.rawValue,
                "agentGroup": group?.rawValue ?? "",
            ]
        )
        logger.info(
            "A message was dropped",
            metadata: [
                "chat": "\(event.address)", "sender": "\(sender?.description ?? "")", "reason": "\(reason.rawValue)",
            ]
        )
    }

    private func carryOut(
        _ decision: RouteDecision,
        _ event: InboundEvent,
        _ origin: Origin,
        _ chat: inout MessagingGroup?
    ) async throws {
        let group = decision.candidate.group
        switch decision.outcome {
        case .drop(nil): return
        case .drop(let reason?):
            if reason == .unknownSenderRequestApproval, decision.isEngaged, let sender = origin.sender, let chat {
                try await admission.ask(about: event, from: sender, in: chat.id, for: group.id)
            }
            try await drop(event, origin.sender, reason, chat?.id, group.id)
        case .denied(let command):
            try await drop(event, origin.sender, .commandDenied, chat?.id, group.id)
            notices.send(
                "/\(command) is for the admins of \(group.name).",
                to: event.replyAddress ?? event.address,
                as: group.name
            )
        case .link: try await offerLink(event, origin, as: group.name)
        case .stop: try await stop(decision, event, origin, chat)
        case .deliver, .accumulate:
            try checkRoom()
            let known: MessagingGroup
            if let chat {
                known = chat
            } else {
                known = try await central.findOrCreateChat(event, now: time.now)
                crashPoint("router.chat-made")
                chat = known
            }
            try await store(decision, event, origin, known)
        }
    }

    private func offerLink(_ event: InboundEvent, _ origin: Origin, as name: String) async throws {
        guard let sender = origin.sender else { return }
        guard registry.adapter(for: event.address)?.capabilities.privateChats == true else {
            // Whoever reads the chat could send the code first.
            return notices.send(
                "Others read this chat too: `nanoclaw users link --code` gives you a code.",
                to: event.address,
                as: name
            )
        }
        let made = try await pairing.make(PairingOffer(.link), by: sender, isHomeOwner: false)
        notices.send(
            "Send \(made.code.text) as a direct message, and nothing else, from your other account within ten minutes: "
                + "the two are one person then.",
            to: event.address,
            as: name
        )
    }

    private func stop(
        _ decision: RouteDecision,
        _ event: InboundEvent,
        _ origin: Origin,
        _ chat: MessagingGroup?
    ) async throws {
        var wasBusy = false
        if let chat, let session = try await central.findSession(key(decision, event, origin, chat)) {
            let handle = try await sessions.session(session.id)
            wasBusy = try await stopping.stop(handle, by: origin.sender)
        }
        notices.send(
            wasBusy ? "Stopped." : "There is nothing to stop.",
            to: event.replyAddress ?? event.address,
            as: decision.candidate.group.name
        )
    }

    func key(
        _ decision: RouteDecision,
        _ event: InboundEvent,
        _ origin: Origin,
        _ chat: MessagingGroup
    ) -> SessionKey {
        SessionKey(
            wiring: decision.candidate.wiring,
            chat: chat.id,
            isGroup: chat.isGroup,
            thread: event.address.thread,
            channelHasThreads: origin.channelHasThreads
        )
    }

    func store(
        _ decision: RouteDecision,
        _ event: InboundEvent,
        _ origin: Origin,
        _ chat: MessagingGroup
    ) async throws {
        let wiring = decision.candidate.wiring
        let handle = try await sessions.session(key(decision, event, origin, chat))
        crashPoint("router.session-open")
        let triggers = decision.outcome == .deliver
        let address = event.replyAddress ?? wiring.reply ?? event.address
        var content = event.content
        content.sender = event.senderName ?? content.sender
        content.senderID = origin.sender
        content.details = event.metadata
        try await number(&content, at: event.address, in: handle)
        let most = SessionLimits.platformTexts
        let now = time.now
        let row = NewInbound(
            // A platform's ids are unique within one chat only.
            sourceID: "\(event.address.chat)|\(event.dedupKey)",
            content: event.webhook.map { .webhook($0.fitting(json: most)) } ?? .chat(content.fitting(json: most)),
            trigger: triggers,
            sentAt: event.sentAt,
            receivedAt: now,
            address: address,
            platformMessageID: event.platformMessageID,
            attachments: event.attachments.map(NewAttachment.init)
        )
        if decision.remembersEngagement, handle.becomesEngaged() { try await central.markEngaged(handle.id, at: now) }
        if handle.setQueueMode(wiring.queueMode) { await supervisor.groupChanged(handle.agentGroup) }
        let outcome = try await ledger.holding(handle.id, reason: "message") {
            crashPoint("router.marked")
            return try await handle.insert(row, time: time) { await self.supervisor.endBlocking(handle.id) }
        }
        crashPoint("router.stored")
        guard case .inserted(let id, _) = outcome else {
            logger.info("A message came again", metadata: ["session": "\(handle.id)", "chat": "\(event.address)"])
            return
        }
        activity.note(handle.id, at: now)
        handle.remember(
            id,
            SessionHandle.MessageOrigin(
                address: address,
                platformMessageID: event.platformMessageID,
                isGroup: event.isGroup
            )
        )
        traces?.note(
            triggers ? "routed" : "accumulated",
            at: now,
            source: event.platformMessageID,
            message: id,
            session: handle.id,
            [
                "agentGroup": handle.agentGroup.rawValue, "chat": event.address.description,
                "sender": origin.sender?.description ?? "", "why": decision.reasons.joined(separator: "; "),
            ]
        )
        guard triggers else { return }
        crashPoint("router.waking")
        typing.started(handle.id, at: event.address)
        await supervisor.wake(handle)
    }
}

extension NewAttachment {
    fileprivate init(_ file: InboundFile) {
        let source: Source =
            switch file.source {
            case .bytes(let bytes): .bytes(bytes)
            case .file(let path): .file(path)
            }
        self.init(type: file.type, name: file.name, mediaType: file.mediaType, source: source)
    }
}
