import ChannelKit
import Core

/// One call of an adapter that is given up after its deadline, even when the adapter never returns.
enum AdapterCall {
    /// The adapter's answer, or that there was none in time.
    static func deliver(
        _ message: OutboundMessage,
        by adapter: any ChannelAdapter,
        within limit: Duration,
        time: any TimeSource
    ) async -> DeliveryAnswer {
        let message = message.fitted(to: adapter.capabilities)
        do {
            return try await Deadline.run(limit, time) { try await adapter.deliver(message) }.map { .sent($0) }
                ?? .noAnswer
        } catch let error as ChannelError {
            return .refused(error)
        } catch {
            return .noAnswer
        }
    }
}
