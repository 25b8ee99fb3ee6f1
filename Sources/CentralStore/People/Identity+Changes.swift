package import Core
package import GRDB

extension Identity {
    /// All handles of the human who has this one, itself first; only itself when it is linked to none.
    package static func handles(of user: UserID, _ db: Database) throws -> [UserID] {
        let others = try UserID.fetchAll(
            db.cachedStatement(
                sql: """
                    SELECT other.user_id FROM identity_handles own
                        JOIN identity_handles other ON other.identity_id = own.identity_id
                    WHERE own.user_id = ?1 AND other.user_id <> ?1 ORDER BY other.user_id
                    """
            ),
            arguments: [user]
        )
        return [user] + others
    }

    /// Makes two handles one human, with all handles that one of them has been linked to before.
    ///
    /// One of the two stands alone before it, so that unlinking that one undoes all of it. What waited for this link is
    /// gone. Throws ``StoreError`` `invalid` for one handle twice, `conflict` when they are linked already or both to
    /// others.
    @discardableResult
    package static func link(
        _ first: UserID,
        _ second: UserID,
        by linker: UserID?,
        now: Timestamp,
        _ db: Database
    ) throws -> IdentityID {
        guard first != second else { throw StoreError(.invalid, "\(first) is one handle: name two") }
        guard try !handles(of: first, db).contains(second) else {
            throw StoreError(.conflict, "\(first) and \(second) are linked already")
        }
        for user in [first, second] + [linker].compactMap(\.self) { try User.upsert(user, now: now, db) }
        let known = try [first, second].map { try IdentityHandle.fetchOne(db, key: $0)?.identityID }
        guard known[0] == nil || known[1] == nil else {
            throw StoreError(
                .conflict,
                "\(first) and \(second) are both linked to others: unlink one of them first, and link its handles one by one"
            )
        }
        let identity: IdentityID
        if let kept = known[0] ?? known[1] {
            identity = kept
        } else {
            identity = .random()
            try Identity(id: identity, createdAt: now).insert(db)
        }
        for (user, before) in zip([first, second], known) where before == nil {
            try IdentityHandle(userID: user, identityID: identity, linkedBy: linker, linkedAt: now).insert(db)
        }
        try dropPending(of: identity, db)
        try AuditEntry(at: now, event: "linked", by: linker, about: second, detail: first.description).append(db)
        return identity
    }

    /// Takes a handle out of its human's; the last one that is left is no identity any more.
    ///
    /// A link of this handle that waits for an owner is refused by this. Throws `notFound` when there was neither.
    package static func unlink(_ user: UserID, by unlinker: UserID?, now: Timestamp, _ db: Database) throws {
        let waited = try PendingIdentityLink.filter(
            PendingIdentityLink.CodingKeys.userID == user || PendingIdentityLink.CodingKeys.otherUserID == user
        ).deleteAll(db)
        guard let row = try IdentityHandle.fetchOne(db, key: user) else {
            guard waited > 0 else { throw StoreError(.notFound, "\(user) is linked to no other handle") }
            return
        }
        try row.delete(db)
        try AuditEntry(at: now, event: "unlinked", by: unlinker, about: user).append(db)
        let left = IdentityHandle.filter(IdentityHandle.CodingKeys.identityID == row.identityID)
        if try left.fetchCount(db) < 2 { try Identity.deleteOne(db, key: row.identityID) }
    }

    /// Nothing waits between handles that are one human's.
    private static func dropPending(of identity: IdentityID, _ db: Database) throws {
        try db.execute(
            sql: """
                WITH own AS (SELECT user_id FROM identity_handles WHERE identity_id = ?)
                DELETE FROM pending_identity_links WHERE user_id IN own AND other_user_id IN own
                """,
            arguments: [identity]
        )
    }
}
