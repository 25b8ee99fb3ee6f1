import ChannelKit
import Logging

extension HealthKeeper {
    /// The link is lost; the log says so once for each reason, not for each attempt.
    func lost(_ why: String, _ logger: Logger) {
        if health.detail != why { logger.warning("The link to Telegram is lost", metadata: ["why": "\(why)"]) }
        lost(why)
    }
}
