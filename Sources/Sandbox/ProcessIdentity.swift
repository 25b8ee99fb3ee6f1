import CLinux
import Glibc
import LinuxIO

/// What tells one process from any later one with its number.
package enum ProcessIdentity {
    /// Start time in clock ticks since boot; nil when there is no such process.
    package static func startTime(of pid: Int32) -> UInt64? {
        guard let text = contents("/proc/\(pid)/stat"), let end = text.lastIndex(of: ")") else { return nil }
        // After the name, which may hold anything: state is field 3, the start time field 22.
        let fields = text[text.index(after: end)...].split(separator: " ")
        return fields.count > 19 ? UInt64(fields[19]) : nil
    }

    /// The kernel's id of this boot.
    package static func bootID() -> String {
        (contents("/proc/sys/kernel/random/boot_id") ?? "").filter { $0 != "\n" }
    }

    private static func contents(_ path: String) -> String? {
        let number = open(path, O_RDONLY | O_CLOEXEC)
        guard number >= 0 else { return nil }
        let descriptor = Descriptor(owning: number)
        guard let bytes = try? descriptor.readAll(limit: 64 << 10) else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// Kills the PID 1 of a sandbox that an earlier host recorded, if it is still that very process, and returns when it
/// is dead.
///
/// A process of another boot, or another process under that number, is left alone.
package func killRecorded(pid: Int32, startTime: UInt64, bootID: String) async throws {
    guard pid > 1, bootID == ProcessIdentity.bootID() else { return }
    let number = clinux_pidfd_open(pid)
    if number == -ESRCH || number == -EINVAL { return }
    let pidfd = Descriptor(owning: try Errno.check(number, "pidfd_open \(pid)"))
    // The number was taken before this look: what has this start time is what the descriptor means.
    guard ProcessIdentity.startTime(of: pid) == startTime else { return }
    let sent = clinux_pidfd_signal(pidfd.number, SIGKILL)
    if sent == -ESRCH { return }
    if sent == -EPERM {
        // One of a root broker, whose spawner ended with the earlier host's connection and ends what it held.
        try await waitForEnd(of: pidfd, pid: pid, patience: .seconds(10))
        return
    }
    try Errno.check(sent, "kill \(pid)")
    try await Readiness.shared.readable(pidfd)
}

private func waitForEnd(of pidfd: Descriptor, pid: Int32, patience: Duration) async throws {
    try await withThrowingTaskGroup(of: Bool.self) { group in
        group.addTask {
            try await Readiness.shared.readable(pidfd)
            return true
        }
        group.addTask {
            try await Task.sleep(for: patience)
            return false
        }
        defer { group.cancelAll() }
        guard try await group.next() == true else { throw Errno(EPERM, "kill \(pid)") }
    }
}
