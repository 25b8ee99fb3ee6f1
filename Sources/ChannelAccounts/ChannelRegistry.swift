package import ChannelKit
package import Core
package import Logging
import Synchronization

/// The adapters of this host, and the one supervisor that keeps them running.
///
/// An adapter that throws, returns or hangs at its start never stops another: each has a task of its own and starts
/// again after 1, 2, 4 … 60 s. Adapters come and go while it runs.
package final class ChannelRegistry: Sendable {
    private struct State {
        /// In the order in which they came.
        var entries: [ChannelEntry] = []
        var inbox: (any ChannelInbox)?
        var newcomers: AsyncStream<ChannelEntry>.Continuation?
    }

    private let time: any TimeSource
    private let logger: Logger
    private let state = Mutex(State())

    /// Adapters that are there from the start, named like their channels.
    package init(_ adapters: [any ChannelAdapter], time: any TimeSource, logger: Logger) {
        self.time = time
        self.logger = logger
        for adapter in adapters { add(adapter, named: adapter.channel, title: nil) }
    }

    // MARK: - Who is there

    /// An adapter of a channel, for what all accounts of it have in common; nil when this host has none.
    package func adapter(_ channel: String) -> (any ChannelAdapter)? {
        state.withLock { state in state.entries.first { $0.adapter.channel == channel }?.adapter }
    }

    /// The adapter that serves a chat: that of its account, or the channel's only one for every account.
    package func adapter(for address: ChatAddress) -> (any ChannelAdapter)? {
        let account = address.account
        return state.withLock { state in
            state.entries.first { entry in
                guard entry.adapter.channel == address.channel else { return false }
                return entry.adapter.account == nil || entry.adapter.account == account
            }?.adapter
        }
    }

    /// All adapters of a channel.
    package func adapters(of channel: String) -> [any ChannelAdapter] {
        state.withLock { $0.entries.map(\.adapter) }.filter { $0.channel == channel }
    }

    /// The adapter with this name; nil when there is none.
    package func adapter(named name: String) -> (any ChannelAdapter)? {
        state.withLock { state in state.entries.first { $0.name == name }?.adapter }
    }

    /// All adapters, by channel.
    package var all: [any ChannelAdapter] {
        state.withLock { $0.entries.map(\.adapter) }.sorted { $0.channel < $1.channel }
    }

    /// How each stands, by name.
    package var status: [ChannelStatus] {
        state.withLock { $0.entries }.map(\.status).sorted { $0.name < $1.name }
    }

    // MARK: - Coming and going

    /// Takes an adapter in, in place of one with the same name; it runs from now on when the registry does.
    package func add(_ adapter: any ChannelAdapter, named name: String, title: String?) {
        state.withLock { state in
            let former = state.entries.filter { $0.name == name }
            let entry = ChannelEntry(name: name, title: title, adapter: adapter, inPlaceOf: former)
            state.entries.removeAll { $0.name == name }
            state.entries.append(entry)
            state.newcomers?.yield(entry)
        }
    }

    /// Lets an adapter go; returns when it has ended.
    package func remove(named name: String) async {
        let entry = state.withLock { state in
            state.entries.firstIndex { $0.name == name }.map { state.entries.remove(at: $0) }
        }
        await entry?.end()
    }

    /// Runs every adapter until cancelled.
    package func run(_ inbox: any ChannelInbox) async {
        let (newcomers, continuation) = AsyncStream.makeStream(of: ChannelEntry.self)
        let first = state.withLock { state in
            state.newcomers = continuation
            return state.entries
        }
        await withDiscardingTaskGroup { group in
            for entry in first { group.addTask { await self.keep(entry, inbox) } }
            for await entry in newcomers { group.addTask { await self.keep(entry, inbox) } }
        }
        state.withLock { $0.newcomers = nil }
    }

    private func keep(_ entry: ChannelEntry, _ inbox: any ChannelInbox) async {
        defer { entry.ended() }
        guard await entry.begin() else { return }
        var failures = 0
        while !Task.isCancelled, !entry.isLeaving {
            let began = time.monotonic
            let reason = await entry.run(inbox)
            if Task.isCancelled || entry.isLeaving { return }
            if time.monotonic - began > .seconds(300) { failures = 0 }
            let pause = Duration.seconds(min(60, 1 << min(failures, 6)))
            failures += 1
            logger.error(
                "A channel ended and starts again",
                metadata: ["channel": "\(entry.name)", "reason": "\(reason)", "after": "\(pause)"]
            )
            await entry.pause(pause, time)
        }
    }
}
