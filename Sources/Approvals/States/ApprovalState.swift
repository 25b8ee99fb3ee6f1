package import Core

/// The `status` column of `approvals`.
package enum ApprovalStatus: String, Sendable, Codable, CaseIterable {
    /// Waits for somebody's word.
    case pending
    /// Claimed: it runs now, and never a second time.
    case executing
    /// Carried out.
    case executed
    /// Carrying it out threw, or the plan was not what was shown.
    case failed
    /// Somebody said no.
    case denied
    /// Nobody said anything in time.
    case expired
    /// The host ended while it ran: how far it came is not known, and it is not run again.
    case interrupted
    /// Taken back before anybody answered.
    case cancelled

    /// Nothing changes any more.
    package var isFinal: Bool { self != .pending && self != .executing }
}

/// How one approval stands: what may happen next, and what that makes of it.
package struct ApprovalState: Sendable, Equatable {
    package private(set) var status: ApprovalStatus
    package let expiresAt: Timestamp

    package init(status: ApprovalStatus = .pending, expiresAt: Timestamp) {
        self.status = status
        self.expiresAt = expiresAt
    }

    /// What happens to an approval.
    package enum Event: Sendable, Equatable {
        /// Somebody who may has answered.
        case answered(ApprovalChoice.Effect)
        /// A standing grant covers it.
        case granted
        /// Time has passed.
        case tick
        /// It was carried out, or threw.
        case finished(isSuccess: Bool)
        /// A host starts and finds it as an earlier one left it.
        case recovered
        /// Whoever asked takes it back.
        case cancelled
        /// Nobody is left who could be asked.
        case unreachable
    }

    /// What is to be done once the new state is durable.
    package enum Action: Sendable, Equatable {
        /// Nothing: it stands as it stood.
        case none
        /// Carry the plan out.
        case execute
        /// Tell everybody who waits, and close the card.
        case settle
        /// Too late: tell whoever answered how it stands.
        case refuse(ApprovalStatus)
    }

    /// Takes an event; the caller writes the new state before it acts.
    package mutating func take(_ event: Event, now: Timestamp) -> Action {
        switch (status, event) {
        case (.pending, .cancelled):
            status = .cancelled
            return .settle
        case (.pending, .unreachable):
            status = .failed
            return .settle
        case (.pending, _) where now >= expiresAt:
            status = .expired
            return .settle
        case (.pending, .answered(.deny)):
            status = .denied
            return .settle
        case (.pending, .answered), (.pending, .granted):
            status = .executing
            return .execute
        case (.executing, .finished(let isSuccess)):
            status = isSuccess ? .executed : .failed
            return .settle
        case (.executing, .recovered):
            status = .interrupted
            return .settle
        case (_, .answered), (_, .granted): return .refuse(status)
        default: return .none
        }
    }
}

/// How many times a turn may be told no before its action is blocked.
package enum DenialLimit {
    /// Denials of one action in one turn.
    package static let count = 3
    /// Denials of one action in one session within an hour, whatever the turns are called.
    package static let countPerHour = 10

    /// Which limit is reached, in words: the turn may not ask for this action any more; nil when none is.
    package static func reached(_ denials: Int, inHour: Int) -> String? {
        if denials >= count { return "\(count) times in a turn" }
        return inHour >= countPerHour ? "\(countPerHour) times in this conversation within an hour" : nil
    }
}

/// How much may wait for somebody's word at once.
package enum PendingLimit {
    /// Plans of one agent group.
    package static let count = 10
}

/// How long a card stays open.
package enum ApprovalLifetime {
    package static let standard: Duration = .seconds(24 * 3600)
    package static let shortest: Duration = .seconds(1)
    package static let longest: Duration = .seconds(7 * 24 * 3600)

    /// The end of a card made now.
    ///
    /// Nil means the default; beyond the bounds the nearest bound counts.
    package static func end(after wanted: Duration?, now: Timestamp) -> Timestamp {
        now + min(max(wanted ?? standard, shortest), longest)
    }
}
