import ChannelKit
import Core
import Synchronization

/// One call of an adapter that is given up after its deadline, even when the adapter never returns.
enum AdapterCall {
    private final class Once: Sendable {
        private let continuation: Mutex<CheckedContinuation<DeliveryAnswer, Never>?>

        init(_ continuation: CheckedContinuation<DeliveryAnswer, Never>) { self.continuation = Mutex(continuation) }

        func resume(_ answer: DeliveryAnswer) {
            let continuation = continuation.withLock { value in
                defer { value = nil }
                return value
            }
            continuation?.resume(returning: answer)
        }
    }

    /// The adapter's answer, or that there was none in time.
    static func deliver(
        _ message: OutboundMessage,
        by adapter: any ChannelAdapter,
        within limit: Duration,
        time: any TimeSource
    ) async -> DeliveryAnswer {
        let tasks = Mutex<[Task<Void, Never>]>([])
        defer { for task in tasks.withLock({ $0 }) { task.cancel() } }
        return await withCheckedContinuation { continuation in
            let once = Once(continuation)
            // Not children: a child that hangs would hold up everybody who waits here.
            let call = Task {
                do throws(ChannelError) {
                    once.resume(.sent(try await adapter.deliver(message)))
                } catch {
                    once.resume(.refused(error))
                }
            }
            let watch = Task {
                guard (try? await time.sleep(for: limit)) != nil else { return }
                once.resume(.noAnswer)
            }
            tasks.withLock { $0 = [call, watch] }
        }
    }
}
