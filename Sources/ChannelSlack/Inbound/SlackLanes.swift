import ChannelNetwork
package import Core
package import Logging

/// What is to be handed to the host, in the order in which it came: one lane for each conversation, so that a slow one
/// holds up nobody else.
///
/// A job has an id; a second one with the id of a job that waits, runs or is done is the same job. A job that fails is
/// tried again, with its lane waiting behind it, until it succeeds.
package actor SlackLanes {
    package typealias Work = @Sendable () async throws -> Void

    private struct Job {
        let id: String
        let work: Work
    }

    /// Jobs that may wait in one lane, and in all.
    private static let mostInLane = 256
    private static let most = 2048
    /// Ids of jobs that are remembered when they are done.
    private static let mostDone = 4096

    private let time: any TimeSource
    private let logger: Logger
    private var lanes: [String: [Job]] = [:]
    private var open: Set<String> = []
    private var done: Set<String> = []
    private var doneOrder: [String] = []
    private var waiters: [String: [Int: CheckedContinuation<Bool, Never>]] = [:]
    private var count = 0
    private var isOver = false
    private var nextWaiter = 0
    private let busy: AsyncStream<String>
    private let wake: AsyncStream<String>.Continuation

    package init(time: any TimeSource, logger: Logger) {
        self.time = time
        self.logger = logger
        (busy, wake) = AsyncStream.makeStream()
    }

    /// Works until cancelled.
    ///
    /// It runs once; what waits then never happens.
    package func run() async {
        await withDiscardingTaskGroup { group in
            for await lane in busy { group.addTask { await self.drain(lane) } }
        }
        isOver = true
        (lanes, open) = ([:], [])
        for id in Array(waiters.keys) { tell(id, false) }
    }

    /// Adds a job behind the others of its lane; false when there are too many already.
    @discardableResult
    package func add(_ id: String, to lane: String, _ work: @escaping Work) -> Bool {
        if done.contains(id) || open.contains(id) { return true }
        guard !isOver, count < Self.most, lanes[lane]?.count ?? 0 < Self.mostInLane else { return false }
        count += 1
        open.insert(id)
        if lanes[lane] == nil {
            lanes[lane] = []
            wake.yield(lane)
        }
        lanes[lane]?.append(Job(id: id, work: work))
        return true
    }

    /// Whether a job is done.
    package func isDone(_ id: String) -> Bool { done.contains(id) }

    /// Notes what was done elsewhere.
    package func markDone(_ id: String) {
        guard done.insert(id).inserted else { return }
        doneOrder.append(id)
        if doneOrder.count > Self.mostDone {
            for old in doneOrder.prefix(Self.mostDone / 4) { done.remove(old) }
            doneOrder.removeFirst(Self.mostDone / 4)
        }
    }

    /// Returns true when the job is done, false when that took longer.
    package func finishes(_ id: String, within limit: Duration) async -> Bool {
        if done.contains(id) { return true }
        guard open.contains(id) else { return false }
        let number = nextWaiter
        nextWaiter += 1
        return await withTaskGroup(of: Bool.self) { group in
            group.addTask { await self.wait(id, number) }
            group.addTask { [time] in
                try? await time.sleep(for: limit)
                return false
            }
            let result = await group.next() ?? false
            group.cancelAll()
            return result
        }
    }

    private func wait(_ id: String, _ number: Int) async -> Bool {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                if done.contains(id) { return continuation.resume(returning: true) }
                if Task.isCancelled || !open.contains(id) { return continuation.resume(returning: false) }
                waiters[id, default: [:]][number] = continuation
            }
        } onCancel: {
            Task { await self.giveUp(id, number) }
        }
    }

    private func giveUp(_ id: String, _ number: Int) {
        waiters[id]?.removeValue(forKey: number)?.resume(returning: false)
    }

    private func drain(_ lane: String) async {
        while let job = lanes[lane]?.first {
            let isDone = await perform(job)
            if lanes[lane]?.isEmpty == false { lanes[lane]?.removeFirst() }
            count -= 1
            open.remove(job.id)
            if isDone { markDone(job.id) }
            tell(job.id, isDone)
            guard isDone else { return }
        }
        lanes[lane] = nil
    }

    /// True when it succeeded, false when the task was cancelled.
    private func perform(_ job: Job) async -> Bool {
        var backoff = Backoff(floor: .milliseconds(500), ceiling: .seconds(30))
        while !Task.isCancelled {
            // What history told meanwhile need not be done again.
            if done.contains(job.id) { return true }
            do {
                try await job.work()
                return true
            } catch {
                if Task.isCancelled { return false }
                let pause = backoff.failed(at: time.monotonic)
                logger.warning(
                    "What Slack told could not be handed over; it is tried again",
                    metadata: ["what": "\(job.id)", "error": "\(error)", "in": "\(pause)"]
                )
                try? await time.sleep(for: pause)
            }
        }
        return false
    }

    private func tell(_ id: String, _ isDone: Bool) {
        for (_, waiter) in waiters.removeValue(forKey: id) ?? [:] { waiter.resume(returning: isDone) }
    }
}
