import CLinux
import Glibc
import SandboxWire

/// The root broker of a service: takes connections on a socket that systemd has bound, and forks a spawner for each.
///
/// The service's user and root may connect. What a spawner may do is written in a file of root's; the host says only
/// for which home it comes.
struct Broker {
    private let policy: BrokerPolicy
    /// The first descriptor that systemd passes.
    private let listener: Int32 = 3
    private var waiting: [Waiting] = []
    private var spawners: [Forked] = []

    /// Connected, and has not said what for.
    private struct Waiting {
        let socket: Int32
        let deadline: Int64
    }

    private struct Forked {
        let pid: pid_t
        let pidfd: Int32
        /// Nil: the host's.
        let scratch: Int?
    }

    /// The most connections that have not said what for, and how long they may take, in milliseconds.
    private static let mostWaiting = 16
    private static let patience: Int64 = 5_000
    /// EX_CONFIG, which systemd does not start again after.
    private static let configurationStatus: Int32 = 78

    /// Reads the policy and looks at what was passed; ends the process with status 78 when either is not as it must be.
    init(policyFile: String) {
        do throws(StepError) {
            guard geteuid() == 0 else { throw StepError(step: "the broker runs as root", errno: EPERM) }
            let mine = getenv("LISTEN_PID").map { String(cString: $0) } == String(getpid())
            let count = getenv("LISTEN_FDS").map { String(cString: $0) }
            guard mine, count == "1" else {
                throw StepError(step: "take the socket: systemd passes one, by nanoclaw-broker.socket", errno: ENOTCONN)
            }
            policy = try Self.read(policyFile)
        } catch {
            NanoclawSandbox.write("nanoclaw-sandbox: \(error.step): \(String(cString: strerror(error.errno)))")
            exit(Self.configurationStatus)
        }
    }

    private static func read(_ path: String) throws(StepError) -> BrokerPolicy {
        let flags = UInt64(O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        let file = try step("open \(path)", clinux_openat2(AT_FDCWD, path, flags, 0, 0))
        defer { close(file) }
        var status = stat()
        try step("stat \(path)", result(fstat(file, &status)))
        guard status.st_mode & S_IFMT == S_IFREG, status.st_uid == 0, status.st_mode & (S_IWGRP | S_IWOTH) == 0 else {
            throw StepError(step: "\(path) must be a file of root's that nobody else may write", errno: EPERM)
        }
        guard status.st_size <= BrokerPolicy.maximumBytes else { throw StepError(step: "read \(path)", errno: EFBIG) }
        var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
        guard pread(file, &bytes, bytes.count, 0) == bytes.count else {
            throw StepError(step: "read \(path)", errno: EIO)
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw StepError(step: "\(path) is not UTF-8", errno: EINVAL)
        }
        do throws(WireError) {
            return try BrokerPolicy(parsing: text)
        } catch {
            throw StepError(step: "\(path): \(error.message)", errno: EINVAL)
        }
    }

    /// Serves until systemd ends it.
    mutating func run() -> Never {
        clinux_reset_signals()
        signal(SIGPIPE, SIG_IGN)
        umask(0o077)
        chdir("/")
        guard clinux_keep_only([0, 1, 2, listener], 4) == 0 else { exit(71) }
        NanoclawSandbox.write("nanoclaw-sandbox: serving \(policy.configuration.home)")
        while true {
            let watched = [listener] + waiting.map(\.socket) + spawners.map(\.pidfd)
            var ready = [UInt8](repeating: 0, count: watched.count)
            let patience: Int32 = waiting.isEmpty ? -1 : 500
            guard clinux_poll(watched, Int32(watched.count), patience, &ready) >= 0 else { continue }
            let told = ready[1...].prefix(waiting.count).map { $0 != 0 }
            reap(ready.dropFirst(1 + waiting.count).map { $0 != 0 })
            hear(told)
            if ready[0] != 0 { accept() }
        }
    }

    private mutating func accept() {
        let socket = clinux_accept(listener)
        guard socket >= 0 else { return }
        var pid: pid_t = 0
        var uid: uid_t = 0
        var gid: gid_t = 0
        // The socket's mode says the same; this holds also when somebody opens that.
        guard clinux_peer(socket, &pid, &uid, &gid) == 0, uid == policy.configuration.serviceUID || uid == 0 else {
            NanoclawSandbox.write("nanoclaw-sandbox: turned away uid \(uid), pid \(pid)")
            close(socket)
            return
        }
        guard waiting.count < Self.mostWaiting else {
            close(socket)
            return
        }
        waiting.append(Waiting(socket: socket, deadline: clinux_milliseconds() + Self.patience))
    }

    private mutating func hear(_ told: [Bool]) {
        let now = clinux_milliseconds()
        for index in told.indices.reversed() {
            let socket = waiting[index].socket
            guard told[index] || waiting[index].deadline < now else { continue }
            waiting.remove(at: index)
            if told[index], case .message(let bytes, let descriptors) = Channel.receive(socket) {
                for descriptor in descriptors { close(descriptor) }
                join(socket, bytes)
            }
            // A spawner has its own.
            close(socket)
        }
    }

    private mutating func join(_ socket: Int32, _ bytes: [UInt8]) {
        let join: BrokerJoin
        do throws(WireError) {
            join = try BrokerJoin(decoding: bytes)
        } catch {
            Channel.send(.failed(step: error.message, errno: EINVAL), over: socket)
            return
        }
        guard join.home == policy.configuration.home else {
            let step =
                "the broker serves \(policy.configuration.home) and not \(join.home): as root, "
                + "`nanoclaw service install --home DIR` changes that"
            Channel.send(.failed(step: step, errno: EACCES), over: socket)
            return
        }
        let scratch: Int?
        let isTaken: Bool
        switch join.lane {
        case .host:
            scratch = nil
            isTaken = spawners.contains { $0.scratch == nil }
        case .scratch:
            scratch = (0..<BrokerPolicy.scratchLanes).first { lane in !spawners.contains { $0.scratch == lane } }
            isTaken = scratch == nil
        }
        guard !isTaken else {
            Channel.send(.failed(step: "the broker serves as many as it may", errno: EBUSY), over: socket)
            return
        }
        fork(socket, scratch)
    }

    private mutating func fork(_ socket: Int32, _ scratch: Int?) {
        var pidfd: Int32 = -1
        let pid = clinux_clone(0, &pidfd)
        if pid == 0 {
            guard dup2(socket, 0) == 0 else { exit(71) }
            var spawner = Spawner(policy.lane(scratch: scratch))
            spawner.run()
        }
        guard pid > 0 else {
            Channel.send(.failed(step: "fork", errno: -pid), over: socket)
            return
        }
        spawners.append(Forked(pid: pid, pidfd: pidfd, scratch: scratch))
    }

    private mutating func reap(_ ready: [Bool]) {
        for index in ready.indices.reversed() where ready[index] {
            var code: Int32 = 0
            var signal: Int32 = 0
            guard clinux_wait(spawners[index].pid, 1, &code, &signal) > 0 else { continue }
            close(spawners[index].pidfd)
            spawners.remove(at: index)
        }
    }
}
