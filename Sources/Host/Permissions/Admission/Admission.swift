import Approvals
import CentralStore
import ChannelKit
import Core
import GRDB
import People

/// A row about a chat or a person who waits to be let in, with the message that is handed over then.
protocol Admission: CentralRecord {
    associatedtype Key: DatabaseValueConvertible, Sendable

    /// What the row is about, as the log names it.
    static var noun: String { get }
    var key: Key { get }
    /// JSON of the message.
    var event: String { get }
    /// What was asked; nil until somebody was.
    var approvalID: String? { get set }
    /// Decided; the message is still to be handed over.
    var isApproved: Bool { get }

    /// The action that asks about it.
    static var kind: String { get }
    /// Whose admins decide; nil for those of all.
    var decidingGroup: AgentGroupID? { get }
    /// What is asked; `agents` are those that the card may name.
    func payload(_ event: InboundEvent, agents: [AgentGroup]) -> JSONValue
    /// It ended without a yes: the row goes. `isDenied` when somebody said no.
    func end(isDenied: Bool, now: Timestamp, _ db: Database) throws
}

extension Admission {
    /// The row as it is now; nil when it is gone, or when a later message waits in its place.
    func current(_ db: Database) throws -> Self? {
        guard let row = try Self.fetchOne(db, key: key), row.event == event else { return nil }
        return row
    }

    func end(isDenied: Bool, now: Timestamp, _ db: Database) throws { _ = try delete(db) }
}

extension PendingChat: Admission {
    static var noun: String { "chat" }
    var key: MessagingGroupID { messagingGroupID }

    static var kind: String { RegisterChannel.kind }
    var decidingGroup: AgentGroupID? { nil }

    func payload(_ event: InboundEvent, agents: [AgentGroup]) -> JSONValue {
        RegisterChannel.payload(self, event, agents)
    }

    /// Nobody is to hear a chat that was refused: from then on it is silent.
    func end(isDenied: Bool, now: Timestamp, _ db: Database) throws {
        // Asked for a new agent's name they have said yes, even where the host ended before it was recorded.
        let isNamed = PendingName.filter(PendingName.CodingKeys.messagingGroupID == messagingGroupID)
        guard try isNamed.fetchCount(db) == 0, try delete(db), isDenied else { return }
        _ = try MessagingGroup.update(messagingGroupID, db) { $0.deniedAt = $0.deniedAt ?? now }
    }
}

extension PendingSender: Admission {
    static var noun: String { "sender" }
    var key: String { id }

    static var kind: String { AdmitSender.kind }
    var decidingGroup: AgentGroupID? { agentGroupID }

    func payload(_ event: InboundEvent, agents: [AgentGroup]) -> JSONValue { AdmitSender.payload(self, event) }
}
