import CentralStore
import Core
import GRDB
import Scheduling
import SessionStoreHost
import TaskScheduling

/// Brings runs of tasks to sessions as rows of kind `task`, reads their ends, and tells people.
struct HostTaskPort: TaskPort {
    /// Begins what is noted at the end of a run that was cut off.
    static let interrupted = "interrupted: "
    private static let stopped = "stopped by "

    let central: CentralStore
    let sessions: SessionManager
    let ledger: DirtyLedger
    let supervisor: RunnerSupervisor
    let deliveries: DeliveryService
    let notices: NoticeSender
    let activity: SessionActivity
    let time: any TimeSource

    func dispatch(_ run: TaskRun, of task: ScheduledTask) async throws -> TaskRow {
        let place = TaskPlace(mode: task.sessionMode, chat: task.messagingGroupID, thread: task.threadID)
        let handle = try await sessions.session(SessionKey(agentGroup: task.agentGroupID, place: place))
        guard handle.status != .quarantined else {
            throw TaskRefusal("its session is quarantined: `nanoclaw sessions reset \(handle.id)` makes it anew")
        }
        if let script = run.script, task.isScriptOfAgent,
            let reason = try await central.read({ db in try ScriptRule.refusal(script, of: task.agentGroupID, db) })
        {
            throw TaskRefusal("its script may not run: \(reason)")
        }
        let now = time.now
        let address = try await address(of: task, handle)
        let row = NewInbound(
            sourceID: "task:\(run.id)",
            content: .task(
                TaskContent(
                    prompt: run.prompt,
                    script: run.script,
                    task: task.id,
                    dueAt: run.dueAt,
                    isFresh: run.isFresh ? true : nil
                )
            ),
            sentAt: now,
            receivedAt: now,
            address: address
        )
        let outcome = try await ledger.holding(handle.id, reason: "task") { try await handle.store.insert([row])[0] }
        activity.note(handle.id, at: now)
        handle.remember(outcome.id, SessionHandle.MessageOrigin(address: address, platformMessageID: nil))
        return TaskRow(session: handle.id, message: outcome.id)
    }

    func wake(_ row: TaskRow) async {
        guard let handle = try? await sessions.session(row.session) else { return }
        await supervisor.wake(handle)
    }

    func fate(of row: TaskRow) async throws -> RowFate {
        let handle: SessionHandle
        do {
            handle = try await sessions.session(row.session)
        } catch let error as HostError where error.code == .notFound {
            return .ended(.interrupted, detail: "its session was deleted")
        }
        guard let ending = try await handle.store.ending(of: row.message) else {
            return .ended(.interrupted, detail: "its conversation was reset")
        }
        switch ending.status {
        case "completed", "failed":
            let (state, detail) = Self.end(failed: ending.status == "failed", ending.detail)
            return .ended(state, detail: detail)
        default:
            guard handle.status == .quarantined else { return .open }
            return .ended(.failed, detail: "its session is quarantined")
        }
    }

    /// What the end of a turn means for a run in it.
    static func end(_ turn: TurnLedger.Ended) -> (RunState, String?) {
        end(failed: turn.outcome == .failed, turn.detail)
    }

    private static func end(failed: Bool, _ detail: String?) -> (RunState, String?) {
        guard failed else { return detail == TaskContent.quiet ? (.quiet, nil) : (.completed, nil) }
        if let detail, detail.hasPrefix(interrupted) {
            return (.interrupted, String(detail.dropFirst(interrupted.count)))
        }
        return (detail?.hasPrefix(stopped) == true ? .stopped : .failed, detail)
    }

    // MARK: - People

    func tell(_ text: String, _ notice: RunVerdict.Notice, of run: TaskRun, _ task: ScheduledTask) async throws {
        var handle: SessionHandle?
        if let session = run.sessionID { handle = try? await sessions.session(session) }
        var target: ChatAddress?
        if notice == .chat { target = try await chat(of: task) }
        if target == nil { target = await deliveries.ownerAddress() }
        guard let target else { return }
        guard let handle else {
            return notices.send(text, to: target, as: try await agentName(of: task))
        }
        try await ledger.holding(handle.id, reason: "notice of a task") {
            let delivery = deliveries.session(handle)
            try await delivery.notifyOnce(text, at: target, as: .notice(of: run.id))
            await delivery.flush()
        }
        await supervisor.attend(handle)
    }

    /// Where the run's words go: its chat, as long as the agent may still speak there.
    private func address(of task: ScheduledTask, _ handle: SessionHandle) async throws -> ChatAddress? {
        guard let chat = try await chat(of: task) else { return nil }
        if let origin = handle.origin, origin.chat == chat.chat { return origin.thread == nil ? chat : origin }
        if try await central.mayReach(chat, from: task.agentGroupID) { return chat }
        return try await handle.store.knowsChat(chat.chat) ? chat : nil
    }

    private func chat(of task: ScheduledTask) async throws -> ChatAddress? {
        guard let id = task.messagingGroupID,
            let chat = try await central.read({ db in try MessagingGroup.fetchOne(db, key: id) })
        else { return nil }
        return ChatAddress(channel: chat.channelType, platformID: chat.platformID, thread: task.threadID)
    }

    private func agentName(of task: ScheduledTask) async throws -> String {
        try await central.read { db in try AgentGroup.fetchOne(db, key: task.agentGroupID)?.name } ?? "nanoclaw"
    }
}
