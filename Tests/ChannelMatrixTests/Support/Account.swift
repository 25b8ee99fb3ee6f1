import ChannelKit
import ChannelNetwork
import Core
import Glibc
import LinuxIO
import Logging
import TestSupport

@testable import ChannelMatrix

/// The account under test, and what the host lends it; kept between two lives of its adapter.
struct Account: Sendable {
    /// The local part of its id.
    let name: String
    let account: ChannelAccount
    let tools: ChannelTools

    var id: String { "@\(name):localhost" }

    /// Sets an account up as an operator does, with user and password; `base` is the homeserver or a proxy before it.
    static func make(
        in folder: String,
        base: String? = nil,
        invites: String = "known",
        time: any TimeSource = SystemTime(),
        largestFile: Int = 1 << 20
    ) async throws -> Account {
        let name = try await Homeserver.shared.person("bot")
        let homeserver: String
        if let base { homeserver = base } else { homeserver = try await Homeserver.shared.base() }
        let tools = try Self.tools(folder, time, largestFile)
        let platform = MatrixPlatform()
        var values = ["homeserver": homeserver, "user": name, "password": "pw", "invites": invites]
        let identity = try await platform.identify(ChannelValues(values), tools)
        for (key, value) in identity.values { values[key] = value.isEmpty ? nil : value }
        return Account(
            name: name,
            account: ChannelAccount(name: "matrix", identity: identity, values: ChannelValues(values)),
            tools: tools
        )
    }

    static func tools(_ folder: String, _ time: any TimeSource, _ largestFile: Int) throws -> ChannelTools {
        for path in ["\(folder)/account", "\(folder)/media"] {
            guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw Errno.last("mkdir \(path)") }
        }
        var logger = Logger(label: "matrix")
        logger.logLevel = .error
        return ChannelTools(
            http: try HTTPPool(),
            webhooks: WebhookListener(WebhookOptions(port: 0), logger: logger),
            sockets: try WebSocketClient(),
            state: MemoryChannelState(),
            media: MediaFolder(path: "\(folder)/media", largest: largestFile),
            folder: "\(folder)/account",
            time: time,
            logger: logger
        )
    }

    /// The adapter's life while the body runs; it is connected when the body begins.
    func running<Result: Sendable>(
        _ inbox: RecordingInbox,
        isConnected: Bool = true,
        _ body: @escaping @Sendable (MatrixChannel) async throws -> Result
    ) async throws -> Result {
        guard let channel = try MatrixPlatform().adapter(account, tools) as? MatrixChannel else {
            throw Judge.Failure(description: "no adapter")
        }
        return try await withThrowingTaskGroup(of: Result?.self) { group in
            group.addTask {
                do { try await channel.run(inbox) } catch is CancellationError {}
                return nil
            }
            group.addTask {
                if isConnected { try await channel.waitFor(.connected) }
                return try await body(channel)
            }
            defer { group.cancelAll() }
            while let result = try await group.next() {
                if let result { return result }
                throw Judge.Failure(description: "the adapter has ended: \(channel.health)")
            }
            throw Judge.Failure(description: "nothing ran")
        }
    }

    /// A client for what the test does in the account's name.
    var client: MatrixClient {
        MatrixClient(
            base: account.values["homeserver"],
            token: account.values["token"],
            http: tools.http,
            time: tools.time
        )
    }
}

extension MatrixChannel {
    /// Returns once the health has this state, which is looked at because it has no events.
    ///
    /// Throws after 20 s.
    func waitFor(_ state: ChannelHealth.State) async throws {
        for _ in 0..<2_000 {
            if health.state == state { return }
            try await Task.sleep(for: .milliseconds(10))
        }
        throw Judge.Failure(description: "the link is not \(state) but \(health)")
    }

    /// Sends a message as the host's delivery does, again and again until it is taken or refused.
    @discardableResult
    func post(
        _ body: OutboundMessage.Body,
        to address: ChatAddress,
        key: String = "msg_\(UInt64.random(in: 0 ... .max))",
        quotes: String? = nil
    ) async throws -> SentMessage {
        try await deliver(
            OutboundMessage(
                idempotencyKey: key,
                address: address,
                body: body,
                agentName: "Agent",
                quotes: quotes,
                turn: TurnID.random()
            )
        )
    }
}

func readWhole(_ path: String) throws -> [UInt8] {
    let number = open(path, O_RDONLY | O_CLOEXEC)
    guard number >= 0 else { throw Errno.last("open \(path)") }
    return try Descriptor(owning: number).readAll(limit: 64 << 20)
}

/// A file to be sent.
func outboundFile(_ name: String, _ bytes: [UInt8], in folder: String) throws -> OutboundFile {
    let path = "\(folder)/\(UInt64.random(in: 0 ... .max))"
    let number = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard number >= 0 else { throw Errno.last("open \(path)") }
    let descriptor = Descriptor(owning: number)
    try descriptor.write(bytes)
    guard lseek(number, 0, SEEK_SET) == 0 else { throw Errno.last("lseek") }
    return OutboundFile(name: name, descriptor: descriptor, size: bytes.count)
}
