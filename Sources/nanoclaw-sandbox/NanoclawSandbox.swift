import CLinux
import Glibc

/// The program that builds sandboxes.
///
/// `serve` is its only role that is started from outside; launcher, PID 1, runner and tool init are forks of it.
@main
struct NanoclawSandbox {
    static func main() {
        let arguments = CommandLine.arguments
        switch arguments.dropFirst() {
        case ["serve"]:
            var spawner = Spawner()
            spawner.run()
        case let words where words.count == 3 && words.starts(with: ["serve", "--policy"]):
            var broker = Broker(policyFile: arguments[3])
            broker.run()
        default:
            write("usage: nanoclaw-sandbox serve                  (started by nanoclaw, its socket is descriptor 0)")
            write(
                "       nanoclaw-sandbox serve --policy FILE    (root broker, started by systemd's socket activation)"
            )
            exit(64)
        }
    }

    /// A line on standard error.
    static func write(_ text: String) {
        let bytes = Array((text + "\n").utf8)
        _ = Glibc.write(2, bytes, bytes.count)
    }
}
