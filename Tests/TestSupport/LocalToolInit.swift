import Glibc
package import LinuxIO
import SandboxWire
import Synchronization

/// A tool init for tests: starts real processes by the real protocol, without a sandbox around them.
package final class LocalToolInit: Sendable {
    private struct State {
        var pids: [UInt32: pid_t] = [:]
    }

    private let socket: PacketSocket
    private let state = Mutex(State())

    /// A tool init at this end of a socket pair.
    package init(_ socket: PacketSocket) { self.socket = socket }

    /// Serves until the other end is gone or the task is cancelled; then everything it started is killed.
    package func run() async {
        defer { state.withLock { $0.pids.values.forEach { kill(-$0, SIGKILL) } } }
        while !Task.isCancelled {
            do {
                try await Readiness.shared.readable(socket.descriptor)
                receive: while true {
                    switch try socket.receive(limit: SandboxWire.maximumDatagram) {
                    case .message(let bytes, let descriptors):
                        take(try ToolRequest(decoding: bytes), descriptors)
                    case .empty: break receive
                    case .gone: return
                    }
                }
            } catch {
                return
            }
        }
    }

    private func take(_ request: ToolRequest, _ descriptors: [Descriptor]) {
        switch request {
        case .kill(let call, let signal):
            if let pid = state.withLock({ $0.pids[call] }) { kill(-pid, signal) }
        case .start(let call, let argv, let environment, let directory, _):
            var actions = posix_spawn_file_actions_t()
            posix_spawn_file_actions_init(&actions)
            defer { posix_spawn_file_actions_destroy(&actions) }
            for (target, descriptor) in descriptors.enumerated() {
                posix_spawn_file_actions_adddup2(&actions, descriptor.number, Int32(target))
            }
            var attributes = posix_spawnattr_t()
            posix_spawnattr_init(&attributes)
            defer { posix_spawnattr_destroy(&attributes) }
            posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))
            let inDirectory = ["/bin/sh", "-c", "cd \"$0\" && exec \"$@\"", directory] + argv
            var arguments = inDirectory.map { strdup($0) } + [nil]
            var values = environment.map { strdup("\($0.0)=\($0.1)") } + [nil]
            defer { (arguments + values).forEach { free($0) } }
            var pid = pid_t()
            let code = posix_spawn(&pid, inDirectory[0], &actions, &attributes, &arguments, &values)
            guard code == 0 else {
                send(.failed(call: call, step: "posix_spawn", errno: code))
                return
            }
            state.withLock { $0.pids[call] = pid }
            send(.started(call: call, pid: pid))
            wait(for: pid, call)
        }
    }

    private func wait(for pid: pid_t, _ call: UInt32) {
        // A thread of its own: waitpid blocks.
        let box = Unmanaged.passRetained(Waiting(owner: self, pid: pid, call: call))
        var thread = pthread_t()
        pthread_create(
            &thread,
            nil,
            { argument in
                guard let argument else { return nil }
                let waiting = Unmanaged<Waiting>.fromOpaque(argument).takeRetainedValue()
                var status: Int32 = 0
                while waitpid(waiting.pid, &status, 0) < 0, errno == EINTR {}
                waiting.owner.ended(waiting.call, waiting.pid, status)
                return nil
            },
            box.toOpaque()
        )
        pthread_detach(thread)
    }

    private final class Waiting: Sendable {
        let owner: LocalToolInit
        let pid: pid_t
        let call: UInt32

        init(owner: LocalToolInit, pid: pid_t, call: UInt32) {
            self.owner = owner
            self.pid = pid
            self.call = call
        }
    }

    private func ended(_ call: UInt32, _ pid: pid_t, _ status: Int32) {
        kill(-pid, SIGKILL)
        state.withLock { _ = $0.pids.removeValue(forKey: call) }
        let signal = status & 0x7F
        send(.exited(call: call, code: signal == 0 ? status >> 8 & 0xFF : 0, signal: signal))
    }

    private func send(_ event: ToolEvent) { _ = try? socket.send(event.encoded()) }
}
