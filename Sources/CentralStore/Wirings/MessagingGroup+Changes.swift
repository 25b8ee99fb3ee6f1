package import Core
package import GRDB

extension MessagingGroup {
    /// The row of the chat at this address; its thread does not matter.
    package static func at(_ address: ChatAddress, _ db: Database) throws -> MessagingGroup? {
        try filter(CodingKeys.channelType == address.channel && CodingKeys.platformID == address.platformID).fetchOne(
            db
        )
    }

    /// Stores a chat; throws ``StoreError`` `conflict` when its channel and platform id have a row.
    package func create(_ db: Database) throws -> MessagingGroup {
        guard PathSegment.isIdentifier(channelType) else {
            throw StoreError(.invalid, "channel_type: \"\(channelType.prefix(80))\" is no channel")
        }
        guard channelType != ChatAddress.agents else {
            throw StoreError(
                .invalid,
                "channel_type: \"\(channelType)\" stands for other agents: `nanoclaw destinations add --agent` names one"
            )
        }
        try Text.check("platform_id", platformID, limit: 500)
        if let name { try Text.check("name", name, limit: 200) }
        if let known = try Self.at(address, db) {
            throw StoreError(.conflict, "\(channelType) \(platformID) is messaging group \(known.id) already")
        }
        try insert(db)
        return self
    }

    /// Changes name, kind or policy; channel and platform id stay what they are.
    package static func update(
        _ id: MessagingGroupID,
        _ db: Database,
        _ change: (inout MessagingGroup) throws -> Void
    ) throws -> MessagingGroup {
        guard let before = try fetchOne(db, key: id) else { throw StoreError(.notFound, "no messaging group \(id)") }
        var after = before
        try change(&after)
        guard after.id == id, after.address == before.address else {
            throw StoreError(.invalid, "a messaging group keeps its channel and platform id: create another")
        }
        if let name = after.name { try Text.check("name", name, limit: 200) }
        try after.update(db)
        return after
    }

    /// Deletes a chat with its wirings and destinations, and closes its sessions, whose files stay.
    ///
    /// Answers the sessions that were closed: the caller ends their runners.
    package static func remove(_ id: MessagingGroupID, _ db: Database) throws -> [SessionID] {
        let sessions = Session.filter(
            Session.CodingKeys.messagingGroupID == id
                && (Session.CodingKeys.status != SessionStatus.closed || Session.CodingKeys.reopens == true)
        )
        let closed = try sessions.fetchAll(db).map(\.id)
        try sessions.updateAll(
            db,
            Session.CodingKeys.status.set(to: SessionStatus.closed),
            Session.CodingKeys.statusReason.set(to: "its chat was deleted"),
            Session.CodingKeys.reopens.set(to: false)
        )
        guard try deleteOne(db, key: id) else { throw StoreError(.notFound, "no messaging group \(id)") }
        return closed
    }
}
