import CentralStore
import ChannelAccounts
import ChannelKit
import ControlProtocol
import Core
import GRDB
import People

/// `channels …`: the agent's accounts on platforms.
struct ChannelHandlers: Sendable {
    let context: ControlContext
    let accounts: AccountDesk

    func handlers() -> [String: ControlHandler] {
        [
            "channels platforms": { call in
                try call.arguments.finish()
                return .array(self.accounts.catalog.platforms.map { .object(Self.described($0)) })
            },
            "channels list": { try await Self.query.run(&$0, context.store) },
            "channels status": { call in
                try call.arguments.finish()
                return try JSONValue(encoding: context.registry.status)
            },
            "channels add": { try await self.add(&$0) },
            "channels remove": { try await self.remove(&$0) },
            "channels test": { try await self.test(&$0) },
            "channels pair": { try await self.pair(&$0) },
        ]
    }

    private static let query = RowQuery(
        select: "SELECT name, channel_type, account, title, settings, created_at FROM channel_accounts",
        filters: ["name": "name", "channel_type": "channel_type", "account": "account"],
        order: "name"
    )

    private static func described(_ platform: any ChannelPlatform) -> [String: JSONValue] {
        let fields = platform.fields.map { field in
            let standard: JSONValue = field.standard.map(JSONValue.string) ?? .null
            return JSONValue.object([
                "key": .string(field.key), "help": .string(field.help), "secret": .bool(field.isSecret),
                "standard": standard, "asked": .bool(field.isAsked),
            ])
        }
        return [
            "channel": .string(platform.channel), "title": .string(platform.title), "fields": .array(fields),
        ]
    }

    /// `channel`, optionally `name`, and `values`: an object of texts.
    ///
    /// Each event is a line, `tell`, for whoever adds it.
    private func add(_ call: inout ControlCall) async throws -> JSONValue {
        let channel = try call.arguments.required("channel")
        let name = try call.arguments.optional("name")
        var values: [String: String] = [:]
        for (key, value) in call.arguments.value("values")?.object ?? [:] {
            guard let text = value.string else {
                throw ControlError(.invalidArguments, "values.\(key.prefix(80)) is a text")
            }
            values[key] = text
        }
        try call.arguments.finish()
        let account = try await accounts.add(channel: channel, name: name, values: values) { [emit = call.emit] line in
            try? await emit(["tell": line])
        }
        let isPaired = try accounts.catalog.platform(channel).hasPeople
        let wiring = Self.wiring(channel, account.identity.account, group: "main")
        return [
            "name": .string(account.name), "channel": .string(channel),
            "account": .string(account.identity.account), "title": .string(account.identity.title),
            "next": .string(
                isPaired
                    ? "make yourself its owner: nanoclaw channels pair \(account.name)"
                    : "let an agent hear it: \(wiring)"
            ),
        ]
    }

    /// The command that lets an agent hear an account in all its chats.
    private static func wiring(_ channel: String, _ account: String, group: String) -> String {
        "nanoclaw wirings create --group \(group) --channel \(channel) --account \(account)"
    }

    /// `name`; `left` of the answer says why something of the account may stay at its platform.
    private func remove(_ call: inout ControlCall) async throws -> JSONValue {
        let name = try call.arguments.required("name")
        try call.arguments.finish()
        let leftover = try await accounts.remove(name)
        return ["deleted": .string(name), "left": leftover.map { .string($0) } ?? .null]
    }

    /// `name` and `chat`, the conversation's id with or without channel and account before it.
    private func test(_ call: inout ControlCall) async throws -> JSONValue {
        let name = try call.arguments.required("name")
        let chat = try call.arguments.required("chat")
        try call.arguments.finish()
        return try JSONValue(encoding: try await accounts.test(name, chat: chat))
    }

    /// `name`, and optionally `group` (a code for its members, else for an owner) and `wire`.
    private func pair(_ call: inout ControlCall) async throws -> JSONValue {
        let name = try call.arguments.required("name")
        let group = try call.arguments.optional("group")
        let wire = try call.arguments.optional("wire")
        try call.arguments.finish()
        let (account, member, wired) = try await context.store.read { db in
            (
                try ChannelAccountRow.named(name, db), try group.map { try Lookup.agentGroup($0, db) },
                try wire.map { try Lookup.agentGroup($0, db).id }
            )
        }
        guard try accounts.catalog.platform(account.channelType).hasPeople else {
            throw ControlError(
                .invalidArguments,
                "nobody can be paired through \(name): programs write to it, no people. An agent hears it with: "
                    + Self.wiring(account.channelType, account.account, group: "GROUP")
            )
        }
        let offer =
            member.map { PairingOffer(.member($0.id, channel: account.channelType), wires: wired) }
            ?? PairingOffer(.owner, wires: wired)
        let made = try await context.host.pair(offer, by: call.caller, isHomeOwner: call.authority == .homeOwner)
        let hint = try await accounts.pairing(name, code: made.code.text)
        return [
            "code": .string(made.code.text), "gives": .string(member.map { "a member of \($0.name)" } ?? "an owner"),
            "to": .string(account.title), "how": hint.map { .string($0) } ?? .null,
            "expires_at": .integer(made.expiresAt.milliseconds),
        ]
    }
}
