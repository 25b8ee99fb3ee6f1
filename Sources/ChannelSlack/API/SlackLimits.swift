package import Core
import Synchronization

/// Until when Slack wants to hear nothing of which method: its limits count by method and workspace.
package final class SlackLimits: Sendable {
    private let time: any TimeSource
    private let until = Mutex<[String: Duration]>([:])

    package init(time: any TimeSource) { self.time = time }

    /// Slack asked for this pause.
    package func hold(_ method: String, for pause: Duration) {
        let end = time.monotonic + pause
        until.withLock { $0[method] = max($0[method] ?? .zero, end) }
    }

    /// What is left of the pause; nil when the method may be called.
    package func left(_ method: String) -> Duration? {
        let now = time.monotonic
        return until.withLock { until in
            guard let end = until[method] else { return nil }
            guard end > now else {
                until[method] = nil
                return nil
            }
            return end - now
        }
    }
}
