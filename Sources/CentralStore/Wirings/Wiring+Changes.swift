package import Core
package import GRDB

extension Wiring {
    /// Stores a wiring, with destinations for its chat and for where it replies.
    ///
    /// Throws ``StoreError``: `invalid` naming the key, `notFound` for a chat or person that is not known, `conflict`
    /// when this agent group has a wiring with the same chat side.
    package func create(_ db: Database) throws -> Wiring {
        try check(db)
        if let twin = try twin(db) {
            throw StoreError(.conflict, "agent group \(agentGroupID) has this chat already: wiring \(twin.id)")
        }
        try insert(db)
        try makeDestinations(db)
        return self
    }

    /// Changes a wiring's settings; its agent group and chat side stay what they are.
    package static func update(
        _ id: WiringID,
        _ db: Database,
        _ change: (inout Wiring) throws -> Void
    ) throws -> Wiring {
        guard let before = try fetchOne(db, key: id) else { throw StoreError(.notFound, "no wiring \(id)") }
        var after = before
        try change(&after)
        guard after.hasChatSide(of: before), after.id == id, after.agentGroupID == before.agentGroupID else {
            throw StoreError(.invalid, "a wiring keeps its agent group and chat: delete it and create another")
        }
        after.engageModes.sort { $0.rawValue < $1.rawValue }
        try after.check(db)
        try after.update(db)
        try after.makeDestinations(db)
        return after
    }

    /// Whether a wiring of a whole account or channel takes the chats of this address's account; false for one of another
    /// side.
    package func takesAccount(of address: ChatAddress) -> Bool {
        side == .account && channelType == address.channel && (account == nil || account == address.account)
    }

    /// Deletes a wiring; the destination stays until it is removed by itself.
    package static func remove(_ id: WiringID, _ db: Database) throws {
        guard try deleteOne(db, key: id) else { throw StoreError(.notFound, "no wiring \(id)") }
    }

    private func hasChatSide(of other: Wiring) -> Bool {
        side == other.side && messagingGroupID == other.messagingGroupID && channelType == other.channelType
            && account == other.account && userID == other.userID
    }

    private func twin(_ db: Database) throws -> Wiring? {
        try Wiring.filter(CodingKeys.agentGroupID == agentGroupID).fetchAll(db).first { $0.hasChatSide(of: self) }
    }

    private func check(_ db: Database) throws {
        guard try AgentGroup.exists(db, key: agentGroupID) else {
            throw StoreError(.notFound, "no agent group \(agentGroupID)")
        }
        if let messagingGroupID, try !MessagingGroup.exists(db, key: messagingGroupID) {
            throw StoreError(.notFound, "no messaging group \(messagingGroupID)")
        }
        if let userID, try !User.exists(db, key: userID) { throw StoreError(.notFound, "no user \(userID)") }
        guard !engageModes.isEmpty, Set(engageModes).count == engageModes.count else {
            let names = EngageMode.allCases.map(\.rawValue).joined(separator: ", ")
            throw StoreError(.invalid, "engage_modes: needs one or more of \(names), each once")
        }
        if engageModes.contains(.pattern) {
            guard let engagePattern else {
                throw StoreError(
                    .invalid,
                    "engage_pattern: mode pattern needs a regular expression; \".\" means always"
                )
            }
            try Text.check("engage_pattern", engagePattern, limit: 1_000)
        }
        if let reply, try MessagingGroup.at(reply, db) == nil {
            throw StoreError(.notFound, "reply: no messaging group \(reply.chat): create it first")
        }
    }

    private func makeDestinations(_ db: Database) throws {
        let chat = try messagingGroupID.flatMap { try MessagingGroup.fetchOne(db, key: $0) }
        let answers = try reply.flatMap { try MessagingGroup.at($0, db) }
        for place in [chat, answers].compactMap(\.self) {
            try Destination.ensure(agentGroupID, place, now: createdAt, db)
        }
    }
}
