import ChannelKit
import ChannelNetwork
import ChatMarkdown
import Core
import Logging
import Synchronization

/// One account of a Matrix homeserver (client-server API v1.15), end-to-end encryption included.
final class MatrixChannel: ChannelAdapter {
    /// What an account is set up with.
    struct Settings: Sendable {
        var base: String
        var token: String
        /// What the account's store is encrypted with.
        var storeKey: SecretBytes
        /// Every invitation is followed, not only those of people who are welcome.
        var joinsAll: Bool
        var drafts = Self.drafts

        /// Each edit is an event that stays in the room's history.
        static let drafts = DraftStyle.edits(every: .seconds(2))
    }

    private struct State {
        var session: MatrixSession?
        var isRunning = false
    }

    let channel = MatrixID.channel
    let account: String?
    private let me: String
    private let settings: Settings
    private let tools: ChannelTools
    private let keeper: HealthKeeper
    private let state = Mutex(State())

    init(me: String, settings: Settings, tools: ChannelTools) {
        self.me = me
        account = MatrixID.escaped(me)
        self.settings = settings
        self.tools = tools
        keeper = HealthKeeper(transport: "sync", time: tools.time)
    }

    /// An event may have 65,536 bytes with all that the server adds, and carries a text twice, as HTML and plain; encryption
    /// makes four bytes of three.
    private static let longestText = 16_000
    /// The specification's servers take 50 MiB when they do not say.
    static let usualUploadLimit = 50 << 20

    var capabilities: ChannelCapabilities {
        ChannelCapabilities(
            threads: true,
            edits: true,
            reactions: true,
            // Transaction ids belong to the device, which stays the same; the specification gives them no end.
            idempotencyKeys: true,
            files: true,
            drafts: settings.drafts,
            echoes: true,
            text: TextRules(limit: Self.longestText, unit: .bytes, dialect: .matrixHTML),
            largestFile: state.withLock { $0.session?.uploadLimit } ?? Self.usualUploadLimit
        )
    }

    var health: ChannelHealth { keeper.health }

    // MARK: - In

    func run(_ inbox: any ChannelInbox) async throws {
        let isFirst = state.withLock { state in
            defer { state.isRunning = true }
            return !state.isRunning
        }
        guard isFirst else { throw MatrixError(.answer, "The account \(me) runs already") }
        defer {
            state.withLock { $0 = State() }
            keeper.lost("the channel is stopped")
        }
        let session: MatrixSession
        do { session = try await open() } catch {
            keeper.lost("\(error)")
            throw error
        }
        let sender = MessageSender(session: session)
        let desk = EventDesk(session: session, inbox: inbox, sender: sender)
        let late = LateEvents(session: session, desk: desk)
        let invites = InviteDesk(session: session, inbox: inbox, joinsAll: settings.joinsAll)
        let receipts = ReceiptDesk(session: session)
        let rooms = RoomDesk(session: session, desk: desk, late: late)
        let loop = SyncLoop(session: session, rooms: rooms, invites: invites, receipts: receipts)
        state.withLock { $0.session = session }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await loop.run() }
            group.addTask { try await late.run() }
            group.addTask { try await invites.run() }
            group.addTask { try await receipts.run() }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    // MARK: - Out

    private func session(_ what: String) throws(ChannelError) -> MatrixSession {
        let health = keeper.health
        // Who reads a room, and whether it is encrypted, is known only as long as the sync stands.
        guard health.state == .connected, let session = state.withLock({ $0.session }) else {
            throw ChannelError(.notConnected, "\(what) waits: \(health.detail ?? "Matrix is not connected")")
        }
        return session
    }

    func deliver(_ message: OutboundMessage) async throws(ChannelError) -> SentMessage {
        try await MessageSender(session: try session("the message")).deliver(message, capabilities)
    }

    func setTyping(_ address: ChatAddress) async {
        guard let session = try? session("typing"), let room = MatrixID.room(address, account: me) else { return }
        await session.setTyping(true, in: room)
    }

    func endTyping(_ address: ChatAddress) async {
        guard let session = try? session("typing"), let room = MatrixID.room(address, account: me) else { return }
        await session.setTyping(false, in: room)
    }

    // MARK: - People

    func openDM(_ user: UserID) async throws -> ChatAddress? {
        guard user.channel == channel, MatrixID.isUser(user.native), user.native != me else { return nil }
        return try await DirectRooms(session: try session("the chat")).open(with: user.native)
    }

    func isNativeID(_ text: String) -> Bool { MatrixID.isUser(text) }

    func nativeID(of handle: String) async throws -> String? {
        if MatrixID.isUser(handle) { return handle }
        let name = handle.hasPrefix("@") ? handle.dropFirst() : handle[...]
        let id = "@\(name):\(MatrixID.server(of: me))"
        guard !name.contains(":"), MatrixID.isUser(id) else { return nil }
        let session = try session("the look-up")
        do {
            _ = try await session.client.call(.get, ["profile", id])
            return id
        } catch {
            guard case .refused = error.code else { throw error }
            return nil
        }
    }
}

extension MatrixChannel {
    /// Checks the token and opens the store; asks the server again and again until it answers.
    private func open() async throws -> MatrixSession {
        let client = MatrixClient(base: settings.base, token: settings.token, http: tools.http, time: tools.time)
        let owner = try await owner(client)
        let store = try await MatrixStore.open(tools.folder)
        var crypto: RoomCrypto?
        var problem = "the access token has no device: add the account with user and password"
        if let device = owner.device {
            let id = DeviceID(user: owner.user, device: device)
            let machine = try await machine(store, id)
            if try await DeviceCheck(client: client).isForeign(machine) {
                problem = DeviceCheck.words
                tools.logger.error("Encrypted rooms cannot be read", metadata: ["why": "\(problem)"])
            } else {
                crypto = RoomCrypto(machine: machine, client: client, logger: tools.logger)
            }
        }
        let limit = (try? await client.uploadLimit()) ?? Self.usualUploadLimit
        return MatrixSession(
            client: client,
            me: me,
            store: store,
            crypto: crypto,
            cryptoProblem: problem,
            tools: tools,
            health: keeper,
            uploadLimit: limit
        )
    }

    private func machine(_ store: MatrixStore, _ id: DeviceID) async throws -> OlmMachine {
        do {
            return try await OlmMachine(store: store, secret: settings.storeKey, me: id, time: tools.time)
        } catch let error as OlmError where error.code == .badPickle {
            throw MatrixError(
                .answer,
                "\(tools.folder)/matrix.db was encrypted with another key than the account's: put the credentials back that "
                    + "belong to it, or remove the account and add it again",
                cause: error
            )
        }
    }

    private func owner(_ client: MatrixClient) async throws -> TokenOwner {
        var backoff = Backoff()
        while true {
            try Task.checkCancellation()
            let failure: MatrixError
            do {
                let owner = try await client.whoami()
                if owner.user == me { return owner }
                failure = MatrixError(
                    .answer,
                    "the access token is \(owner.user)'s and not \(me)'s: add the account again"
                )
            } catch {
                failure = error
            }
            try Task.checkCancellation()
            var pause = backoff.failed(at: tools.time.monotonic)
            if case .limited(let wait) = failure.code { pause = wait }
            if case .signedOut(let isSoft) = failure.code {
                keeper.lost(SignedOut.words(isSoft))
            } else {
                keeper.lost(failure.message)
            }
            tools.logger.warning("Matrix is not reached", metadata: ["error": "\(failure)", "after": "\(pause)"])
            try await tools.time.sleep(for: pause)
        }
    }
}
