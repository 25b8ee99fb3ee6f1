import CLinux
import Foundation
import Glibc
import LinuxIO

/// The release binaries under test: `NANOCLAW_DIST`, else `.build-dist/` of this checkout.
enum Release {
    static let checkout = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    static var directory: URL {
        ProcessInfo.processInfo.environment["NANOCLAW_DIST"].map { URL(filePath: $0) }
            ?? checkout.appending(path: ".build-dist")
    }

    static var nanoclaw: URL { directory.appending(path: "nanoclaw") }
}

/// What a finished command left behind.
struct Finished: Sendable, CustomStringConvertible {
    let status: Int32
    let output: String
    let errors: String

    var description: String { "status \(status)\nstdout: \(output)\nstderr: \(errors)" }
}

/// A running child process whose streams are collected.
///
/// Not Foundation's `Process`: on Linux its end is not seen while a grandchild lives.
final class Command: Sendable {
    let pid: Int32
    private let output: Task<[UInt8], Never>
    private let errors: Task<[UInt8], Never>
    private let exit: Task<Int32, Never>

    /// Starts a program; with `user`, as that uid and gid through `setpriv`.
    init(
        _ program: URL,
        _ arguments: [String],
        environment: [String: String] = [:],
        user: UInt32? = nil,
        input: String? = nil
    ) throws {
        var words = [program.path] + arguments
        if let user {
            words = ["/usr/bin/setpriv", "--reuid", "\(user)", "--regid", "\(user)", "--clear-groups"] + words
        }
        let variables = ["PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "LANG": "C.UTF-8"]
            .merging(environment) { _, new in new }.map { "\($0.key)=\($0.value)" }
        let (stdin, stdout, stderr) = (try Self.pipe(), try Self.pipe(), try Self.pipe())
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (number, end) in [stdin.read, stdout.write, stderr.write].enumerated() {
            posix_spawn_file_actions_adddup2(&actions, end.number, Int32(number))
        }
        var argv: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        var envp: [UnsafeMutablePointer<CChar>?] = variables.map { strdup($0) } + [nil]
        defer { for text in argv + envp { free(text) } }
        var pid: pid_t = 0
        // The threads of a test block signals that a program may be ended by.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        let failure = posix_spawn(&pid, words[0], &actions, &attributes, &argv, &envp)
        guard failure == 0 else { throw Errno(failure, "posix_spawn \(words[0])") }
        self.pid = pid
        if let input { try stdin.write.write(Array(input.utf8)) }
        output = Self.collect(stdout.read)
        errors = Self.collect(stderr.read)
        let pidfd = Descriptor(owning: try Errno.check(clinux_pidfd_open(pid), "pidfd_open"))
        exit = Task {
            // A waiter that cannot be armed would lose the status: waitpid then waits itself.
            try? await Readiness.shared.readable(pidfd)
            var status: Int32 = 0
            while waitpid(pid, &status, 0) < 0, errno == EINTR {}
            return status & 0x7F == 0 ? (status >> 8) & 0xFF : -(status & 0x7F)
        }
    }

    private static func pipe() throws -> (read: Descriptor, write: Descriptor) {
        var ends: [Int32] = [-1, -1]
        try Errno.check(clinux_pipe_cloexec(&ends), "pipe2")
        return (Descriptor(owning: ends[0]), Descriptor(owning: ends[1]))
    }

    /// Reads to the end; what lives on with the stream open (a daemon) is not waited for beyond the command's end.
    private static func collect(_ stream: Descriptor) -> Task<[UInt8], Never> {
        Task {
            var all: [UInt8] = []
            do {
                try stream.setNonBlocking()
                while true {
                    try await Readiness.shared.readable(stream)
                    let part = try stream.read(upTo: 1 << 16)
                    if part.isEmpty { return all }
                    all += part
                }
            } catch {
                return all
            }
        }
    }

    func signal(_ number: Int32) { kill(pid, number) }

    func finished() async -> Finished {
        let status = await exit.value
        return Finished(
            status: status,
            output: String(decoding: await output.value, as: UTF8.self),
            errors: String(decoding: await errors.value, as: UTF8.self)
        )
    }
}

extension Command {
    /// Runs the body, then ends the program by a signal, whatever came of the body.
    func ended(by number: Int32, after body: () async throws -> Void) async throws -> Finished {
        do {
            try await body()
        } catch {
            signal(number)
            _ = await finished()
            throw error
        }
        signal(number)
        return await finished()
    }

    /// Ends a host: by SIGTERM, and by SIGKILL when it has not ended after 25 s, more than its own patience with all parts.
    func end() async -> Finished {
        signal(SIGTERM)
        let killer = Task {
            try await Task.sleep(for: .seconds(25))
            signal(SIGKILL)
        }
        defer { killer.cancel() }
        return await finished()
    }
}

/// Runs a program to its end.
func run(
    _ program: String,
    _ arguments: [String],
    environment: [String: String] = [:],
    user: UInt32? = nil,
    input: String? = nil
) async throws -> Finished {
    try await Command(URL(filePath: program), arguments, environment: environment, user: user, input: input).finished()
}
