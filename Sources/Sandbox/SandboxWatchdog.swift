import CLinux
import Foundation
import Glibc
package import LinuxIO
import Synchronization

/// Stands in for a cgroup where there is none: looks at every watched sandbox once per interval and kills the one
/// that uses more than it may.
///
/// Its thread lives while something is watched.
package final class SandboxWatchdog: Sendable {
    /// The limit that a sandbox crossed.
    package struct Breach: Sendable, Hashable, CustomStringConvertible {
        package enum Kind: String, Sendable { case memory, processes, memoryOfAll, memoryLeft }
        package let kind: Kind
        /// Bytes, or threads; of ``Kind/memoryLeft`` what is left.
        package let used: Int
        package let limit: Int

        package var description: String {
            switch kind {
            case .memory: "killed: \(used >> 20) MiB of memory in use, \(limit >> 20) MiB are allowed"
            case .memoryOfAll:
                "killed: \(used >> 20) MiB of memory in use by all sandboxes together, \(limit >> 20) MiB are allowed, "
                    + "and this one uses most"
            case .memoryLeft:
                "killed: \(used >> 20) MiB of memory are left on the machine, \(limit >> 20) MiB shall be, and this one "
                    + "uses most, what its sockets hold counted in"
            case .processes: "killed: \(used) processes and threads, \(limit) are allowed"
            }
        }
    }

    /// One watched sandbox; it is watched until `end()` or until this object is gone.
    package final class Registration: Sendable {
        private let watchdog: SandboxWatchdog
        private let key: Int

        fileprivate init(_ watchdog: SandboxWatchdog, _ key: Int) {
            self.watchdog = watchdog
            self.key = key
        }

        deinit { end() }

        /// Watches no longer.
        package func end() { _ = watchdog.remove(key) }
    }

    struct Watched {
        let pid: Int32
        let pidfd: Descriptor
        let memoryBytes: Int
        let processes: Int
        let onBreach: @Sendable (Breach) -> Void

        func breach(of usage: ProcessTable.Usage) -> Breach? {
            if memoryBytes > 0, usage.memory.bytes > memoryBytes {
                return Breach(kind: .memory, used: usage.memory.bytes, limit: memoryBytes)
            }
            if processes > 0, usage.threads > processes {
                return Breach(kind: .processes, used: usage.threads, limit: processes)
            }
            return nil
        }
    }

    private struct State {
        var watched: [Int: Watched] = [:]
        var lastKey = 0
        var running = false
        /// When a sandbox was ended last.
        var lastEnd: ContinuousClock.Instant?
    }

    private let state = Mutex(State())
    private let interval: Duration
    private let memoryOfAll: Int
    private let machine: @Sendable () -> MachineMemory?

    /// `interval` between two looks, within two of which a breach ends; `memoryOfAll` bytes for all that is watched
    /// together, 0 for no such limit.
    package convenience init(interval: Duration = .milliseconds(500), memoryOfAll: Int = 0) {
        self.init(interval: interval, memoryOfAll: memoryOfAll, machine: MachineMemory.read)
    }

    /// With the machine's memory as `machine` tells it.
    init(interval: Duration, memoryOfAll: Int = 0, machine: @escaping @Sendable () -> MachineMemory?) {
        self.interval = interval
        self.memoryOfAll = memoryOfAll
        self.machine = machine
    }

    /// Watches the processes below `pid`, PID 1 of a sandbox, which `pidfd` refers to.
    ///
    /// 0 bytes or processes: no limit. `onBreach` is called once, on the watchdog's thread, after SIGKILL was sent.
    package func watch(
        pid: Int32,
        pidfd: Descriptor,
        memoryBytes: Int,
        processes: Int,
        onBreach: @escaping @Sendable (Breach) -> Void
    ) -> Registration {
        let watched = Watched(
            pid: pid,
            pidfd: pidfd,
            memoryBytes: memoryBytes,
            processes: processes,
            onBreach: onBreach
        )
        let (key, starts) = state.withLock { state in
            state.lastKey += 1
            state.watched[state.lastKey] = watched
            defer { state.running = true }
            return (state.lastKey, !state.running)
        }
        if starts { Thread.detachNewThread { self.loop() } }
        return Registration(self, key)
    }

    /// All that is watched now, by key.
    var watched: [Int: Watched] { state.withLock(\.watched) }

    /// Looks once at everything that is watched, and kills what uses too much.
    func look() {
        let watched = watched
        // A /proc that cannot be read now is read again at the next look.
        guard !watched.isEmpty, let table = try? ProcessTable.read() else { return }
        var within: [(key: Int, sandbox: Watched, memory: ProcessTable.Memory)] = []
        for (key, sandbox) in watched {
            let usage = table.usage(below: sandbox.pid)
            if let breach = sandbox.breach(of: usage) {
                end(key, sandbox, breach)
            } else {
                within.append((key, sandbox, usage.memory))
            }
        }
        within.sort { $0.memory.bytes < $1.memory.bytes }
        var sum = within.reduce(0) { $0 + $1.memory.bytes }
        while memoryOfAll > 0, sum > memoryOfAll, let largest = within.popLast() {
            end(largest.key, largest.sandbox, Breach(kind: .memoryOfAll, used: sum, limit: memoryOfAll))
            sum -= largest.memory.bytes
        }
        // The memory of those that have just been killed is not back yet.
        let isQuiet = state.withLock { $0.lastEnd.map { ContinuousClock.now - $0 > .seconds(5) } ?? true }
        guard isQuiet, let left = machine(), left.available < left.reserve,
            let largest = within.max(by: { $0.memory.most < $1.memory.most }), largest.memory.most >= left.reserve
        else { return }
        end(largest.key, largest.sandbox, Breach(kind: .memoryLeft, used: left.available, limit: left.reserve))
    }

    /// Kills a sandbox that is still watched, and says why.
    func end(_ key: Int, _ sandbox: Watched, _ breach: Breach) {
        // Two looks at once may both find it; one whose watch has ended meanwhile is left alone.
        guard remove(key) else { return }
        state.withLock { $0.lastEnd = .now }
        // Its pid may be another process's by now; the pidfd is not.
        _ = clinux_pidfd_signal(sandbox.pidfd.number, SIGKILL)
        sandbox.onBreach(breach)
    }

    private func loop() {
        while state.withLock({ state in
            state.running = !state.watched.isEmpty
            return state.running
        }) {
            look()
            Thread.sleep(forTimeInterval: interval / .seconds(1))
        }
    }

    /// Whether it was still watched.
    private func remove(_ key: Int) -> Bool {
        state.withLock { $0.watched.removeValue(forKey: key) != nil }
    }
}
