import CentralStore
import Core
import GRDB

/// The tasks that a conversation may read in full and change: those that run in it and those that were made in it.
///
/// An agent may be talked into something by whoever writes to it; in one chat that must not reach what runs in another,
/// with that one's history and rights. In the agent's own session that holds for what other conversations let run there.
struct TaskReach: Sendable {
    private let session: Session

    /// Throws ``HostError`` `notFound` for a session that is gone.
    init(_ id: SessionID, _ db: Database) throws {
        guard let session = try Session.fetchOne(db, key: id) else {
            throw HostError(.notFound, "there is no session \(id)")
        }
        self.session = session
    }

    /// False for a task of another agent too.
    func covers(_ task: ScheduledTask) -> Bool {
        guard task.agentGroupID == session.agentGroupID else { return false }
        if task.createdIn == session.id { return true }
        // A chat can let something run in the agent's own session; what that is told to do must not reach other chats' tasks.
        if session.mode == .agentShared { return task.sessionMode == .agentShared && task.createdIn == nil }
        return task.sessionMode == session.mode && task.messagingGroupID == session.messagingGroupID
            && (session.mode != .perThread || task.threadID == session.threadID)
    }
}
