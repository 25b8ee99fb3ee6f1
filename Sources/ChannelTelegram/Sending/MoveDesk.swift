import ChannelKit
import Core
import Logging
import Synchronization

/// Tells the host that a chat has another id, while somebody listens.
final class MoveDesk: Sendable {
    private let reader: TelegramReader
    private let tools: ChannelTools
    private let state = Mutex<(any ChannelInbox)?>(nil)

    init(bot: TelegramBot, tools: ChannelTools) {
        reader = TelegramReader(bot: bot)
        self.tools = tools
    }

    var inbox: (any ChannelInbox)? {
        get { state.withLock { $0 } }
        set { state.withLock { $0 = newValue } }
    }

    func tell(_ old: Int64, _ new: Int64) async {
        do {
            try await inbox?.note(reader.moved(old, to: new, at: tools.time.now))
        } catch {
            // The chat itself tells it, too.
            tools.logger.warning("The host does not know yet where a chat moved", metadata: ["why": "\(error)"])
        }
    }
}
