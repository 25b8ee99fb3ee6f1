import CentralStore
import ChannelAccounts
import ChannelKit
import ControlProtocol
import Core
import GRDB
import People

/// `users pair`, `link`, `unlink` and `identities`: one-time codes, and which handles are one human's.
struct PairingHandlers: Sendable {
    let context: ControlContext

    func handlers() -> [String: ControlHandler] {
        [
            "users pair": { try await self.pairMember(&$0) },
            "users pair-owner": { try await self.pairOwner(&$0) },
            "users link": { try await self.link(&$0) },
            "users link-code": { try await self.linkCode(&$0) },
            "users unlink": { try await self.unlink(&$0) },
            "users identities": { try await self.identities(&$0) },
        ]
    }

    private static let identities = RowQuery(
        select: """
            SELECT * FROM (
                SELECT identity_id, user_id, display_name, 'linked' AS state, NULL AS waits_for, linked_by, linked_at
                FROM identity_handles JOIN users ON users.id = user_id
                UNION ALL
                SELECT NULL, other_user_id, display_name, 'waits for an owner', user_id, user_id,
                    pending_identity_links.created_at
                FROM pending_identity_links JOIN users ON users.id = other_user_id)
            """,
        filters: ["identity_id": "identity_id", "user_id": "user_id", "state": "state"],
        order: "state, identity_id, user_id"
    )

    /// `group`, and optionally `channel` and `wire`, the group that the direct chat is wired to.
    private func pairMember(_ call: inout ControlCall) async throws -> JSONValue {
        let name = try call.arguments.required("group")
        let channel = try call.arguments.optional("channel")
        let wire = try call.arguments.optional("wire")
        try call.arguments.finish()
        if let channel, context.registry.adapter(channel) == nil {
            let known = context.registry.all.map(\.channel).joined(separator: ", ")
            throw ControlError(
                .invalidArguments,
                "--channel \"\(channel.prefix(80))\" is no channel of this host: use \(known)"
            )
        }
        let (group, wired) = try await context.store.read { db in
            (try Lookup.agentGroup(name, db), try wire.map { try Lookup.agentGroup($0, db).id })
        }
        let offer = PairingOffer(.member(group.id, channel: channel), wires: wired)
        return try await make(offer, "a member of \(group.name)", call)
    }

    /// Optionally `wire`.
    private func pairOwner(_ call: inout ControlCall) async throws -> JSONValue {
        let wire = try call.arguments.optional("wire")
        try call.arguments.finish()
        let wired = try await context.store.read { db in try wire.map { try Lookup.agentGroup($0, db).id } }
        return try await make(PairingOffer(.owner, wires: wired), "an owner", call)
    }

    private func linkCode(_ call: inout ControlCall) async throws -> JSONValue {
        try call.arguments.finish()
        return try await make(PairingOffer(.link), "the same person as \(call.caller)", call)
    }

    private func make(_ offer: PairingOffer, _ gives: String, _ call: ControlCall) async throws -> JSONValue {
        let made = try await context.host.pair(offer, by: call.caller, isHomeOwner: call.authority == .homeOwner)
        return [
            "code": .string(made.code.text), "gives": .string(gives),
            "expires_at": .integer(made.expiresAt.milliseconds),
        ]
    }

    /// `user` and `other`: from now on one human.
    ///
    /// An owner's word: it also makes a link that waits for one.
    private func link(_ call: inout ControlCall) async throws -> JSONValue {
        let texts = [try call.arguments.required("user"), try call.arguments.required("other")]
        try call.arguments.finish()
        let lookup = PersonLookup(store: context.store, registry: context.registry)
        let (user, other) = (try await lookup.grantee(texts[0]), try await lookup.grantee(texts[1]))
        let (now, caller) = (context.time.now, call.caller)
        let handles = try await context.store.write { db in
            try Identity.link(user, other, by: caller, now: now, db)
            return try Identity.handles(of: user, db)
        }
        try await context.host.linksChanged([user, other])
        return ["handles": .array(handles.map { .string($0.description) })]
    }

    private func unlink(_ call: inout ControlCall) async throws -> JSONValue {
        let text = try call.arguments.required("user")
        try call.arguments.finish()
        let user = try await PersonLookup(store: context.store, registry: context.registry).user(text)
        let (caller, now) = (call.caller, context.time.now)
        let left = try await context.store.write { db in
            let others = try Identity.handles(of: user, db).dropFirst()
            try Identity.unlink(user, by: caller, now: now, db)
            return Array(others)
        }
        try await context.host.linksChanged([user])
        return ["unlinked": .string(user.description), "left": .array(left.map { .string($0.description) })]
    }

    private func identities(_ call: inout ControlCall) async throws -> JSONValue {
        let now = context.time.now
        try await context.store.write(changesRouting: false) { db in try IdentityLinks.prune(now: now, db) }
        return try await Self.identities.run(&call, context.store)
    }
}
