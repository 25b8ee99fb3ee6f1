package import Core

/// A word given once for many times.
package struct Grant: Sendable, Equatable {
    /// What it covers.
    package enum Scope: Sendable, Hashable {
        /// Plans of one action with one scope: action, agent group and scope are in the hash.
        case exact(PlanHash)
        /// Every plan of the agent group; nil means of every agent group.
        case all(AgentGroupID?)
    }

    package let scope: Scope
    package let expiresAt: Timestamp
    package let revokedAt: Timestamp?

    package init(scope: Scope, expiresAt: Timestamp, revokedAt: Timestamp? = nil) {
        self.scope = scope
        self.expiresAt = expiresAt
        self.revokedAt = revokedAt
    }

    /// True when it stands in for somebody's word on this plan now.
    ///
    /// A bypass covers what an admin of the group could allow; what needs a higher word is asked all the same.
    package func covers(_ plan: Plan, scopeHash: PlanHash, level: ApproverLevel, now: Timestamp) -> Bool {
        guard revokedAt == nil, now < expiresAt else { return false }
        switch scope {
        case .exact(let hash): return hash == scopeHash
        case .all(let group): return level == .groupAdmin && (group == nil || group == plan.agentGroup)
        }
    }
}

/// How long a grant lasts.
package enum GrantTerm {
    private static let day: Int64 = 24 * 3600

    /// Of a standing grant, when nothing else is said.
    package static let standard: Duration = .seconds(30 * day)
    package static let longest: Duration = .seconds(365 * day)
    /// Of a bypass of all asking.
    package static let longestBypass: Duration = .seconds(8 * 3600)

    /// The end of a standing grant made now; throws `invalidTerm` beyond 365 days or not after now.
    package static func end(after term: Duration = standard, now: Timestamp) throws -> Timestamp {
        guard term > .zero, term <= longest else {
            throw ApprovalError(.invalidTerm, "a grant lasts longer than nothing and at most 365 days")
        }
        return now + term
    }

    /// The end of a bypass made now; throws `invalidTerm` beyond 8 hours or not after now.
    package static func bypassEnd(after term: Duration, now: Timestamp) throws -> Timestamp {
        guard term > .zero, term <= longestBypass else {
            throw ApprovalError(.invalidTerm, "a bypass of all asking lasts longer than nothing and at most 8 hours")
        }
        return now + term
    }
}
