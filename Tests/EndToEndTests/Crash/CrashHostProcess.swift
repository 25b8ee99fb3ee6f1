import CLinux
import Foundation
import Glibc
import LinuxIO

/// One life of `crash-host`, with the driver's end of its socket.
final class CrashHostProcess: Sendable {
    let pid: Int32
    let socket: PacketSocket
    private let pidfd: Descriptor

    /// Starts it on a home; its log goes to the end of `log`.
    init(home: String, binaries: String, environment: [String: String], log: String) throws {
        let (mine, theirs) = try PacketSocket.pair()
        socket = mine
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, theirs.descriptor.number, 0)
        for stream: Int32 in [1, 2] {
            posix_spawn_file_actions_addopen(&actions, stream, log, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        }
        let binary = "\(binaries)/crash-host"
        let words: [String] = [binary, home, binaries]
        var argv: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        let variables = ["PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"].merging(environment) { _, new in new }
        var envp: [UnsafeMutablePointer<CChar>?] = variables.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for text in argv + envp { free(text) } }
        var child: pid_t = 0
        let failure = posix_spawn(&child, binary, &actions, nil, &argv, &envp)
        guard failure == 0 else { throw Errno(failure, "posix_spawn \(binary)") }
        pid = child
        pidfd = Descriptor(owning: try Errno.check(clinux_pidfd_open(child), "pidfd_open"))
        withExtendedLifetime(theirs) {}
    }

    func signal(_ number: Int32) { kill(pid, number) }

    /// Returns once it is dead and reaped; answers its status as a shell would.
    func waitForEnd() async -> Int32 {
        try? await Readiness.shared.readable(pidfd)
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
        return status & 0x7F == 0 ? (status >> 8) & 0xFF : 128 + (status & 0x7F)
    }
}
