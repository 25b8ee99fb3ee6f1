import CLinux
import ControlProtocol
package import Core
import Glibc
import LinuxIO
package import Logging

/// The host's control socket `data/nanoclaw.sock`: who may connect, and how long.
///
/// Bound and reached through its directory's descriptor, because the path of a deep home is longer than a socket
/// address may be. For the home's owner and root, by the socket's mode and by the peer's credentials; with a group for
/// its members too, each as `cli:<uid>` with the roles that were granted to it.
package final class ControlSocket: Sendable {
    /// Bounds on what clients may hold.
    package struct Limits: Sendable {
        /// Connections at once, and requests open on one of them.
        package var connections = 64
        package var requests = 8
        /// From a connection's start to its first request, and from a line's start to its end.
        package var firstRequest = Duration.seconds(10)
        /// Without an open request.
        package var idle = Duration.seconds(300)
        /// For a reader to take one line.
        package var write = Duration.seconds(30)

        package init() {}
    }

    private let listener: Descriptor
    private let directory: Directory
    private let owners: Set<UInt32>
    private let isOpenToGroup: Bool
    private let commands: ControlCommands
    private let limits: Limits
    private let time: any TimeSource
    private let logger: Logger

    /// Binds the socket of a home whose lock this process holds: whatever a dead host left is replaced.
    ///
    /// `group` is the id of a group of the machine whose members may connect; nil: nobody but owner and root. Clients that connect wait until ``run()``.
    package init(
        home: String,
        commands: ControlCommands,
        group: UInt32? = nil,
        limits: Limits = Limits(),
        time: any TimeSource = SystemTime(),
        logger: Logger
    ) throws {
        directory = try Directory(path: "\(home)/data")
        listener = try Self.bind(in: directory)
        isOpenToGroup = group != nil
        if let group { try Self.open(directory, to: group) }
        owners = [0, try directory.descriptor.status().st_uid]
        self.commands = commands
        self.limits = limits
        self.time = time
        self.logger = logger
    }

    deinit { unlinkat(directory.descriptor.number, ControlProtocol.socketName, 0) }

    private static func bind(in directory: Directory) throws -> Descriptor {
        let name = ControlProtocol.socketName
        if let old = try directory.status(name) {
            guard old.st_mode & S_IFMT == S_IFSOCK else {
                throw HostError(.conflict, "data/\(name) is no socket: move it away")
            }
            unlinkat(directory.descriptor.number, name, 0)
        }
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        let number = socket(AF_UNIX, kind, 0)
        guard number >= 0 else { throw Errno.last("socket") }
        let listener = Descriptor(owning: number)
        // Before it is bound: the file is never open to others, not for an instant.
        guard fchmod(number, 0o600) == 0 else { throw Errno.last("fchmod data/\(name)") }
        try ControlAddress.with(directory, name) { address, length in
            guard Glibc.bind(number, address, length) == 0 else { throw Errno.last("bind data/\(name)") }
        }
        let home = try directory.descriptor.status()
        if home.st_uid != geteuid() {
            guard fchownat(directory.descriptor.number, name, home.st_uid, home.st_gid, AT_SYMLINK_NOFOLLOW) == 0 else {
                throw Errno.last("chown data/\(name)")
            }
        }
        guard listen(number, 64) == 0 else { throw Errno.last("listen") }
        return listener
    }

    /// Lets the group's members come to the socket, and to nothing else that is in `data/`.
    private static func open(_ directory: Directory, to group: UInt32) throws {
        let name = ControlProtocol.socketName
        for entry in try directory.names() where entry != name {
            guard let status = try directory.status(entry), status.st_mode & 0o077 != 0,
                [S_IFREG, S_IFDIR].contains(status.st_mode & S_IFMT)
            else { continue }
            let item = try directory.open(entry, O_RDONLY)
            guard fchmod(item.number, status.st_mode & 0o700) == 0 else { throw Errno.last("chmod data/\(entry)") }
        }
        let number = directory.descriptor.number
        guard fchownat(number, name, ~0, group, AT_SYMLINK_NOFOLLOW) == 0, fchmodat(number, name, 0o660, 0) == 0,
            fchown(number, ~0, group) == 0, fchmod(number, 0o750) == 0
        else { throw Errno.last("give data/\(name) to group \(group) (control.group)") }
    }

    /// Serves clients until cancelled.
    package func run() async throws {
        let open = OpenConnections()
        try await withThrowingDiscardingTaskGroup { group in
            while true {
                try await Readiness.shared.readable(listener)
                while let descriptor = try await accept() {
                    let connection = try ControlConnection(descriptor)
                    guard open.enter(limits.connections) else {
                        group.addTask { await self.refuse(connection) }
                        continue
                    }
                    group.addTask {
                        defer { open.leave() }
                        await self.serve(connection)
                    }
                }
            }
        }
    }

    private func accept() async throws -> Descriptor? {
        let number = clinux_accept(listener.number)
        if number >= 0 { return Descriptor(owning: number) }
        switch -number {
        case EAGAIN, EINTR, ECONNABORTED: return nil
        case EMFILE, ENFILE, ENOBUFS, ENOMEM:
            logger.error("No descriptor for a control client", metadata: ["errno": "\(-number)"])
            // The client stays in the backlog, so the listener stays readable: do not spin on it.
            try await time.sleep(for: .milliseconds(100))
            return nil
        default: throw Errno(number, "accept")
        }
    }

    private func refuse(_ connection: ControlConnection) async {
        let error = ControlError(.busy, "the host serves \(limits.connections) clients already: close some")
        // A client that does not even read this loses only the reason.
        if let line = try? ControlReply(id: ControlProtocol.unknownID, .failure(error)).line() {
            try? await connection.write(line)
        }
        connection.shutDown()
    }

    private func serve(_ connection: ControlConnection) async {
        do {
            let peer = try connection.peer()
            let isOwner = owners.contains(peer.uid)
            guard isOwner || isOpenToGroup else {
                logger.warning(
                    "A stranger at the control socket",
                    metadata: ["uid": "\(peer.uid)", "pid": "\(peer.pid)"]
                )
                connection.shutDown()
                return
            }
            let caller = UserID(channel: "cli", native: String(peer.uid))
            try await ControlClientLoop(
                connection: connection,
                caller: caller,
                authority: isOwner ? .homeOwner : .roles,
                commands: commands,
                limits: limits,
                time: time,
                logger: logger
            ).run()
        } catch is CancellationError {
            connection.shutDown()
        } catch {
            logger.debug("A control client was cut off", metadata: ["reason": "\(error)"])
            connection.shutDown()
        }
    }
}
