import Core
import Synchronization
import Testing

@Suite struct DirectStreamTests {
    private struct Broken: Error {}

    @Test func `elements come in order, and what ended the stream behind them`() async throws {
        let stream = DirectStream<Int> { writer in
            for number in 0..<100 { writer.yield(number) }
            writer.finish(throwing: Broken())
            writer.yield(100)
            writer.finish()
        }
        var numbers: [Int] = []
        var iterator = stream.makeAsyncIterator()
        await #expect(throws: Broken.self) { while let number = try await iterator.next() { numbers.append(number) } }
        #expect(numbers == Array(0..<100))
        #expect(try await iterator.next() == nil)
    }

    @Test func `a reader that waits is given what comes, and the end`() async throws {
        var writer: DirectStream<Int>.Continuation?
        let stream = DirectStream<Int> { writer = $0 }
        let reader = Task {
            var numbers: [Int] = []
            for try await number in stream { numbers.append(number) }
            return numbers
        }
        for number in 0..<1000 {
            await Task.yield()
            writer?.yield(number)
        }
        writer?.finish()
        #expect(try await reader.value == Array(0..<1000))
    }

    @Test func `whoever lets go of the stream is heard of once, and not behind its end`() async throws {
        let cancelled = Mutex(0)
        func open(_ isEnded: Bool) -> DirectStream<Int> {
            DirectStream { writer in
                writer.onCancel { cancelled.withLock { $0 += 1 } }
                writer.yield(1)
                if isEnded { writer.finish() }
            }
        }
        for try await _ in open(false) { break }
        #expect(cancelled.withLock(\.self) == 1)
        for try await _ in open(true) { break }
        #expect(cancelled.withLock(\.self) == 1)
    }

    @Test func `a reader that is cancelled finds the end`() async throws {
        let (waits, wait) = AsyncStream.makeStream(of: Void.self)
        let (ends, end) = AsyncStream.makeStream(of: Void.self)
        let stream = DirectStream<Int> { writer in
            writer.onCancel { end.yield() }
            writer.yield(1)
        }
        let reader = Task {
            var numbers: [Int] = []
            for try await number in stream {
                numbers.append(number)
                wait.yield()
            }
            return numbers
        }
        for await _ in waits { break }
        reader.cancel()
        for await _ in ends { break }
        #expect(try await reader.value == [1])
    }

    @Test func `a reader of an actor takes what is there without leaving its thread`() async throws {
        let queue = CountingQueue()
        let reader = Reader(queue)
        let stream = DirectStream<Int> { writer in
            for number in 0..<50 { writer.yield(number) }
            writer.finish()
        }
        #expect(try await reader.sum(of: stream) == 1225)
        // The call itself; with AsyncThrowingStream one more for each element.
        #expect(queue.count == 1)
    }

    private actor Reader {
        private let queue: CountingQueue
        nonisolated var unownedExecutor: UnownedSerialExecutor { queue.asUnownedSerialExecutor() }

        init(_ queue: CountingQueue) { self.queue = queue }

        func sum(of stream: DirectStream<Int>) async throws -> Int {
            var sum = 0
            for try await number in stream { sum += number }
            return sum
        }
    }

    /// Runs jobs where they come from, and counts them.
    private final class CountingQueue: SerialExecutor {
        private let jobs = Atomic<Int>(0)

        var count: Int { jobs.load(ordering: .relaxed) }

        func enqueue(_ job: consuming ExecutorJob) {
            jobs.add(1, ordering: .relaxed)
            UnownedJob(job).runSynchronously(on: asUnownedSerialExecutor())
        }
    }
}
