import CLinux
import Glibc

/// The program that builds sandboxes.
///
/// `serve` is its only role that is started from outside; launcher, PID 1, runner and tool init are forks of it.
@main
struct NanoclawSandbox {
    static func main() {
        let arguments = CommandLine.arguments
        guard arguments.count == 2, arguments[1] == "serve" else {
            write("usage: nanoclaw-sandbox serve    (started by nanoclaw, with its socket as descriptor 0)\n")
            exit(64)
        }
        var spawner = Spawner()
        spawner.run()
    }

    private static func write(_ text: String) {
        let bytes = Array(text.utf8)
        _ = Glibc.write(2, bytes, bytes.count)
    }
}
