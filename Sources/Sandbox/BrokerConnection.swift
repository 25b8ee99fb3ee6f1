import Glibc
import LinuxIO
import SandboxWire

/// A spawner that a root broker has forked for this connection; it ends with it.
struct BrokerConnection: Sendable {
    let socket: PacketSocket

    /// Connects and says for which home; throws what the broker answers.
    static func open(_ path: String, home: String, lane: BrokerLane) async throws -> BrokerConnection {
        let connection = BrokerConnection(socket: PacketSocket(try connect(path)))
        try connection.socket.send(BrokerJoin(lane: lane, home: home).encoded())
        try await Readiness.shared.readable(connection.socket.descriptor)
        guard case .message(let bytes, _) = try connection.socket.receive(limit: SandboxWire.maximumDatagram) else {
            throw SandboxError(
                .spawner,
                step: "join the broker at \(path)",
                errno: ECONNRESET,
                "it serves the service's user and root only"
            )
        }
        if case .failed(let step, let errno) = try LauncherMessage(decoding: bytes) {
            // The host before this one may still be ending its sandboxes.
            throw SandboxError(errno == EBUSY ? .spawner : .configuration, step: step, errno: errno)
        }
        return connection
    }

    private static func connect(_ path: String) throws -> Descriptor {
        let kind = Int32(SOCK_SEQPACKET.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        let number = Glibc.socket(AF_UNIX, kind, 0)
        guard number >= 0 else { throw Errno.last("socket") }
        let descriptor = Descriptor(owning: number)
        let connected: Int32
        do {
            connected = try UnixAddress(path).with { Glibc.connect(number, $0, $1) }
        } catch let error as Errno {
            throw SandboxError(.configuration, step: "connect \(path)", errno: error.code)
        }
        guard connected == 0 else {
            throw SandboxError(
                .spawner,
                step: "connect \(path)",
                errno: errno,
                "see `systemctl status nanoclaw-broker.socket`"
            )
        }
        return descriptor
    }

    /// Returns once the spawner and all its sandboxes have ended, after 8 s in any case; cancellation does not end
    /// the wait.
    func end() async {
        // The spawner sees the end and says nothing more; its own end closes the socket.
        shutdown(socket.descriptor.number, Int32(SHUT_WR))
        let descriptor = socket.descriptor
        await Task.detached {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { try? await Readiness.shared.readable(descriptor) }
                group.addTask { try? await Task.sleep(for: .seconds(8)) }
                await group.next()
                group.cancelAll()
            }
        }.value
    }
}

/// One life of a spawner, however it was come by.
enum SpawnerLife: Sendable {
    case child(SpawnerChild)
    case broker(BrokerConnection)

    var socket: PacketSocket {
        switch self {
        case .child(let child): child.socket
        case .broker(let connection): connection.socket
        }
    }

    /// Lets go of it and returns when its sandboxes are dead.
    func end() async {
        switch self {
        case .child(let child): await child.end()
        case .broker(let connection): await connection.end()
        }
    }
}
