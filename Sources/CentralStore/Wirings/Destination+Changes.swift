package import Core
package import GRDB

extension Destination {
    /// Adds a named place; throws ``StoreError`` `invalid` for a name of another form than `a-z0-9-`, `conflict` when
    /// the name is taken or the place has one already.
    package func add(_ db: Database) throws {
        guard PathSegment.localName(localName) == localName, localName.utf8.count <= 64 else {
            throw StoreError(
                .invalid,
                "local_name: \"\(localName.prefix(80))\" is not allowed: use a-z, 0-9 and single -, at most 64"
            )
        }
        if let messagingGroupID, try !MessagingGroup.exists(db, key: messagingGroupID) {
            throw StoreError(.notFound, "no messaging group \(messagingGroupID)")
        }
        if let targetAgentGroupID, try !AgentGroup.exists(db, key: targetAgentGroupID) {
            throw StoreError(.notFound, "no agent group \(targetAgentGroupID)")
        }
        if try Self.exists(agentGroupID, localName, db) {
            throw StoreError(.conflict, "agent group \(agentGroupID) has a destination \(localName) already")
        }
        if let known = try sameTarget(db) {
            throw StoreError(.conflict, "agent group \(agentGroupID) reaches that already, as \(known.localName)")
        }
        try insert(db)
    }

    /// Removes a named place: the agent may not send there from the next message on.
    package static func remove(_ group: AgentGroupID, _ localName: String, _ db: Database) throws {
        let removed = try filter(CodingKeys.agentGroupID == group && CodingKeys.localName == localName).deleteAll(db)
        guard removed > 0 else { throw StoreError(.notFound, "agent group \(group) has no destination \(localName)") }
    }

    /// The other groups that have a destination leading to this one.
    package static func groups(reaching group: AgentGroupID, _ db: Database) throws -> [AgentGroupID] {
        try filter(CodingKeys.targetAgentGroupID == group && CodingKeys.agentGroupID != group)
            .order(CodingKeys.agentGroupID).fetchAll(db).map(\.agentGroupID)
    }

    /// The group's destination for this chat, made if there is none.
    ///
    /// Its name comes from the chat's, else `<channel>-<first 8 of its id>`, with `-2`, `-3`, … if it is taken.
    @discardableResult
    package static func ensure(
        _ group: AgentGroupID,
        _ chat: MessagingGroup,
        now: Timestamp,
        _ db: Database
    ) throws -> Destination {
        let known = filter(CodingKeys.agentGroupID == group && CodingKeys.messagingGroupID == chat.id)
        if let known = try known.fetchOne(db) { return known }
        let id = chat.id.rawValue
        let short = id.split(separator: "_", maxSplits: 1).last.map { $0.prefix(8) } ?? id.prefix(8)
        let base = PathSegment.localName(String((chat.name ?? "\(chat.channelType)-\(short)").prefix(48)))
        let name = try Text.unique(base) { try exists(group, $0, db) }
        let new = Destination(agentGroupID: group, localName: name, target: .channel(chat.id), createdAt: now)
        try new.insert(db)
        return new
    }

    static func exists(_ group: AgentGroupID, _ name: String, _ db: Database) throws -> Bool {
        try filter(CodingKeys.agentGroupID == group && CodingKeys.localName == name).fetchCount(db) > 0
    }

    private func sameTarget(_ db: Database) throws -> Destination? {
        try Destination.filter(CodingKeys.agentGroupID == agentGroupID).fetchAll(db).first {
            $0.messagingGroupID == messagingGroupID && $0.targetAgentGroupID == targetAgentGroupID
        }
    }
}
