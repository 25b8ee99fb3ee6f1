import CentralStore
import Core
import GRDB

/// The tasks that a conversation may read in full and change: those that run in it and those that were made in it.
///
/// An agent may be talked into something by whoever writes to it; in one chat that must not reach what runs in another,
/// with that one's history and rights. A session of all chats reaches all tasks of its agent.
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
        if session.mode == .agentShared || task.createdIn == session.id { return true }
        return task.sessionMode == session.mode && task.messagingGroupID == session.messagingGroupID
            && (session.mode != .perThread || task.threadID == session.threadID)
    }
}
