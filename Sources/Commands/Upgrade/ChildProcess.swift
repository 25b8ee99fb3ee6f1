import Glibc
import LinuxIO

/// A program that was started here and may outlive us: it leads a session of its own.
struct ChildProcess: Sendable {
    let pid: Int32

    /// Starts `words[0]`, a path, with standard output and error at the ends of these files.
    init(_ words: [String], environment: [String: String], outputs: [String]) throws {
        pid = try ProcessStart.start(words[0], words, environment: environment.map { "\($0.key)=\($0.value)" }) {
            actions in
            posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
            for (number, path) in outputs.enumerated() {
                let flags = O_WRONLY | O_CREAT | O_APPEND
                posix_spawn_file_actions_addopen(&actions, Int32(number + 1), path, flags, 0o600)
            }
        }
    }

    /// How it ended, in words; nil while it runs.
    func ended() -> String? {
        var status: Int32 = 0
        guard waitpid(pid, &status, WNOHANG) != 0 else { return nil }
        let signal = status & 0x7F
        return signal == 0 ? "ended with \((status >> 8) & 0xFF)" : "was ended by signal \(signal)"
    }

    /// Waits until it ends; one that has not by then is killed, and nil is answered.
    func wait(within limit: Duration) async throws -> String? {
        let deadline = ContinuousClock.now + limit
        while true {
            if let end = ended() { return end }
            guard ContinuousClock.now < deadline else { break }
            try await Task.sleep(for: .milliseconds(20))
        }
        kill(pid, SIGKILL)
        var status: Int32 = 0
        waitpid(pid, &status, 0)
        return nil
    }
}
