import CentralStore
import Core
import GRDB

/// What the host knows of where a task may run and speak; asked in the transaction that makes it.
package struct TaskDesk: Sendable {
    /// The host's own zone: IANA name.
    var timeZone = "UTC"
    /// True for a channel whose chats have threads.
    var hasThreads: @Sendable (String) -> Bool = { _ in false }
    /// Tells the scheduler that tasks have changed.
    var changed: @Sendable () -> Void = {}

    package init() {}

    /// The zone of a group's times: its own, else the host's.
    func zone(of group: AgentGroupID, _ db: Database) throws -> String {
        try AgentGroupConfig.fetchOne(db, key: group)?.config.timeZone ?? timeZone
    }

    /// The place of a task of this group that speaks in that chat: where a message of the chat would go; in a chat that is
    /// not wired to it but is one of its destinations, the group's own session; without a chat that one too.
    func place(
        _ group: AgentGroup,
        chat: MessagingGroup?,
        thread: String?,
        _ db: Database
    ) throws -> TaskPlace {
        guard let chat else { return TaskPlace(mode: .agentShared, chat: nil) }
        let wirings = try Wiring.filter(Wiring.CodingKeys.agentGroupID == group.id)
            .order(Wiring.CodingKeys.priority.desc, Wiring.CodingKeys.createdAt).fetchAll(db)
        let own = wirings.first { $0.messagingGroupID == chat.id }
        if let wiring = own ?? wirings.first(where: { $0.takesAccount(of: chat.address) }) {
            let key = SessionKey(
                wiring: wiring,
                chat: chat.id,
                isGroup: chat.isGroup,
                thread: thread,
                channelHasThreads: hasThreads(chat.channelType)
            )
            return TaskPlace(mode: key.mode, chat: chat.id, thread: key.mode == .perThread ? key.thread : thread)
        }
        let reaches = Destination.filter(
            Destination.CodingKeys.agentGroupID == group.id && Destination.CodingKeys.messagingGroupID == chat.id
        )
        guard try reaches.fetchCount(db) > 0 else {
            throw HostError(
                .invalid,
                "agent group \(group.folder) is neither wired to \(chat.address) nor has it as a destination: "
                    + "`nanoclaw destinations add --group \(group.folder) --chat \(chat.id) --name NAME` lets it speak there"
            )
        }
        return TaskPlace(mode: .agentShared, chat: chat.id, thread: thread)
    }

    /// The place of a task that this session makes; a session of all chats speaks where it was asked to.
    func place(
        of session: SessionHandle,
        speaksIn chat: MessagingGroupID?,
        thread: String?,
        _ db: Database
    ) throws
        -> TaskPlace
    {
        guard let record = try Session.fetchOne(db, key: session.id) else {
            throw HostError(.notFound, "there is no session \(session.id)")
        }
        if record.mode == .agentShared { return TaskPlace(mode: .agentShared, chat: chat, thread: thread) }
        guard let own = record.messagingGroupID else {
            throw HostError(.invalid, "this conversation's chat was deleted: nothing can be scheduled in it")
        }
        guard chat == nil || chat == own else {
            // Another chat than its own: the agent's own session does it and speaks there.
            return TaskPlace(mode: .agentShared, chat: chat)
        }
        return TaskPlace(mode: record.mode, chat: own, thread: record.threadID)
    }
}
