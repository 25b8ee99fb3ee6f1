import ChannelAccounts
import ChannelKit
import Core
import Logging

/// Says short things to people that belong to no session: a refused command, an acknowledgement.
///
/// Tried for ten minutes while the channel cannot take them, then dropped with a line in the log.
final class NoticeSender: Sendable {
    private let registry: ChannelRegistry
    private let directMessages: DirectMessages
    private let tasks: TaskScope
    private let time: any TimeSource
    private let logger: Logger

    init(
        registry: ChannelRegistry,
        directMessages: DirectMessages,
        tasks: TaskScope,
        time: any TimeSource,
        logger: Logger
    ) {
        self.registry = registry
        self.directMessages = directMessages
        self.tasks = tasks
        self.time = time
        self.logger = logger
    }

    /// Sends in the background.
    func send(_ text: String, to address: ChatAddress, as name: String) {
        let message = OutboundMessage(
            idempotencyKey: MessageID.random().rawValue,
            address: address,
            body: .text(text, files: []),
            agentName: name,
            turn: .random()
        )
        tasks.add { await self.send(message) }
    }

    private func send(_ message: OutboundMessage) async {
        var message = message
        let start = time.monotonic
        // Of the first attempt that may have brought it there.
        var openSince: Duration?
        var pause: Duration = .seconds(1)
        var error = "this host has no channel \(message.address.channel)"
        while time.monotonic - start < .seconds(600) {
            if let adapter = registry.adapter(for: message.address) {
                let now = time.monotonic
                if let openSince, !adapter.capabilities.hidesRepeat(after: now - openSince) {
                    return report(message, "it may be there, and would be shown twice: \(error)")
                }
                switch await AdapterCall.deliver(message, by: adapter, time: time) {
                case .sent: return
                case .refused(let refusal):
                    error = refusal.description
                    message.partsDone = max(message.partsDone, refusal.partsDone)
                    if refusal.code == .noAnswer { openSince = openSince ?? now }
                    if refusal.code == .rejected {
                        await directMessages.forget(message.address)
                        return report(message, error)
                    }
                }
            }
            guard (try? await time.sleep(for: pause)) != nil else { return }
            pause = min(pause * 2, .seconds(60))
        }
        report(message, error)
    }

    private func report(_ message: OutboundMessage, _ error: String) {
        logger.warning(
            "A notice was not sent, or nobody knows whether it was",
            metadata: ["chat": "\(message.address)", "error": "\(error)"]
        )
    }
}
