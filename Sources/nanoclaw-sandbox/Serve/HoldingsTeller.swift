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
        guard stat(home, &status) == 0 else { return }
        for launcher in launchers {
            var pids = [Int32](repeating: 0, count: 4096)
            let count = clinux_process_tree(launcher, &pids, Int32(pids.count))
            // PID 1 of the sandbox is the launcher's only child.
            guard count > 1, pids[1] == request.pid else { continue }
            var held = clinux_holdings()
            let inside = Array(pids[1..<Int(count)])
            let now = Int64(time(nil))
            let result = clinux_sum_holdings(
                inside,
                Int32(inside.count),
                UInt64(status.st_dev),
                now - 60,
                patience,
                &held
            )
            guard result >= 0 else { return }
            var answer = WireHoldings()
            answer.bytes = held.bytes
            answer.files = held.files
            answer.recentBytes = held.recent_bytes
            answer.recentFiles = held.recent_files
            answer.written = held.written
            Channel.send(answer.encoded(), over: channel)
            return
        }
    }
}
