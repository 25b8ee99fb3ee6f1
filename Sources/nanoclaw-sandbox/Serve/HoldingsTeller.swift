import CLinux
import Glibc
import SandboxWire

/// Tells the host what one sandbox holds of the disk: who may look into its processes is the spawner, not the host.
enum HoldingsTeller {
    /// Microseconds of the processor's time for one sandbox: meanwhile nobody else is served.
    private static let patience: Int64 = 100_000

    /// Answers over `channel`, or not at all when no launcher of these has that sandbox.
    static func tell(_ request: HoldingsRequest, of launchers: [pid_t], home: String, over channel: Int32) {
        var status = stat()
        // PID 1 of the sandbox is the launcher's only child.
        guard stat(home, &status) == 0, launchers.contains(clinux_parent(request.pid)) else { return }
        var pids = [Int32](repeating: 0, count: 4096)
        let count = clinux_process_tree(request.pid, &pids, Int32(pids.count))
        var held = clinux_holdings()
        let device = UInt64(status.st_dev)
        let since = Int64(time(nil)) - 60
        guard count > 0, clinux_sum_holdings(pids, count, device, since, patience, &held) >= 0 else { return }
        var answer = WireHoldings()
        answer.bytes = held.bytes
        answer.files = held.files
        answer.recentBytes = held.recent_bytes
        answer.recentFiles = held.recent_files
        answer.written = held.written
        Channel.send(answer.encoded(), over: channel)
    }
}
