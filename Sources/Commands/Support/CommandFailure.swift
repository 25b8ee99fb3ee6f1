import ArgumentParser
import Glibc

/// Why a verb ends without having done its work: one line on stderr and an exit status.
struct CommandFailure: Error, CustomStringConvertible {
    /// The statuses of docs/cli.md.
    enum Status: Int32 {
        case failed = 1
        /// No host serves the home.
        case noHost = 2
        /// A turn ended without a reply.
        case noReply = 3
        case usage = 64
        /// Settings, files or programs are not as they must be: the same start fails again.
        case configuration = 78
        case interrupted = 130
    }

    let status: Status
    let description: String

    init(_ status: Status, _ message: String) {
        self.status = status
        description = message
    }
}

/// Text for the person, on the stream that is meant for it.
enum Console {
    static func out(_ text: String) { write(text + "\n", to: STDOUT_FILENO) }
    static func error(_ text: String) { write("nanoclaw: \(ProgramName.inAdvice(text))\n", to: STDERR_FILENO) }

    /// True when both ends of a conversation are a terminal.
    static var isInteractive: Bool { isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1 }

    /// All of standard input; throws when it is a terminal or longer than the limit.
    static func standardInput(limit: Int) throws -> String {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = read(STDIN_FILENO, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else {
                throw CommandFailure(.failed, "standard input cannot be read: \(String(cString: strerror(errno)))")
            }
            if count == 0 { return String(decoding: bytes, as: UTF8.self) }
            bytes += buffer.prefix(count)
            guard bytes.count <= limit else { throw CommandFailure(.usage, "standard input is over \(limit) bytes") }
        }
    }

    private static func write(_ text: String, to number: Int32) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(number, $0.baseAddress, $0.count) }
            if count < 0 {
                if errno == EINTR { continue }
                // Nobody reads any more: nothing left to say.
                return
            }
            rest = rest.dropFirst(count)
        }
    }
}

extension Console {
    /// True when a person reads standard output.
    static var isTerminalOutput: Bool { isatty(STDOUT_FILENO) == 1 }
}
