package import CentralStore
package import Core
package import GRDB

/// When two handles may become one human without an owner.
package enum IdentityLinks {
    /// How long a link waits for an owner.
    package static let wait = Duration.seconds(86_400)

    /// What came of two handles that want to be one human.
    package enum Join: Sendable, Equatable { case linked, already, bothLinked, waits }

    /// Links the maker of a code with who sent it, or lets the link wait for an owner.
    ///
    /// It waits when the maker would gain any right by it, and when the sender would gain a role that the maker, who is no
    /// owner, could not grant. Memberships of the maker are what a code is for. Rights are those of this moment.
    package static func join(_ maker: UserID, with sender: UserID, now: Timestamp, _ db: Database) throws -> Join {
        let makers = try Identity.handles(of: maker, db)
        guard !makers.contains(sender) else { return .already }
        let senders = try Identity.handles(of: sender, db)
        guard makers.count == 1 || senders.count == 1 else { return .bothLinked }
        let raises = try Set(makers.map(\.channel)).contains { channel in
            try !Access.of(makers, on: channel, db).includes(Access.of(senders, on: channel, db))
        }
        let (given, had) = (try Access.of(makers, on: "", db), try Access.of(senders, on: "", db))
        let handsOn = !given.isOwner && !had.includesRoles(of: given)
        guard raises || handsOn else {
            try Identity.link(maker, sender, by: maker, now: now, db)
            return .linked
        }
        for user in [maker, sender] { try User.upsert(user, now: now, db) }
        try PendingIdentityLink(userID: maker, otherUserID: sender, expiresAt: now + wait, createdAt: now).insert(
            db,
            onConflict: .replace
        )
        return .waits
    }

    /// Takes away the links for which no owner has found time.
    package static func prune(now: Timestamp, _ db: Database) throws {
        try PendingIdentityLink.filter(PendingIdentityLink.CodingKeys.expiresAt <= now).deleteAll(db)
    }
}

extension Access {
    /// Whether the other rights are a part of these.
    package func includes(_ other: Access) -> Bool {
        if isOwner { return true }
        guard !other.isOwner else { return false }
        if isGlobalAdmin { return true }
        guard !other.isGlobalAdmin else { return false }
        return other.adminOf.isSubset(of: adminOf) && other.memberOf.allSatisfy(isMember)
    }

    /// Whether the other's roles are a part of these; memberships are none.
    package func includesRoles(of other: Access) -> Bool {
        var roles = other
        roles.memberOf = []
        return includes(roles)
    }
}
