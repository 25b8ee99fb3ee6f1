package import CentralStore
package import ChannelKit
package import ChannelNetwork
package import Core
import GRDB
import LinuxIO
package import Logging
import Synchronization

/// Sets accounts of channels up, takes them away and tries them.
package final class AccountDesk: Sendable {
    /// The longest that a platform may take to send a line.
    private static let patience: Duration = .seconds(30)
    /// The longest that a platform may take to end what stands for an account.
    private static let farewell: Duration = .seconds(10)

    package let catalog: ChannelCatalog
    private let central: CentralStore
    private let registry: ChannelRegistry
    private let credentials: ChannelCredentials
    private let http: HTTPPool
    private let webhooks: WebhookListener
    private let sockets: WebSocketClient
    private let media: MediaFolder
    private let folders: AccountFolders
    private let publicURL: String?
    private let desks = Mutex<[String: EchoDesk]>([:])
    /// Names of accounts that are being set up or removed.
    private let inHand = Mutex<Set<String>>([])
    private let time: any TimeSource
    private let logger: Logger

    package init(
        home: String,
        central: CentralStore,
        registry: ChannelRegistry,
        catalog: ChannelCatalog,
        http: HTTPPool,
        webhooks: WebhookListener,
        sockets: WebSocketClient,
        media: MediaFolder,
        publicURL: String?,
        time: any TimeSource,
        logger: Logger
    ) {
        self.central = central
        self.registry = registry
        self.catalog = catalog
        self.http = http
        self.webhooks = webhooks
        self.sockets = sockets
        self.media = media
        self.publicURL = publicURL
        self.time = time
        self.logger = logger
        credentials = ChannelCredentials(home: home)
        folders = AccountFolders(home: home)
    }

    /// Takes every stored account into the registry; one that cannot be run stands there with the reason.
    package func open() async throws {
        try await media.clear()
        for row in try await central.read({ db in try ChannelAccountRow.all(db) }) {
            let adapter: any ChannelAdapter
            do {
                try await folders.make(row.name)
                adapter = try catalog.platform(row.channelType).adapter(try await account(row), tools(of: row.name))
            } catch {
                logger.error("A channel cannot be run", metadata: ["account": "\(row.name)", "error": "\(error)"])
                adapter = BrokenChannel(channel: row.channelType, account: row.account, reason: "\(error)")
            }
            registry.add(adapter, named: row.name, title: row.title)
        }
    }

    /// Asks the platform whose credentials these are, keeps them and runs the account from now on.
    ///
    /// Nothing is kept of values that the platform does not accept. `tell` says what whoever adds it has to do meanwhile.
    package func add(
        channel: String,
        name: String?,
        values given: [String: String],
        tell: @escaping @Sendable (String) async -> Void = { _ in }
    ) async throws -> ChannelAccount {
        let platform = try catalog.platform(channel)
        let name = name ?? channel
        let complete = try platform.complete(given)
        return try await changing(name) {
            try await central.read { db in try ChannelAccountRow.checkFree(name, db) }
            do {
                return try await add(platform, name, complete, tell)
            } catch {
                try? await credentials.remove(name)
                try? await folders.remove(name)
                throw error
            }
        }
    }

    private func add(
        _ platform: any ChannelPlatform,
        _ name: String,
        _ complete: [String: String],
        _ tell: @escaping @Sendable (String) async -> Void
    ) async throws -> ChannelAccount {
        let taken = try await central.read { db in try ChannelAccountRow.all(db) }
            .filter { $0.channelType == platform.channel }.map(\.account)
        let values = ChannelValues(complete)
        let tools = tools(of: name)
        try await folders.make(name)
        let patience = platform.patience(values)
        let asked = try await Deadline.run(patience, time) { () async throws -> ChannelIdentity in
            var tools = tools
            tools.tell = tell
            tools.takenAccounts = Set(taken)
            return try await platform.identify(values, tools)
        }
        guard let identity = asked else {
            throw AccountError(
                .unreachable,
                "\(platform.title) did not answer within \(patience.components.seconds) s"
            )
        }
        let kept = complete.merging(identity.values) { $1 }.filter { key, value in
            !value.isEmpty || identity.values[key] == nil
        }
        let account = ChannelAccount(name: name, identity: identity, values: ChannelValues(kept))
        let open = Set(platform.fields.filter { !$0.isSecret }.map(\.key))
        let row = ChannelAccountRow(
            name: name,
            channelType: platform.channel,
            account: identity.account,
            title: identity.title,
            settings: kept.filter { open.contains($0.key) },
            createdAt: time.now
        )
        do {
            let adapter = try platform.adapter(account, tools)
            try await credentials.store(kept.filter { !open.contains($0.key) }, of: name)
            try await central.write(changesRouting: false) { db in try row.create(db) }
            registry.add(adapter, named: name, title: identity.title)
            return account
        } catch {
            // What stands at the platform for a twin may be the other's.
            if (error as? StoreError)?.code != .conflict { _ = await end(row, account) }
            throw error
        }
    }

    /// Ends an account here and at its platform, and forgets it and its credentials; chats and people stay.
    ///
    /// Answers with why something of it may stay at the platform; nil when nothing does.
    package func remove(_ name: String) async throws -> String? {
        try await changing(name) {
            let row = try await central.read { db in try ChannelAccountRow.named(name, db) }
            await registry.remove(named: name)
            let leftover = await end(row)
            try await central.write(changesRouting: false) { db in _ = try ChannelAccountRow.deleteOne(db, key: name) }
            try await credentials.remove(name)
            try await folders.remove(name)
            return leftover
        }
    }

    /// Ends what stands for an account at its platform; answers with why it may not have ended.
    ///
    /// An account of which nothing works any more goes all the same.
    private func end(_ row: ChannelAccountRow, _ known: ChannelAccount? = nil) async -> String? {
        do {
            let platform = try catalog.platform(row.channelType)
            let account = if let known { known } else { try await account(row) }
            let tools = tools(of: row.name)
            let isOver: Void? = try await Deadline.run(Self.farewell, time) { try await platform.end(account, tools) }
            if isOver == nil { throw AccountError(.unreachable, "\(platform.title) did not answer") }
            return nil
        } catch {
            logger.warning(
                "What the platform keeps of a removed account may stay there",
                metadata: ["account": "\(row.name)", "error": "\(error)"]
            )
            return "\(error)"
        }
    }

    /// Lets one at a time set up or remove what has this name: what the first keeps, the second must not undo.
    private func changing<Result>(_ name: String, _ body: () async throws -> Result) async throws -> Result {
        guard inHand.withLock({ $0.insert(name).inserted }) else {
            throw StoreError(.conflict, "\(name.prefix(80)) is being set up or removed just now: try again")
        }
        defer { inHand.withLock { _ = $0.remove(name) } }
        return try await body()
    }

    /// Sends a line to a chat and waits to see it come back.
    ///
    /// Throws when it was not sent, with the platform's own words.
    package func test(_ name: String, chat: String) async throws -> ChannelTrial {
        let row = try await central.read { db in try ChannelAccountRow.named(name, db) }
        guard let adapter = registry.adapter(named: name) else {
            throw AccountError(.unknown, "\(name) is not running: nanoclaw channels status")
        }
        let prefix = "\(row.channelType):\(row.account):"
        let address = ChatAddress(channel: row.channelType, platformID: chat.hasPrefix(prefix) ? chat : prefix + chat)
        let key = "test-\(UInt64.random(in: 0 ... .max))"
        let sent = try await Deadline.run(Self.patience, time) {
            try await adapter.deliver(
                OutboundMessage(
                    idempotencyKey: key,
                    address: address,
                    body: .text("This is a test of NanoClaw's account \(name).", files: []),
                    agentName: name,
                    turn: TurnID.random()
                )
            )
        }
        guard let sent else {
            throw AccountError(.unreachable, "the platform did not answer within \(Self.patience.components.seconds) s")
        }
        guard adapter.capabilities.echoes, let id = sent.platformMessageID else {
            return ChannelTrial(platformMessageID: sent.platformMessageID, isSeen: nil, health: adapter.health)
        }
        let desk = echoes(of: name)
        let isSeen = try await Deadline.run(.seconds(10), time) { await desk.wait(for: id) } != nil
        desk.forget(id)
        return ChannelTrial(platformMessageID: id, isSeen: isSeen, health: adapter.health)
    }

    /// How a pairing code is sent to an account.
    package func pairing(_ name: String, code: String) async throws -> String? {
        let row = try await central.read { db in try ChannelAccountRow.named(name, db) }
        return try catalog.platform(row.channelType).pairing(try await account(row), code: code)
    }

    private func echoes(of name: String) -> EchoDesk {
        desks.withLock { desks in
            let desk = desks[name] ?? EchoDesk()
            desks[name] = desk
            return desk
        }
    }

    private func account(_ row: ChannelAccountRow) async throws -> ChannelAccount {
        let secrets = try await credentials.secrets(of: row.name)
        return ChannelAccount(
            name: row.name,
            identity: ChannelIdentity(account: row.account, title: row.title),
            values: ChannelValues(row.settings.merging(secrets) { $1 })
        )
    }

    private func tools(of name: String) -> ChannelTools {
        ChannelTools(
            http: http,
            webhooks: webhooks,
            sockets: sockets,
            state: AccountState(name: name, central: central),
            media: media,
            folder: folders.path(name),
            echoes: echoes(of: name),
            publicURL: publicURL,
            time: time,
            logger: logger
        )
    }
}

/// What an account remembers, in the central database.
private struct AccountState: ChannelState {
    let name: String
    let central: CentralStore

    func value(_ key: String) async throws -> String? {
        try await central.read { db in try ChannelAccountRow.state(name, key, db) }
    }

    func set(_ key: String, _ value: String?) async throws {
        try await central.write(changesRouting: false) { db in
            try ChannelAccountRow.setState(name, key, value, db)
        }
    }
}
