import CLinux
import Glibc
import LinuxIO
import SandboxWire

/// One life of `nanoclaw-sandbox serve`.
///
/// Started with `posix_spawn(3)` and not with swift-subprocess: the child outlives no scope of its own but that of
/// ``SandboxSpawner/run()``, its end is waited for by pidfd with those of its sandboxes, it leads a session of its own
/// (a terminal's Ctrl-C is the host's to act on), and its argv[0] must not name a path of the box.
struct SpawnerChild: Sendable {
    let pid: Int32
    let pidfd: Descriptor
    let socket: PacketSocket

    /// Starts it and configures it; throws what it answers to the configuration.
    static func start(
        binary: String,
        wrapper: [String],
        environment: [String],
        configuration: [UInt8]
    ) async throws -> SpawnerChild {
        let (mine, pid) = try launch(binary, wrapper, environment)
        // Not reaped yet: the number cannot mean another process.
        let pidfd = Descriptor(owning: try Errno.check(clinux_pidfd_open(pid), "pidfd_open"))
        let child = SpawnerChild(pid: pid, pidfd: pidfd, socket: mine)
        do {
            try await child.configure(configuration)
        } catch {
            shutdown(mine.descriptor.number, Int32(SHUT_RDWR))
            await child.waitUntilDead()
            throw error
        }
        return child
    }

    private func configure(_ configuration: [UInt8]) async throws {
        try socket.send(configuration)
        try await Readiness.shared.readable(socket.descriptor)
        guard case .message(let bytes, _) = try socket.receive(limit: SandboxWire.maximumDatagram) else {
            throw SandboxError(.spawner, step: "start nanoclaw-sandbox", errno: 0, "it ended at once")
        }
        if case .failed(let step, let errno) = try LauncherMessage(decoding: bytes) {
            throw SandboxError(.configuration, step: step, errno: errno)
        }
    }

    private static func launch(
        _ binary: String,
        _ wrapper: [String],
        _ environment: [String]
    ) throws -> (PacketSocket, Int32) {
        let (mine, theirs) = try PacketSocket.pair()
        let argv = wrapper.isEmpty ? ["nanoclaw-sandbox", "serve"] : wrapper + [binary, "serve"]
        // A static Swift program without /proc needs SWIFT_ROOT; the other is what our unit says of the host's cgroup.
        var variables = ["SWIFT_ROOT=/"] + environment
        if let word = getenv("NANOCLAW_CGROUP") { variables.append("NANOCLAW_CGROUP=\(String(cString: word))") }
        let pid: pid_t
        do {
            pid = try ProcessStart.start(wrapper.first ?? binary, argv, environment: variables) {
                posix_spawn_file_actions_adddup2(&$0, theirs.descriptor.number, 0)
                posix_spawn_file_actions_addopen(&$0, 1, "/dev/null", O_WRONLY, 0)
            }
        } catch let error as Errno {
            throw SandboxError(.spawner, step: "start \(binary)", errno: error.code)
        }
        withExtendedLifetime(theirs) {}
        return (mine, pid)
    }

    /// Tells it the end, and returns once it is dead; one that has not ended after 8 s is killed.
    func end() async {
        shutdown(socket.descriptor.number, Int32(SHUT_RDWR))
        let killer = Task {
            try await Task.sleep(for: .seconds(8))
            clinux_pidfd_signal(pidfd.number, SIGKILL)
        }
        await waitUntilDead()
        killer.cancel()
    }

    /// Returns once the child is dead and reaped; cancellation does not end the wait.
    func waitUntilDead() async {
        let pidfd = pidfd
        let pid = pid
        await Task.detached {
            try? await Readiness.shared.readable(pidfd)
            var code: Int32 = 0
            var signal: Int32 = 0
            clinux_wait(pid, 0, &code, &signal)
        }.value
    }
}
