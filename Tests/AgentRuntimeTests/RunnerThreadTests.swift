import Glibc
import Testing

@testable import AgentRuntime

@Suite struct RunnerThreadTests {
    @Test func `a task that prefers the thread stays on it, whoever wakes it`() async throws {
        let thread = try RunnerThread()
        await withTaskExecutorPreference(thread) {
            let own = here()
            for _ in 0..<100 {
                await withCheckedContinuation { continuation in
                    Task.detached { continuation.resume() }
                }
                #expect(here() == own)
            }
        }
    }

    /// Not for asynchronous code, where the thread is nothing to rely on.
    private func here() -> pthread_t { pthread_self() }
}
