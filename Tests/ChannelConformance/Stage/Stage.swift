import CLinux
import ChannelKit
import Core
import Glibc
import LinuxIO
import Testing

/// What one check works with: a fresh world, and what the host lends its adapters, which outlives each of them.
struct Stage: Sendable {
    /// How messages begin that a check sends to know that all before them is shown.
    static let lastWords = "that was all of it"
    /// The largest file that is taken in where a check needs one that is too large.
    static let smallLimit = 64 << 10

    let world: any PlatformWorld
    let tools: ChannelTools
    let time: HurriedTime
    /// Where files that come in are kept.
    let media: String

    /// `media` is a folder of this check alone.
    init(_ world: any PlatformWorld, media: String, largest: Int?) {
        self.world = world
        self.media = media
        time = HurriedTime()
        var tools = world.tools
        tools.time = time
        tools.media = MediaFolder(path: media, largest: largest ?? tools.media.largest)
        self.tools = tools
    }

    /// A new adapter of the world's account; its state is that of the adapters before it.
    func adapter() throws -> any ChannelAdapter { try world.platform.adapter(world.account, tools) }

    /// The group, for a check that needs one and is not exempt.
    func group() throws -> WorldChat {
        try #require(world.group, "the check needs a group: name it, or exempt the check with the reason")
    }

    func address(_ chat: WorldChat, thread: String? = nil) -> ChatAddress {
        ChatAddress(channel: world.platform.channel, platformID: chat.platformID, thread: thread)
    }

    // MARK: - Sending

    /// A message of its own, with a key of its own.
    func message(
        _ body: OutboundMessage.Body,
        in chat: WorldChat,
        thread: String? = nil,
        quotes: String? = nil
    ) -> OutboundMessage {
        OutboundMessage(
            idempotencyKey: "m_\(UInt64.random(in: 0 ... .max))",
            address: address(chat, thread: thread),
            body: body,
            agentName: "Main",
            quotes: quotes,
            turn: TurnID.random()
        )
    }

    func message(_ text: String, in chat: WorldChat) -> OutboundMessage { message(.text(text, files: []), in: chat) }

    /// One attempt.
    func attempt(
        _ message: OutboundMessage,
        by adapter: any ChannelAdapter
    ) async throws -> Result<SentMessage, ChannelError> {
        try await within("deliver(_:) to return") {
            do throws(ChannelError) {
                return .success(try await adapter.deliver(message))
            } catch {
                return .failure(error)
            }
        }
    }

    /// Sends as the host does: again after what may pass, after the time that the platform named, and from the first part
    /// that it has not.
    @discardableResult
    func send(_ message: OutboundMessage, by adapter: any ChannelAdapter) async throws -> SentMessage {
        var message = message
        return try await time.hurrying(within: .seconds(5)) {
            for _ in 0..<200 {
                switch try await attempt(message, by: adapter) {
                case .success(let sent): return sent
                case .failure(let error):
                    #expect(error.partsDone >= message.partsDone, "partsDone never goes back")
                    message.partsDone = error.partsDone
                    switch error.code {
                    case .rateLimited(let pause): time.advance(by: pause)
                    case .transient, .noAnswer, .notConnected: try await SystemTime().sleep(for: .milliseconds(50))
                    case .rejected: throw error
                    }
                }
            }
            throw NothingCame("the platform to take a message", after: ConformanceNet.limit, instead: "200 refusals")
        }
    }

    @discardableResult
    func send(_ text: String, in chat: WorldChat, by adapter: any ChannelAdapter) async throws -> SentMessage {
        try await send(message(text, in: chat), by: adapter)
    }

    // MARK: - What people see

    /// Messages of the account in a chat, oldest first.
    func answers(in chat: WorldChat) async throws -> [WorldMessage] {
        try await world.messages(in: chat).filter(\.isAgents)
    }

    /// The same once they are as the condition says.
    func answers(
        in chat: WorldChat,
        when what: String,
        _ isDone: ([WorldMessage]) -> Bool
    ) async throws -> [WorldMessage] {
        try await world.waitForAnswers(1, in: chat)
        var answers: [WorldMessage] = []
        do {
            try await eventually(what) {
                answers = try await self.answers(in: chat)
                return isDone(answers)
            }
        } catch is NothingCame {
            let there = answers.map { "\"\($0.text.prefix(200))\"" }.joined(separator: ", ")
            throw NothingCame(what, after: ConformanceNet.limit, instead: there.isEmpty ? "nothing" : there)
        }
        return answers
    }

    /// The account's messages once all that was sent before is shown: another one is sent, and left out.
    func settledAnswers(in chat: WorldChat, by adapter: any ChannelAdapter) async throws -> [WorldMessage] {
        let end = "\(Self.lastWords) \(UInt32.random(in: 0 ... .max))"
        try await send(end, in: chat, by: adapter)
        let answers = try await answers(in: chat, when: "the message \"\(end)\"") {
            $0.last?.text.contains(end) == true
        }
        return Array(answers.dropLast())
    }

    // MARK: - Files

    /// Bytes that no platform takes for something else.
    static func bytes(_ count: Int) -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        return (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
    }

    /// An open file without a name in any folder.
    func file(_ name: String, _ bytes: [UInt8]) async throws -> OutboundFile {
        try await FileDigest.onQueue { try OutboundFile.test(name, bytes) }
    }

    /// An open file of nothing but holes.
    func hollowFile(_ name: String, size: Int) throws -> OutboundFile {
        let descriptor = Descriptor(owning: try Errno.check(clinux_memfd(name), "memfd_create"))
        guard ftruncate(descriptor.number, size) == 0 else { throw Errno.last("ftruncate") }
        return OutboundFile(name: name, descriptor: descriptor, size: size)
    }
}
