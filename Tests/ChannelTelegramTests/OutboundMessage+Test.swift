import CLinux
import ChannelConformance
import ChannelKit
import Core
import Glibc
import LinuxIO

@testable import ChannelTelegram

extension OutboundMessage {
    /// Text for a chat of the world.
    static func test(
        _ text: String,
        in chat: WorldChat,
        thread: String? = nil,
        quotes: String? = nil,
        files: [OutboundFile] = []
    ) -> OutboundMessage {
        test(.text(text, files: files), in: chat, thread: thread, quotes: quotes)
    }

    static func test(
        _ body: Body,
        in chat: WorldChat,
        thread: String? = nil,
        quotes: String? = nil
    ) -> OutboundMessage {
        OutboundMessage(
            idempotencyKey: "m_1",
            address: ChatAddress(channel: "telegram", platformID: chat.platformID, thread: thread),
            body: body,
            agentName: "Main",
            quotes: quotes,
            turn: TurnID(unchecked: "t_1")
        )
    }
}

extension OutboundFile {
    /// An open file without a name in any folder.
    static func test(_ name: String, _ bytes: [UInt8]) throws -> OutboundFile {
        let descriptor = Descriptor(owning: try Errno.check(clinux_memfd(name), "memfd_create"))
        try descriptor.write(bytes)
        guard lseek(descriptor.number, 0, SEEK_SET) == 0 else { throw Errno.last("lseek") }
        return OutboundFile(name: name, descriptor: descriptor, size: bytes.count)
    }
}

extension TelegramChannel {
    /// Why a message was not delivered; nil when it was.
    func refusal(_ message: OutboundMessage) async -> ChannelError? {
        do {
            _ = try await deliver(message)
            return nil
        } catch {
            return error
        }
    }
}

extension TelegramWorld {
    /// Names of files that are still in the folder for what came in.
    func filesLeft() throws -> [String] { try Directory(path: tools.media.path).names() }
}
