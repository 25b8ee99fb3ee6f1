import CentralStore
package import Core
package import GRDB

/// Codes are made, sent and used up: each function is one transaction of the caller's.
package enum Pairing {
    /// Codes of one maker that may be open at once; for who owns the home there is no such bound.
    package static let mostCodes = 3
    /// Senders whose tries are counted; beyond that the oldest are forgotten.
    package static let mostSenders = 10_000

    /// A code that was just made; shown once and never stored.
    package struct Made: Sendable, Equatable {
        package let code: PairingCode
        package let expiresAt: Timestamp
    }

    /// Who sent a code, and where.
    package struct Sender: Sendable, Equatable {
        package var user: UserID
        package var name: String?
        package var handle: String?
        package var chat: ChatAddress
        /// More than two people read the chat.
        package var isGroup: Bool
        /// Nobody but the sender reads it.
        package var isPrivate: Bool

        package init(
            user: UserID,
            name: String? = nil,
            handle: String? = nil,
            chat: ChatAddress,
            isGroup: Bool,
            isPrivate: Bool
        ) {
            self.user = user
            self.name = name
            self.handle = handle
            self.chat = chat
            self.isGroup = isGroup
            self.isPrivate = isPrivate
        }
    }

    /// What came of a code that was sent.
    package enum Redemption: Sendable, Equatable {
        /// No code waits for anybody: it is a message like any other, and no try.
        case noneOpen
        /// It is none of the codes: a try, and a message like any other.
        case wrong
        /// The sender has guessed too often; nothing was compared.
        case refused
        /// It was right and is used up, and gave nothing: others could read it, or its maker may not give it any more.
        case void(String)
        /// It was right: the sender has what the code gives.
        case paired(PairingOffer, by: UserID)
        /// It was right; the link waits for an owner, because it would raise the maker's rights.
        case waits(maker: UserID)
    }

    /// Makes a code; an earlier one of this maker for the same is void.
    ///
    /// Throws ``PeopleError`` `forbidden` when the maker may not give it, `busy` when too many are open, and
    /// ``StoreError`` `notFound` for a group that is not there.
    package static func make(
        _ offer: PairingOffer,
        by maker: UserID,
        isHomeOwner: Bool,
        now: Timestamp,
        _ db: Database
    ) throws -> Made {
        try prune(now, db)
        guard try isHomeOwner || offer.mayBeMade(by: Access.of(maker, db)) else {
            throw PeopleError(
                .forbidden,
                "\(maker) may not give that: only an owner makes owners, a group's admin members"
            )
        }
        var groups = [offer.wires]
        if case .member(let group, _) = offer.purpose { groups.append(group) }
        for group in groups.compactMap(\.self) where try !AgentGroup.exists(db, key: group) {
            throw StoreError(.notFound, "no agent group \(group)")
        }
        try User.upsert(maker, now: now, db)
        for earlier in try PairingRecord.all(db) where earlier.maker == maker && earlier.offer == offer {
            try earlier.delete(db)
        }
        let own = try PairingRecord.all(db).count { $0.maker == maker && !$0.isOfHomeOwner }
        guard isHomeOwner || own < mostCodes else {
            throw PeopleError(
                .busy,
                "\(mostCodes) codes of yours are open already: wait ten minutes, until they expire"
            )
        }
        let code = PairingCode.random()
        try PairingRecord(code, offer, by: maker, isHomeOwner: isHomeOwner).insert(now: now, db)
        return Made(code: code, expiresAt: now + PairingTries.period)
    }

    /// When the last open code expires; nil when none is open.
    package static func lastExpiry(_ db: Database) throws -> Timestamp? {
        try Timestamp.fetchOne(db, sql: "SELECT max(expires_at) FROM pairing_codes")
    }

    /// Counts a try, compares, and where the code is right uses it up and gives what it gives, all in one.
    package static func redeem(
        _ code: PairingCode,
        from sender: Sender,
        now: Timestamp,
        _ db: Database
    ) throws -> Redemption {
        try prune(now, db)
        let open = try PairingRecord.all(db)
        guard !open.isEmpty else { return .noneOpen }
        guard try count(sender.user, now, db) else { return .refused }
        var found: PairingRecord?
        // All of them, so that the time tells nothing.
        for record in open where try code.matches(record.hash, salt: record.salt) { found = record }
        guard let found else { return .wrong }
        try found.delete(db)
        guard !sender.isGroup else {
            return .void("a code is for a direct chat, and others could read this one: make a new code")
        }
        guard try found.isOfHomeOwner || found.offer.mayBeMade(by: Access.of(found.maker, db)) else {
            return .void("who made this code may not give that any more")
        }
        if case .member(_, let channel?) = found.offer.purpose, channel != sender.user.channel {
            return .void("this code was for \(channel)")
        }
        return try give(found, to: sender, now, db)
    }

    private static func give(
        _ record: PairingRecord,
        to sender: Sender,
        _ now: Timestamp,
        _ db: Database
    ) throws -> Redemption {
        try User.seen(sender.user, name: sender.name, handle: sender.handle, now: now, db)
        if sender.isPrivate { try UserDM.remember(sender.user, sender.chat, now: now, db) }
        switch record.offer.purpose {
        case .owner: try UserRole.grant(.owner, to: sender.user, by: record.maker, now: now, db)
        case .member(let group, let channel):
            try Member(
                userID: sender.user,
                agentGroupID: group,
                channelType: channel,
                addedBy: record.maker,
                addedAt: now
            ).add(db)
        case .link:
            switch try IdentityLinks.join(record.maker, with: sender.user, now: now, db) {
            case .linked: break
            case .already: return .void("these two are linked already")
            case .bothLinked: return .void("both are linked to other handles: unlink one of them first")
            case .waits: return .waits(maker: record.maker)
            }
        }
        if let group = record.offer.wires { try wire(sender.chat, to: group, now, db) }
        return .paired(record.offer, by: record.maker)
    }

    /// Leads the direct chat to the group; a wiring that is there stays as it is.
    private static func wire(_ chat: ChatAddress, to group: AgentGroupID, _ now: Timestamp, _ db: Database) throws {
        guard var row = try MessagingGroup.at(chat, db) else { return }
        if row.deniedAt != nil { row = try MessagingGroup.update(row.id, db) { $0.deniedAt = nil } }
        let known = Wiring.filter(
            Wiring.CodingKeys.agentGroupID == group && Wiring.CodingKeys.messagingGroupID == row.id
        )
        guard try known.fetchCount(db) == 0 else { return }
        _ = try Wiring(
            agentGroupID: group,
            target: .chat(row.id),
            engageModes: [.pattern],
            engagePattern: ".",
            createdAt: now
        ).create(db)
    }

    /// Counts a try of this sender; false when none is left.
    private static func count(_ sender: UserID, _ now: Timestamp, _ db: Database) throws -> Bool {
        var tries = PairingTries()
        let known = try Row.fetchOne(
            db,
            sql: "SELECT tries, last_at FROM pairing_tries WHERE sender_id = ?",
            arguments: [sender]
        )
        if known == nil {
            try db.execute(
                sql: """
                    DELETE FROM pairing_tries WHERE sender_id IN (
                        SELECT sender_id FROM pairing_tries ORDER BY last_at DESC LIMIT -1 OFFSET ?)
                    """,
                arguments: [mostSenders - 1]
            )
        }
        if let known { tries = PairingTries(count: known["tries"], lastAt: known["last_at"]) }
        guard tries.take(at: now) else { return false }
        try db.execute(
            sql: """
                INSERT INTO pairing_tries (sender_id, tries, last_at) VALUES (?, ?, ?)
                ON CONFLICT DO UPDATE SET tries = excluded.tries, last_at = excluded.last_at
                """,
            arguments: [sender, tries.count, tries.lastAt]
        )
        return true
    }

    /// Takes away codes that have expired and tries that count no more.
    package static func prune(_ now: Timestamp, _ db: Database) throws {
        try db.execute(sql: "DELETE FROM pairing_codes WHERE expires_at <= ?", arguments: [now])
        try db.execute(
            sql: "DELETE FROM pairing_tries WHERE last_at <= ?",
            arguments: [now - PairingTries.period]
        )
    }
}
