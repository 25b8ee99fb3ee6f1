import CLinux
import Glibc
import Synchronization

/// Waits for descriptors to become readable or writable or to end, with one epoll thread for all of them.
///
/// Any number of tasks may wait; each descriptor has one waiter at a time.
package final class Readiness: Sendable {
    /// The process's own; started at its first use and never ended.
    package static let shared = Readiness()

    private struct Waiter {
        /// Tells this wait from a later one on the same number.
        let token: UInt64
        let continuation: CheckedContinuation<Void, any Error>
        let descriptor: Descriptor
    }
    private struct State {
        var waiters: [Int32: Waiter] = [:]
        var lastToken: UInt64 = 0
    }

    private let epoll: Int32
    private let state = Mutex(State())

    private init() {
        epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
        precondition(epoll >= 0, "epoll_create1 failed: errno \(errno)")
        var thread = pthread_t()
        let this = Unmanaged.passRetained(self)
        // The thread lives as long as the process: `shared` is the only instance.
        let started = pthread_create(
            &thread,
            nil,
            { argument in
                guard let argument else { return nil }
                Unmanaged<Readiness>.fromOpaque(argument).takeUnretainedValue().run()
            },
            this.toOpaque()
        )
        precondition(started == 0, "pthread_create failed: errno \(started)")
        pthread_detach(thread)
    }

    /// Returns once the descriptor can be read without waiting, or its other end is gone;
    /// throws `CancellationError` when the task is cancelled, EBUSY when another task waits on it.
    ///
    /// The caller goes on where it waited, with no thread between the kernel's and its own.
    package nonisolated(nonsending) func readable(_ descriptor: Descriptor) async throws {
        try await wait(descriptor, for: EPOLLIN.rawValue | EPOLLRDHUP.rawValue)
    }

    /// Returns once the descriptor can be written without waiting, or its other end is gone; throws as `readable` does.
    package nonisolated(nonsending) func writable(_ descriptor: Descriptor) async throws {
        try await wait(descriptor, for: EPOLLOUT.rawValue)
    }

    private nonisolated(nonsending) func wait(_ descriptor: Descriptor, for events: UInt32) async throws {
        let number = descriptor.number
        let token = state.withLock { state in
            state.lastToken += 1
            return state.lastToken
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let waiter = Waiter(token: token, continuation: continuation, descriptor: descriptor)
                if let failure = arm(number, events, waiter) { continuation.resume(throwing: failure) }
            }
        } onCancel: {
            forget(number, token)?.continuation.resume(throwing: CancellationError())
        }
    }

    private func arm(_ number: Int32, _ events: UInt32, _ waiter: Waiter) -> (any Error)? {
        state.withLock { state -> (any Error)? in
            guard state.waiters[number] == nil else { return Errno(EBUSY, "Readiness.readable") }
            var event = epoll_event()
            event.events = events | EPOLLONESHOT.rawValue
            event.data.fd = number
            // What fired once is still known and only asleep.
            if epoll_ctl(epoll, EPOLL_CTL_MOD, number, &event) < 0 {
                guard errno == ENOENT, epoll_ctl(epoll, EPOLL_CTL_ADD, number, &event) == 0 else {
                    return Errno.last("epoll_ctl")
                }
            }
            // A cancellation before this point found nothing to resume; one after it waits for the lock.
            if Task.isCancelled {
                epoll_ctl(epoll, EPOLL_CTL_DEL, number, nil)
                return CancellationError()
            }
            state.waiters[number] = waiter
            return nil
        }
    }

    /// Ends the wait with this token, if it is still under way.
    private func forget(_ number: Int32, _ token: UInt64) -> Waiter? {
        state.withLock { state -> Waiter? in
            guard state.waiters[number]?.token == token else { return nil }
            epoll_ctl(epoll, EPOLL_CTL_DEL, number, nil)
            return state.waiters.removeValue(forKey: number)
        }
    }

    private func run() -> Never {
        var events = [epoll_event](repeating: epoll_event(), count: 64)
        while true {
            let count = epoll_wait(epoll, &events, Int32(events.count), -1)
            for event in events.prefix(Int(max(count, 0))) {
                let waiter = state.withLock { $0.waiters.removeValue(forKey: event.data.fd) }
                waiter?.continuation.resume()
            }
        }
    }
}
