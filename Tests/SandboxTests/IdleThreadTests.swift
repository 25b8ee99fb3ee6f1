import CLinux
import Dispatch
import Foundation
import Glibc
import LinuxIO
import SandboxWire
import Synchronization
import TestSupport
import Testing

@testable import Sandbox

/// A thread of the host that ends because it is idle must not take along what was started from it: the kernel's signal for a
/// parent's death is sent when the thread ends that made the child.
@Suite(.serialized)
struct IdleThreadTests {
    @Test func `PS09 the launcher lives on when the thread has ended that started it`() async throws {
        let child = try await start(wrapper: [])
        // Whoever was sent a signal answers nothing any more.
        let control = try PacketSocket.pair()
        let null = Descriptor(owning: open("/dev/null", O_RDWR | O_CLOEXEC))
        try child.socket.send(
            [SpawnerRequest.spawn.rawValue],
            passing: [null, control.1.descriptor, null, null, null, null]
        )
        try await Readiness.shared.readable(control.0.descriptor)
        guard case .message(let answer, _) = try control.0.receive(limit: 1 << 16) else {
            Issue.record("no answer")
            return
        }
        // The plan was none.
        #expect(throws: Never.self) { _ = try LauncherMessage(decoding: answer) }
        await child.end()
    }

    @Test func `PS09 with the kernel's signal the same launcher dies`() async throws {
        let child = try await start(wrapper: ["/usr/bin/setpriv", "--pdeathsig", "KILL", "--"])
        await child.waitUntilDead()
        #expect(kill(child.pid, 0) < 0)
    }

    /// A launcher started from a thread that has ended since.
    private func start(wrapper: [String]) async throws -> SpawnerChild {
        let thread = PassingThread()
        let message =
            [SpawnerRequest.configure.rawValue]
            + SpawnerConfiguration(
                home: "/tmp",
                binaries: Distribution.binaries,
                serviceUID: 65_534,
                serviceGID: 65_534,
                uidBase: SandboxConfiguration(home: "/tmp", binaries: Distribution.binaries).uids.lowerBound,
                uidCount: 64,
                mounts: [],
                requiredLayers: []
            ).encoded()
        let child = try await withTaskExecutorPreference(thread) {
            try await SpawnerChild.start(
                binary: "\(Distribution.binaries)/nanoclaw-sandbox",
                wrapper: wrapper,
                environment: [],
                configuration: message
            )
        }
        let number = thread.end()
        try #require(number > 0)
        while access("/proc/self/task/\(number)", F_OK) == 0 { await Task.yield() }
        return child
    }
}

/// Runs tasks on one thread, which ends on request.
private final class PassingThread: TaskExecutor {
    private let jobs = Mutex<[UnownedJob]>([])
    private let isOver = Mutex(false)
    private let number = Mutex<Int32>(0)
    private let wake = DispatchSemaphore(value: 0)

    init() {
        Thread.detachNewThread { [self] in
            number.withLock { $0 = Self.ownNumber }
            while true {
                wake.wait()
                let next = jobs.withLock { $0.isEmpty ? nil : $0.removeFirst() }
                next?.runSynchronously(on: asUnownedTaskExecutor())
                if next == nil, isOver.withLock({ $0 }) { return }
            }
        }
    }

    /// The number of the calling thread; 0 without /proc.
    private static var ownNumber: Int32 {
        // PID/task/NUMBER
        let path = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/thread-self")
        return path?.split(separator: "/").last.flatMap { Int32($0) } ?? 0
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        jobs.withLock { $0.append(job) }
        wake.signal()
    }

    /// Lets the thread end; its number.
    func end() -> Int32 {
        isOver.withLock { $0 = true }
        wake.signal()
        return number.withLock { $0 }
    }
}
