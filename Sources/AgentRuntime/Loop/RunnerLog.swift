import Glibc

/// Lines on standard error, which the host keeps with the session.
enum RunnerLog {
    /// Writes one line; contents of messages never go here.
    static func write(_ text: String) {
        let line = "agent-runner: " + text.map { $0.isNewline ? " " : $0 } + "\n"
        _ = Array(line.utf8).withUnsafeBytes { Glibc.write(2, $0.baseAddress, $0.count) }
    }
}
