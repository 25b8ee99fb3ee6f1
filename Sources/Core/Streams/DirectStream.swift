import Synchronization

/// `AsyncThrowingStream` for one reader that goes on where it waited.
///
/// The standard one takes its reader through the pool's threads for each element, which costs a reader that is pinned to
/// a thread of its own two changes of thread even for what is there already.
package struct DirectStream<Element: Sendable>: AsyncSequence, Sendable {
    private let reading: Reading

    /// The stream of what `build` and whoever it hands the continuation to yield; elements wait without a bound.
    package init(_ build: (Continuation) -> Void) {
        let channel = Channel()
        reading = Reading(channel)
        build(Continuation(channel))
    }

    package func makeAsyncIterator() -> Iterator { Iterator(reading: reading) }

    /// What writes to a stream, on any thread.
    package struct Continuation: Sendable {
        private let channel: Channel

        fileprivate init(_ channel: Channel) { self.channel = channel }

        /// Adds an element; nothing once the stream has ended.
        package func yield(_ element: Element) { channel.yield(element) }

        /// Ends the stream behind what waits in it; the first end counts.
        package func finish(throwing error: (any Error)? = nil) { channel.finish(error) }

        /// Calls `body` once if the reader lets go of the stream or is cancelled before the stream has ended.
        package func onCancel(_ body: @escaping @Sendable () -> Void) { channel.onCancel(body) }
    }

    package struct Iterator: AsyncIteratorProtocol {
        fileprivate let reading: Reading

        /// The next element; nil at the end, and when the reader's task is cancelled.
        package mutating func next(isolation actor: isolated (any Actor)?) async throws -> Element? {
            let channel = reading.channel
            return try await withTaskCancellationHandler {
                try await withUnsafeThrowingContinuation(isolation: actor) { channel.next($0) }
            } onCancel: {
                channel.cancel()
            }
        }
    }

    /// The reader's side: when it goes, nobody reads any more.
    fileprivate final class Reading: Sendable {
        let channel: Channel

        init(_ channel: Channel) { self.channel = channel }

        deinit { channel.cancel() }
    }

    fileprivate final class Channel: Sendable {
        private typealias Reader = UnsafeContinuation<Element?, any Error>

        private struct State {
            /// Those before `taken` are gone.
            var elements: [Element] = []
            var taken = 0
            var end: Result<Void, any Error>?
            var reader: Reader?
            var onCancel: (@Sendable () -> Void)?

            mutating func take() -> Element? {
                guard taken < elements.count else { return nil }
                defer {
                    taken += 1
                    if taken == elements.count {
                        elements.removeAll(keepingCapacity: true)
                        taken = 0
                    }
                }
                return elements[taken]
            }
        }

        private let state = Mutex(State())

        func yield(_ element: Element) {
            let reader = state.withLock { state -> Reader? in
                guard state.end == nil else { return nil }
                guard let reader = state.reader else {
                    state.elements.append(element)
                    return nil
                }
                state.reader = nil
                return reader
            }
            reader?.resume(returning: element)
        }

        func finish(_ error: (any Error)?) {
            let (reader, unused) = state.withLock { state -> (Reader?, (@Sendable () -> Void)?) in
                guard state.end == nil else { return (nil, nil) }
                defer { (state.reader, state.onCancel) = (nil, nil) }
                // A reader that waits is told of the error; whoever asks again finds the end.
                state.end = state.reader == nil ? error.map { .failure($0) } ?? .success(()) : .success(())
                return (state.reader, state.onCancel)
            }
            // Outside the lock, as what it holds may come back here when it goes.
            withExtendedLifetime(unused) {
                if let error { reader?.resume(throwing: error) } else { reader?.resume(returning: nil) }
            }
        }

        func onCancel(_ body: @escaping @Sendable () -> Void) {
            state.withLock { if $0.end == nil { $0.onCancel = body } }
        }

        func cancel() {
            let body = state.withLock { state in
                defer { state.onCancel = nil }
                return state.end == nil ? state.onCancel : nil
            }
            body?()
            finish(nil)
        }

        func next(_ reader: UnsafeContinuation<Element?, any Error>) {
            let answer = state.withLock { state -> Result<Element?, any Error>? in
                if let element = state.take() { return .success(element) }
                if let end = state.end {
                    state.end = .success(())
                    return end.map { nil }
                }
                precondition(state.reader == nil, "two readers of one DirectStream")
                state.reader = reader
                return nil
            }
            if let answer { reader.resume(with: answer) }
        }
    }
}
