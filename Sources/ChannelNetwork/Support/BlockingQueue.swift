import Dispatch
import LinuxIO
import Synchronization

/// Runs blocking calls on threads of Dispatch, beside the cooperative pool and the event loops.
struct BlockingQueue: Sendable {
    private let queue: DispatchQueue

    /// A serial queue; with `concurrent` calls may overlap.
    init(label: String, concurrent: Bool = false) {
        queue = DispatchQueue(label: label, attributes: concurrent ? .concurrent : [])
    }

    /// Runs the call and returns once it is done, cancelled or not.
    func run<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Swift.Result(catching: body)) }
        }
    }

    /// Runs a call that has no effect but its result; when the task is cancelled the call is left to end by itself.
    func runAbandonable<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
        let waiter = Waiter<Result>()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                guard waiter.set(continuation) else { return continuation.resume(throwing: CancellationError()) }
                queue.async {
                    let result = Swift.Result(catching: body)
                    waiter.take()?.resume(with: result)
                }
            }
        } onCancel: {
            waiter.cancel()?.resume(throwing: CancellationError())
        }
    }
}

/// The continuation of an abandonable call, resumed by whoever takes it first.
private final class Waiter<Result: Sendable>: Sendable {
    private struct State {
        var continuation: CheckedContinuation<Result, any Error>?
        var isCancelled = false
    }

    private let state = Mutex(State())

    func set(_ continuation: CheckedContinuation<Result, any Error>) -> Bool {
        state.withLock { state in
            guard !state.isCancelled else { return false }
            state.continuation = continuation
            return true
        }
    }

    func take() -> CheckedContinuation<Result, any Error>? {
        state.withLock { state in
            defer { state.continuation = nil }
            return state.continuation
        }
    }

    func cancel() -> CheckedContinuation<Result, any Error>? {
        state.withLock { state in
            state.isCancelled = true
            defer { state.continuation = nil }
            return state.continuation
        }
    }
}
