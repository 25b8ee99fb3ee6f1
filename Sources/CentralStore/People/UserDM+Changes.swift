package import Core
package import GRDB

extension UserDM {
    /// The chat in which the channel last said it reaches the person; nil when it is not known, or when others are in it now.
    package static func address(of user: UserID, _ db: Database) throws -> ChatAddress? {
        guard let row = try filter(CodingKeys.userID == user && CodingKeys.channelType == user.channel).fetchOne(db)
        else { return nil }
        guard let chat = try MessagingGroup.fetchOne(db, key: row.messagingGroupID), !chat.isGroup else { return nil }
        return chat.address
    }

    /// Keeps where the channel reaches the person; makes the chat's row, with policy `strict`, and the person's.
    ///
    /// False for a chat that is known as a group's: others would read what is for one person.
    @discardableResult
    package static func remember(_ user: UserID, _ address: ChatAddress, now: Timestamp, _ db: Database) throws -> Bool
    {
        let person = try User.upsert(user, now: now, db)
        let chat =
            try MessagingGroup.at(address, db)
            ?? MessagingGroup(
                channelType: address.channel,
                platformID: address.platformID,
                name: person.displayName,
                createdAt: now
            ).create(db)
        guard !chat.isGroup else { return false }
        try UserDM(userID: user, channelType: user.channel, messagingGroupID: chat.id, resolvedAt: now).insert(
            db,
            onConflict: .replace
        )
        return true
    }

    /// Forgets whom this chat reaches, as when a message could not be sent there; the chat's row stays.
    package static func forget(at address: ChatAddress, _ db: Database) throws {
        guard let chat = try MessagingGroup.at(address, db) else { return }
        try filter(CodingKeys.messagingGroupID == chat.id).deleteAll(db)
    }
}
