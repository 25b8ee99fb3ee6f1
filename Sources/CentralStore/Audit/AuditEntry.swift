package import Core
package import GRDB

/// `audit`: who decided what about rights; entries are only ever added, and each seals all that stand before it.
package struct AuditEntry: CentralRecord {
    package static let databaseTableName = "audit"
    /// What the first entry seals.
    package static let origin = String(repeating: "0", count: 64)

    /// From 1, without gaps.
    package private(set) var position: Int64 = 0
    package var at: Timestamp
    /// `[a-z-]`, such as `approved` or `role-granted`.
    package var event: String
    package var approvalID: ApprovalID?
    package var grantID: GrantID?
    package var agentGroupID: AgentGroupID?
    /// Who did it; nil for the host itself.
    package var userID: UserID?
    /// Whom it is about.
    package var subject: UserID?
    package var detail: String
    /// SHA-256 of the entry before and of this one, see ``seal(after:)``: 64 hexadecimal digits.
    package private(set) var hash = ""

    package init(
        at: Timestamp,
        event: String,
        approval: ApprovalID? = nil,
        grant: GrantID? = nil,
        group: AgentGroupID? = nil,
        by user: UserID? = nil,
        about subject: UserID? = nil,
        detail: String = ""
    ) {
        self.at = at
        self.event = event
        approvalID = approval
        grantID = grant
        agentGroupID = group
        userID = user
        self.subject = subject
        self.detail = detail
    }

    package enum CodingKeys: String, CodingKey, ColumnExpression {
        case position, at, event
        case approvalID = "approval_id"
        case grantID = "grant_id"
        case agentGroupID = "agent_group_id"
        case userID = "user_id"
        case subject, detail, hash
    }

    /// Begins the audit of a home that was made before there was one; nothing where it has begun.
    package static func begin(now: Timestamp, _ db: Database) throws {
        guard try fetchCount(db) == 0 else { return }
        try AuditEntry(at: now, event: "begun").append(db)
    }

    /// Adds it behind the last one, in the transaction in which what it tells of happens.
    package func append(_ db: Database) throws {
        let last = try AuditEntry.order(CodingKeys.position.desc).fetchOne(db)
        var entry = self
        entry.position = (last?.position ?? 0) + 1
        entry.hash = try entry.seal(after: last?.hash ?? Self.origin)
        try entry.insert(db)
        let head = AuditHead(count: entry.position, hash: entry.hash)
        // Until then nothing has happened. A head that could not be written is behind, and the next one is right again.
        db.afterNextTransaction { db in try? head.write(beside: db) }
    }

    /// The hash of the entry before and of every column but `hash`, in the order of the table: each as `<bytes>:<text>`,
    /// nothing as `-`, so that no two entries read the same.
    func seal(after previous: String) throws -> String {
        let fields: [String?] = [
            previous, "\(position)", "\(at.milliseconds)", event, approvalID?.rawValue, grantID?.rawValue,
            agentGroupID?.rawValue, userID?.description, subject?.description, detail,
        ]
        return try Checksum.sha256(fields.map { field in field.map { "\($0.utf8.count):\($0)" } ?? "-" }.joined())
    }
}
