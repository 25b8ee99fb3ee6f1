package import CentralStore
package import Core

/// What makes a session the one it is.
package struct SessionKey: Sendable, Hashable {
    package var agentGroup: AgentGroupID
    package var mode: SessionMode
    /// Nil for `agent-shared`.
    package var chat: MessagingGroupID?
    /// `per-thread` only; nil there is the chat outside of all threads.
    package var thread: String?

    /// The session of a task, as the task keeps it.
    init(agentGroup: AgentGroupID, place: TaskPlace) {
        self.agentGroup = agentGroup
        mode = place.mode
        chat = place.mode == .agentShared ? nil : place.chat
        thread = place.mode == .perThread ? place.thread : nil
    }

    /// The one session of an agent across all its chats.
    init(agentShared group: AgentGroupID) {
        agentGroup = group
        mode = .agentShared
    }

    /// The session that a message of this chat and thread belongs to: the only place that decides it.
    ///
    /// A channel with threads has one session a thread in its group chats, unless the wiring says `agent-shared`.
    package init(wiring: Wiring, chat: MessagingGroupID, isGroup: Bool, thread: String?, channelHasThreads: Bool) {
        agentGroup = wiring.agentGroupID
        let threaded = channelHasThreads && isGroup && wiring.sessionMode != .agentShared
        mode = threaded ? .perThread : wiring.sessionMode
        switch mode {
        case .agentShared: break
        case .shared: self.chat = chat
        case .perThread:
            self.chat = chat
            self.thread = channelHasThreads ? thread : nil
        }
    }
}
