package import Core
import GRDB

/// A human who goes by several handles: `id_…`.
package struct IdentityID: Identifier, DatabaseValueConvertible {
    package static let prefix = "id"
    package let rawValue: String
    package init(unchecked rawValue: String) { self.rawValue = rawValue }
}

/// `identities`: a human with two handles or more, who has the rights of all of them.
package struct Identity: CentralRecord {
    package static let databaseTableName = "identities"

    package var id: IdentityID
    package var createdAt: Timestamp

    package init(id: IdentityID, createdAt: Timestamp) {
        self.id = id
        self.createdAt = createdAt
    }

    package enum CodingKeys: String, CodingKey, ColumnExpression {
        case id
        case createdAt = "created_at"
    }
}

/// `identity_handles`: whose handle a user is; the key is the handle, so that it is of one identity at most.
package struct IdentityHandle: CentralRecord {
    package static let databaseTableName = "identity_handles"

    package var userID: UserID
    package var identityID: IdentityID
    package var linkedBy: UserID?
    package var linkedAt: Timestamp

    package init(userID: UserID, identityID: IdentityID, linkedBy: UserID? = nil, linkedAt: Timestamp) {
        self.userID = userID
        self.identityID = identityID
        self.linkedBy = linkedBy
        self.linkedAt = linkedAt
    }

    package enum CodingKeys: String, CodingKey, ColumnExpression {
        case userID = "user_id"
        case identityID = "identity_id"
        case linkedBy = "linked_by"
        case linkedAt = "linked_at"
    }
}

/// `pending_identity_links`: a link that would give somebody more rights, until an owner makes it or it expires.
package struct PendingIdentityLink: CentralRecord {
    package static let databaseTableName = "pending_identity_links"

    /// Who made the code and would gain.
    package var userID: UserID
    /// Who sent it.
    package var otherUserID: UserID
    package var expiresAt: Timestamp
    package var createdAt: Timestamp

    package init(userID: UserID, otherUserID: UserID, expiresAt: Timestamp, createdAt: Timestamp) {
        self.userID = userID
        self.otherUserID = otherUserID
        self.expiresAt = expiresAt
        self.createdAt = createdAt
    }

    package enum CodingKeys: String, CodingKey, ColumnExpression {
        case userID = "user_id"
        case otherUserID = "other_user_id"
        case expiresAt = "expires_at"
        case createdAt = "created_at"
    }
}
