package import ChannelKit
package import Core
package import Logging
import Synchronization

/// The adapters of this host, and the one supervisor that keeps them running.
///
/// An adapter that throws, returns or hangs at its start never stops another: each has a task of its own and starts
/// again after 1, 2, 4 … 60 s.
package final class ChannelRegistry: Sendable {
    private struct State {
        var starts: [String: Int] = [:]
        var errors: [String: String] = [:]
    }

    private let adapters: [String: any ChannelAdapter]
    private let time: any TimeSource
    private let logger: Logger
    private let state = Mutex(State())

    /// One adapter a channel; of two with the same key the first counts.
    package init(_ adapters: [any ChannelAdapter], time: any TimeSource, logger: Logger) {
        self.adapters = Dictionary(adapters.map { ($0.channel, $0) }) { first, _ in first }
        self.time = time
        self.logger = logger
    }

    /// The adapter of a channel; nil when this host has none.
    package func adapter(_ channel: String) -> (any ChannelAdapter)? { adapters[channel] }

    /// All adapters, by channel.
    package var all: [any ChannelAdapter] { adapters.values.sorted { $0.channel < $1.channel } }

    /// How each stands.
    package var status: [HostStatus.ChannelStatus] {
        let state = state.withLock { $0 }
        return all.map { adapter in
            HostStatus.ChannelStatus(
                channel: adapter.channel,
                health: adapter.health,
                starts: state.starts[adapter.channel] ?? 0,
                lastError: state.errors[adapter.channel]
            )
        }
    }

    /// Runs every adapter until cancelled.
    package func run(_ inbox: any ChannelInbox) async {
        await withDiscardingTaskGroup { group in
            for adapter in all { group.addTask { await self.keep(adapter, inbox) } }
        }
    }

    private func keep(_ adapter: any ChannelAdapter, _ inbox: any ChannelInbox) async {
        var failures = 0
        while !Task.isCancelled {
            state.withLock { $0.starts[adapter.channel, default: 0] += 1 }
            let began = time.monotonic
            var reason = "it ended by itself"
            do {
                try await adapter.run(inbox)
            } catch {
                reason = "\(error)"
            }
            if Task.isCancelled { return }
            if time.monotonic - began > .seconds(300) { failures = 0 }
            let pause = Duration.seconds(min(60, 1 << min(failures, 6)))
            failures += 1
            state.withLock { $0.errors[adapter.channel] = reason }
            logger.error(
                "A channel ended and starts again",
                metadata: [
                    "channel": "\(adapter.channel)", "reason": "\(reason)", "after": "\(pause)",
                ]
            )
            guard (try? await time.sleep(for: pause)) != nil else { return }
        }
    }
}
