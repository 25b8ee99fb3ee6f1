import NIOCore
import Synchronization

/// The connection that the last answer has left open, for a while.
final class KeptConnection: Sendable {
    private let patience: TimeAmount
    private let channel = Mutex<(any Channel)?>(nil)

    init(for patience: Duration) { self.patience = .nanoseconds(patience.nanoseconds) }

    deinit { channel.withLock { $0 }?.close(promise: nil) }

    func take() -> (any Channel)? {
        let channel = channel.withLock { channel in
            defer { channel = nil }
            return channel
        }
        return channel.flatMap { $0.isActive ? $0 : nil }
    }

    func keep(_ channel: any Channel) {
        let before = self.channel.withLock { kept in
            defer { kept = channel }
            return kept
        }
        before?.close(promise: nil)
        channel.eventLoop.scheduleTask(in: patience) { [weak self] in self?.forget(channel) }
    }

    private func forget(_ channel: any Channel) {
        let isKept = self.channel.withLock { kept in
            guard kept === channel else { return false }
            kept = nil
            return true
        }
        if isKept { channel.close(promise: nil) }
    }
}
