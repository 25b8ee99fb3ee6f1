import ChannelKit
import Core

/// One call of an adapter that is given up after its deadline, even when the adapter never returns.
enum AdapterCall {
    /// The longest for a message without files, and beside its bytes for each file.
    private static let patience: Duration = .seconds(60)

    /// The adapter's answer, or that there was none in time.
    static func deliver(
        _ message: OutboundMessage,
        by adapter: any ChannelAdapter,
        time: any TimeSource
    ) async -> DeliveryAnswer {
        let message = message.fitted(to: adapter.capabilities)
        // With a key that is known for ever a repeat is shown once.
        let code: ChannelError.Code = adapter.capabilities.repeatsHidden == nil ? .transient : .noAnswer
        let silence = DeliveryAnswer.refused(ChannelError(code, "the channel did not answer"))
        do {
            let sent = try await Deadline.run(limit(message), time) { try await adapter.deliver(message) }
            return sent.map(DeliveryAnswer.sent) ?? silence
        } catch let error as ChannelError {
            return .refused(error)
        } catch {
            return silence
        }
    }

    /// More than an adapter's own bounds, so that its word on what the platform has comes first.
    private static func limit(_ message: OutboundMessage) -> Duration {
        guard case .text(_, let files) = message.body else { return patience }
        return files.reduce(patience) { $0 + patience + $1.transferTime }
    }
}
