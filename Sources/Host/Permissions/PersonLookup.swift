import CentralStore
import ChannelAccounts
import ChannelKit
import ControlProtocol
import Core
import GRDB

/// Finds whom a text names: what is stored is always the stable id.
///
/// A handle may pass to somebody else, and a name anybody may give themselves: neither is ever stored in place of an id.
struct PersonLookup: Sendable {
    let store: CentralStore
    let registry: ChannelRegistry

    /// Whom a right is given to: `<channel>:<id>` or `<channel>:<handle>` and nothing else, because a name or a handle of
    /// some channel may be anybody's.
    ///
    /// Throws `invalidArguments` naming the ids that were meant, perhaps.
    func grantee(_ text: String) async throws -> UserID {
        if let id = UserID(text), PathSegment.isIdentifier(id.channel) { return try await user(text) }
        guard !text.utf8.contains(UInt8(ascii: ":")) else { throw Self.noUser(text) }
        let meant = try await store.read { db in
            try User.filter(
                User.CodingKeys.displayName == text || User.CodingKeys.handle == String(text.trimmingPrefix("@"))
            ).order(User.CodingKeys.id).limit(8).fetchAll(db).map(\.id.description)
        }
        guard !meant.isEmpty else { throw Self.unknown(text) }
        throw ControlError(
            .invalidArguments,
            "a name may be anybody's: write the id of whom you mean as <channel>:<id>; \"\(text.prefix(80))\" is "
                + "what is shown of \(meant.joined(separator: ", "))"
        )
    }

    /// A known user by id, `@handle`, name or the beginning of an id; somebody new by `<channel>:<id>`, or by
    /// `<channel>:<handle>` where the platform can say who that is.
    ///
    /// Throws `invalidArguments` or `notFound` saying what to do instead.
    func user(_ text: String) async throws -> UserID {
        // A text with a colon is an id or a handle of one channel: a name with a colon in it is nobody's.
        guard let id = UserID(text), PathSegment.isIdentifier(id.channel) else {
            do {
                return try await store.read { db in try Lookup.user(text, db) }.id
            } catch let error as StoreError where error.code == .notFound {
                throw Self.unknown(text)
            }
        }
        guard PeopleHandlers.isPlainID(id.native) else { throw Self.noUser(text) }
        if try await store.read({ db in try User.exists(db, key: id) }) { return id }
        let adapter = registry.adapter(id.channel)
        if adapter?.isNativeID(id.native) ?? !Self.looksLikeHandle(id.native) { return id }
        // The platform knows whose it is today; what was last seen here may have passed on.
        if let native = try await adapter?.nativeID(of: id.native) {
            return UserID(channel: id.channel, native: native)
        }
        if let known = try await store.read({ db in try User.called(id.native, on: id.channel, db) }) {
            return known.id
        }
        throw Self.unknown(text)
    }

    /// True for `@name`, which people choose; an id of Matrix has its server behind a colon.
    static func looksLikeHandle(_ native: String) -> Bool {
        native.hasPrefix("@") && !native.utf8.contains(UInt8(ascii: ":"))
    }

    private static func noUser(_ text: String) -> ControlError {
        ControlError(
            .invalidArguments,
            "\"\(text.prefix(80))\" is no user: write <channel>:<id> without spaces, such as cli:1000"
        )
    }

    private static func unknown(_ text: String) -> ControlError {
        ControlError(
            .invalidArguments,
            "nobody is known as \"\(text.prefix(80))\": let them write to the agent once and look with "
                + "`nanoclaw users list` or `nanoclaw dropped-messages list`, send them a code with "
                + "`nanoclaw users pair`, or write their id as <channel>:<id>, such as cli:1000"
        )
    }
}
