import ChannelKit
import Core
import Synchronization

/// One call of an adapter that is given up after its deadline, even when the adapter never returns.
enum AdapterCall {
    /// A call whose first answer counts; the rest of it is cancelled then.
    private final class Pending: Sendable {
        private struct State {
            var continuation: CheckedContinuation<DeliveryAnswer, Never>?
            var tasks: [Task<Void, Never>] = []
            var answer: DeliveryAnswer?
        }
        private let state = Mutex(State())

        func begin(_ continuation: CheckedContinuation<DeliveryAnswer, Never>) {
            let early = state.withLock { state in
                if state.answer == nil { state.continuation = continuation }
                return state.answer
            }
            if let early { continuation.resume(returning: early) }
        }

        func keep(_ task: Task<Void, Never>) {
            let isOver = state.withLock { state in
                state.tasks.append(task)
                return state.answer != nil
            }
            if isOver { task.cancel() }
        }

        func resume(_ answer: DeliveryAnswer) {
            let (continuation, tasks) = state.withLock {
                state -> (CheckedContinuation<DeliveryAnswer, Never>?, [Task<Void, Never>]) in
                guard state.answer == nil else { return (nil, []) }
                state.answer = answer
                defer { state.continuation = nil }
                return (state.continuation, state.tasks)
            }
            continuation?.resume(returning: answer)
            for task in tasks { task.cancel() }
        }
    }

    /// The adapter's answer, or that there was none in time.
    static func deliver(
        _ message: OutboundMessage,
        by adapter: any ChannelAdapter,
        within limit: Duration,
        time: any TimeSource
    ) async -> DeliveryAnswer {
        let call = Pending()
        let message = message.fitted(to: adapter.capabilities)
        // Not children: a child that hangs would hold up everybody who waits here.
        call.keep(
            Task {
                do throws(ChannelError) {
                    call.resume(.sent(try await adapter.deliver(message)))
                } catch {
                    call.resume(.refused(error))
                }
            }
        )
        call.keep(
            Task {
                // In short steps: the runtime keeps a cancelled sleep and its task until the time that it was to end.
                let end = time.monotonic + limit
                while time.monotonic < end {
                    let step = min(end, time.monotonic + .seconds(1))
                    guard (try? await time.sleep(until: step)) != nil else { return }
                }
                call.resume(.noAnswer)
            }
        )
        return await withTaskCancellationHandler {
            await withCheckedContinuation { call.begin($0) }
        } onCancel: {
            call.resume(.noAnswer)
        }
    }
}
