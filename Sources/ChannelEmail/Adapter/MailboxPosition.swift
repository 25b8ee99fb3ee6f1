import Core

/// Up to where a mailbox was read: what survives a restart.
struct MailboxPosition: Sendable, Codable, Equatable {
    /// The mailbox's UIDVALIDITY: with another, numbers mean other mails (RFC 3501 §2.3.1.1).
    var validity: UInt32
    /// The newest mail that was handed over, or had been there before the account was.
    var last: UInt32
    /// When the newest mail that was handed over had come in.
    var arrivedAt: Timestamp?

    /// What to look for next.
    enum Start: Sendable, Equatable {
        /// Mails from this number on.
        case after(UInt32)
        /// The numbers count no more: mails that came on this day or later, those handed over before among them.
        case since(day: String)
        /// Nothing was read yet: mails that are there already are none of ours.
        case fromNowOn
    }

    /// Where to begin in a mailbox that was just opened.
    static func start(_ known: MailboxPosition?, _ mailbox: IMAPClient.Mailbox) -> Start {
        guard let known else { return .fromNowOn }
        guard known.validity != mailbox.validity else { return .after(known.last) }
        // A day earlier: servers compare days without time and zone.
        guard let arrivedAt = known.arrivedAt else { return .fromNowOn }
        return .since(day: MailDate.searchDay(arrivedAt - .seconds(86_400)))
    }
}
