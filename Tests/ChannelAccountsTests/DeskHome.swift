import CentralStore
import ChannelConformance
import ChannelKit
import ChannelNetwork
import Core
import Glibc
import LinuxIO
import Logging
import TestSupport
import Testing

@testable import ChannelAccounts

/// A home with its accounts, as a host has it; `reopened()` is the next life of the host.
struct DeskHome: Sendable {
    let home: String
    let central: CentralStore
    let registry: ChannelRegistry
    let desk: AccountDesk
    let platforms: [any ChannelPlatform]
    let time: any TimeSource

    /// Runs the body with a new home that knows these platforms.
    static func run(
        _ platforms: [any ChannelPlatform],
        time: any TimeSource = SystemTime(),
        _ body: (DeskHome) async throws -> Void
    ) async throws {
        try await withTemporaryDirectory { home in
            let lock = try HomeLock.acquire(home: home)
            let central = try CentralStore(lock: lock)
            try Directory(path: "\(home)/data").makeDirectory("media")
            try await body(try DeskHome(home, central, platforms, time))
        }
    }

    private init(
        _ home: String,
        _ central: CentralStore,
        _ platforms: [any ChannelPlatform],
        _ time: any TimeSource
    ) throws {
        let silent = Logger(label: "desk") { _ in SwiftLogNoOpLogHandler() }
        self.home = home
        self.central = central
        self.platforms = platforms
        self.time = time
        registry = ChannelRegistry([], time: time, logger: silent)
        desk = AccountDesk(
            home: home,
            central: central,
            registry: registry,
            catalog: ChannelCatalog(platforms),
            http: try HTTPPool(),
            webhooks: WebhookListener(WebhookOptions(port: 0), logger: silent),
            sockets: try WebSocketClient(),
            media: MediaFolder(path: "\(home)/data/media", largest: 1 << 20),
            publicURL: nil,
            time: time,
            logger: silent
        )
    }

    /// The same home with nothing in memory, opened.
    func reopened(_ platforms: [any ChannelPlatform]? = nil) async throws -> DeskHome {
        let next = try DeskHome(home, central, platforms ?? self.platforms, time)
        try await next.desk.open()
        return next
    }

    /// Runs the body while the adapters run.
    func running(_ inbox: TestInbox = TestInbox(), _ body: () async throws -> Void) async throws {
        let task = Task { await registry.run(inbox) }
        let outcome: Result<Void, any Error>
        do { outcome = .success(try await body()) } catch { outcome = .failure(error) }
        task.cancel()
        await task.value
        try outcome.get()
    }

    // MARK: - What is kept

    func rows() async throws -> [ChannelAccountRow] { try await central.read { db in try ChannelAccountRow.all(db) } }

    func state(_ name: String, _ key: String) async throws -> String? {
        try await central.read { db in try ChannelAccountRow.state(name, key, db) }
    }

    func secrets(_ name: String) async throws -> [String: String] {
        try await ChannelCredentials(home: home).secrets(of: name)
    }

    func hasFolder(_ name: String) -> Bool { access("\(home)/data/channels/\(name)", F_OK) == 0 }

    /// Nothing is left or was ever kept of an account.
    func expectNothing(of name: String, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        #expect(try await rows().allSatisfy { $0.name != name }, sourceLocation: sourceLocation)
        #expect(try await secrets(name).isEmpty, sourceLocation: sourceLocation)
        #expect(!hasFolder(name), sourceLocation: sourceLocation)
        #expect(registry.adapter(named: name) == nil, sourceLocation: sourceLocation)
    }
}

/// Loop under another name, or one that answers as a test says.
struct PlayedPlatform: ChannelPlatform {
    let channel = "played"
    let title = "Played"
    let fields = [ChannelField("token", "any text", isSecret: true)]
    /// Who an account is, after a wait that may never end.
    var identity: @Sendable (ChannelValues) async throws(ChannelSetupError) -> ChannelIdentity
    var capabilities = ChannelCapabilities()
    /// What it tells whoever adds an account.
    var word: String?
    /// Is given the accounts that the home has.
    var look: @Sendable (Set<String>) -> Void = { _ in }

    func identify(_ values: ChannelValues, _ tools: ChannelTools) async throws(ChannelSetupError) -> ChannelIdentity {
        if let word { await tools.tell(word) }
        look(tools.takenAccounts)
        return try await identity(values)
    }

    func adapter(_ account: ChannelAccount, _ tools: ChannelTools) throws(ChannelSetupError) -> any ChannelAdapter {
        PlayedAdapter(account.name, account: account.identity.account, life: .lasts, capabilities: capabilities)
    }
}
