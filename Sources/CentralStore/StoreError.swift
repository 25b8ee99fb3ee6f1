package import Core

/// What goes wrong with the central database, in words for the person at the terminal.
package typealias StoreError = CodedError<StoreFailure>

/// The kinds of ``StoreError``.
package enum StoreFailure: Sendable, Hashable {
    /// Another host serves this home.
    case locked
    /// The home cannot hold the database: file system, owner, mode, damage.
    case unusable
    /// A migration failed, or the database is newer than this program.
    case migration
    /// A value is not allowed.
    case invalid
    /// Nothing goes by that name.
    case notFound
    /// More than one thing goes by that name.
    case ambiguous
    /// The change contradicts what is stored.
    case conflict
}
