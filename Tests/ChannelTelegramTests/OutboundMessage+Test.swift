import ChannelConformance
import ChannelKit
import Core
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

extension TelegramWorld {
    /// Names of files that are still in the folder for what came in.
    func filesLeft() throws -> [String] { try Directory(path: tools.media.path).names() }
}
