import AgentMail
import Approvals
import CentralStore
import ChannelKit
import Core
import GRDB
import LinuxIO
import Logging
import SessionStore
import SessionStoreHost

/// What became of a message to another agent.
enum AgentDelivery: Sendable {
    /// It is durable in the other's session.
    case delivered
    /// It goes nowhere; what the agent is told.
    case refused(String, notices: [AgentMailNotice])
    /// It cannot be stored now and is tried again.
    case later(String)
}

/// What a person is told of a limit that agents have reached.
struct AgentMailNotice: Sendable, Equatable {
    var address: ChatAddress
    var text: String
}

/// Takes messages of agents to other agents: from one session's `outbound.db` into another session's `inbound.db`.
///
/// Where a message goes is decided and remembered centrally before it is written there, so that a crash between the two is
/// made good in the same place, and its source tells a repeat, so that it is there once.
struct AgentCourier: Sendable {
    let central: CentralStore
    let sessions: SessionManager
    let ledger: DirtyLedger
    let directMessages: DirectMessages
    let limits: AgentMailLimits
    let traces: TraceStore?
    let activity: SessionActivity
    let supervisor: Late<RunnerSupervisor>
    /// Throws when nothing may be stored.
    let checkRoom: @Sendable () throws -> Void
    let time: any TimeSource
    let logger: Logger

    /// Delivers a recorded row of a session to this agent group; a repeat changes nothing.
    func deliver(
        _ delivery: Delivery,
        _ chat: OutboundChat,
        to target: AgentGroupID,
        from handle: SessionHandle
    ) async -> AgentDelivery {
        do {
            try checkRoom()
            let trail = try await handle.store.agentMailTrail(
                with: target,
                taken: delivery.taken,
                answering: delivery.inReplyTo
            )
            let request = AgentMailRequest(
                key: AgentMessageKey(session: handle.id, message: delivery.message),
                sourceGroup: handle.agentGroup,
                target: target,
                trail: trail
            )
            switch try await central.decide(request, limits, now: time.now) {
            case .refused(let refusal, let tells):
                return .refused(refusal.words(limits), notices: tells ? try await notices(refusal, request) : [])
            case .accepted(let message, let sourceName):
                crashPoint("agents.accepted")
                return try await store(message, chat, of: delivery, from: handle, named: sourceName)
            }
        } catch let error as SessionStore.StoreError where error.code == .tooLarge {
            return .refused("\(error)", notices: [])
        } catch {
            return .later("\(error)")
        }
    }

    private func store(
        _ message: AgentMessage,
        _ chat: OutboundChat,
        of delivery: Delivery,
        from source: SessionHandle,
        named name: String
    ) async throws -> AgentDelivery {
        let target = try await sessions.session(message.targetSessionID)
        switch target.status {
        case .active: break
        case .closed: return .refused(AgentMailRefusal.closed.words(limits), notices: [])
        case .quarantined: return .refused(AgentMailRefusal.quarantined.words(limits), notices: [])
        }
        let (text, files) = try await open(chat, of: delivery, from: source)
        guard !text.isEmpty || !files.isEmpty else { return .refused("the message is empty", notices: []) }
        let now = time.now
        let address = ChatAddress(agent: source.agentGroup)
        let row = NewInbound(
            sourceID: "agent|\(source.id)|\(delivery.message)",
            isKnownBySource: true,
            content: .chat(ChatContent(text: text, sender: name)),
            sentAt: delivery.recordedAt,
            receivedAt: now,
            address: address,
            platformMessageID: delivery.message.rawValue,
            sourceSession: source.id,
            attachments: files
        )
        let outcome = try await ledger.holding(target.id, reason: "message of an agent") {
            try await target.insert(row, time: time) { await supervisor.wrapped?.endBlocking(target.id) }
        }
        crashPoint("agents.stored")
        guard case .inserted(let id, _) = outcome else { return .delivered }
        activity.note(target.id, at: now)
        target.remember(id, SessionHandle.MessageOrigin(address: address, platformMessageID: row.platformMessageID))
        traces?.note(
            "routed",
            at: now,
            source: delivery.message.rawValue,
            message: id,
            session: target.id,
            [
                "agentGroup": target.agentGroup.rawValue, "chat": address.description, "from": source.id.rawValue,
                "hops": String(message.hops),
            ]
        )
        await supervisor.wrapped?.wake(target)
        return .delivered
    }

    /// The message's files, each open; of one that cannot be had the text says so.
    ///
    /// Throws when the disk fails.
    private func open(
        _ chat: OutboundChat,
        of delivery: Delivery,
        from source: SessionHandle
    ) async throws -> (text: String, files: [NewAttachment]) {
        var text = chat.text
        var files: [NewAttachment] = []
        for name in chat.files {
            do {
                let file = try await source.store.openOutboxFile(message: delivery.message, name: name)
                files.append(NewAttachment(name: file.name, source: .open(file.descriptor)))
            } catch let error as SessionStore.StoreError where error.code == .inputOutput {
                throw error
            } catch {
                // Why is the host's own and the sender's business, not the other agent's.
                logger.warning(
                    "A file did not go along to another agent",
                    metadata: ["session": "\(source.id)", "message": "\(delivery.message)", "error": "\(error)"]
                )
                text += "\n[The file \(name) could not be attached.]"
            }
        }
        return (text, files)
    }

    // MARK: - Limits

    /// One notice for those who keep either agent; one for both where that is the same chat.
    private func notices(_ refusal: AgentMailRefusal, _ request: AgentMailRequest) async throws -> [AgentMailNotice] {
        let groups = [request.sourceGroup, request.target]
        let names = try await central.read { db in
            try groups.map { try AgentGroup.fetchOne(db, key: $0)?.name ?? $0.rawValue }
        }
        let what =
            refusal == .tooManyHops
            ? "have answered each other \(limits.hops) times in a row without a person or a task between them"
            : "have written each other \(limits.perWindow) messages in a minute"
        let text =
            "\(names[0]) and \(names[1]) \(what). Further messages between them are refused for now. To part them: "
            + "`nanoclaw destinations remove`."
        logger.warning("Agents have reached a limit", metadata: ["from": "\(groups[0])", "to": "\(groups[1])"])
        var found: [AgentMailNotice] = []
        for group in groups {
            guard let address = try await keeperAddress(group), !found.contains(where: { $0.address == address })
            else { continue }
            found.append(AgentMailNotice(address: address, text: text))
        }
        return found
    }

    /// The direct chat of the first person who decides over the agent and can be reached; nil when nobody can.
    private func keeperAddress(_ group: AgentGroupID) async throws -> ChatAddress? {
        let keepers = try await central.read { db in try ApproverDirectory.approvers(.groupAdmin, group: group, db) }
        for user in keepers {
            if let address = await directMessages.address(of: user) { return address }
        }
        return nil
    }
}
