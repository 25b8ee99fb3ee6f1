/// What the kernel says of one process of a finished sandbox.
package struct WireFacts: Sendable, Equatable {
    /// `init`, `runner` or `tool`.
    package var role = ""
    package var pid: Int32 = 0
    package var uid: UInt32 = 0
    package var gid: UInt32 = 0
    package var noNewPrivileges: UInt32 = 0
    package var seccomp: UInt32 = 0
    package var seccompFilters: UInt32 = 0
    /// Inheritable, permitted, effective, bounding, ambient.
    package var capabilities: [UInt64] = []
    /// `<name>:[<inode>]` for each namespace.
    package var namespaces: [String] = []
    package var uidMap = ""
    package var gidMap = ""
    /// ABI of the Landlock ruleset in force, 0 for none.
    package var landlock: UInt32 = 0
    package var mounts: UInt32 = 0
    package var rootReadOnly = false
    package var dumpable: UInt32 = 0
    /// Number of supplementary groups.
    package var groups: UInt32 = 0
    package var secureBits: UInt32 = 0
    /// True when a write was refused that nothing but Landlock forbids.
    package var landlockDenies = false
    /// What the creation of one more user namespace answers; -1 when it was not tried, 0 when it worked.
    package var userNamespaceErrno: Int32 = -1
    /// Hard limits: processes, open files, bytes of a file, core; `UInt64.max` for none.
    package var limits: [UInt64] = []
    package var cgroup = ""

    package init() {}

    func write(_ writer: inout WireWriter) {
        writer.put(role)
        writer.put(pid)
        for number in [uid, gid, noNewPrivileges, seccomp, seccompFilters] { writer.put(number) }
        writer.put(capabilities) { $0.put($1) }
        writer.put(namespaces)
        writer.put(uidMap)
        writer.put(gidMap)
        writer.put(landlock)
        writer.put(mounts)
        writer.put(rootReadOnly)
        writer.put(dumpable)
        writer.put(groups)
        writer.put(secureBits)
        writer.put(landlockDenies)
        writer.put(userNamespaceErrno)
        writer.put(limits) { $0.put($1) }
        writer.put(cgroup)
    }

    init(_ reader: inout WireReader) throws(WireError) {
        role = try reader.text("role")
        pid = try reader.number("pid")
        uid = try reader.number("uid")
        gid = try reader.number("gid")
        noNewPrivileges = try reader.number("noNewPrivileges")
        seccomp = try reader.number("seccomp")
        seccompFilters = try reader.number("seccompFilters")
        capabilities = try reader.list("capabilities") { reader throws(WireError) in try reader.number("capability") }
        namespaces = try reader.texts("namespaces")
        uidMap = try reader.text("uidMap")
        gidMap = try reader.text("gidMap")
        landlock = try reader.number("landlock")
        mounts = try reader.number("mounts")
        rootReadOnly = try reader.flag("rootReadOnly")
        dumpable = try reader.number("dumpable")
        groups = try reader.number("groups")
        secureBits = try reader.number("secureBits")
        landlockDenies = try reader.flag("landlockDenies")
        userNamespaceErrno = try reader.number("userNamespaceErrno")
        limits = try reader.list("limits") { reader throws(WireError) in try reader.number("limit") }
        cgroup = try reader.text("cgroup")
    }
}

/// What a launcher tells the host, and what the processes of a sandbox tell their launcher.
package enum LauncherMessage: Sendable, Equatable {
    /// To the host, with 3 descriptors: pidfd of PID 1, the runner's listener, the tools' listener.
    case started(pid: Int32, root: Bool, cgroup: String, degraded: [String], facts: [WireFacts])
    /// A step of the set-up failed; nothing runs.
    case failed(step: String, errno: Int32)
    /// PID 1 is dead. How the runner ended; signal 9 when nobody could tell.
    case exited(code: Int32, signal: Int32)
    /// To the launcher: one process is finished; a listener may travel with it.
    case facts(WireFacts)

    /// The datagram.
    package func encoded() -> [UInt8] {
        var writer = WireWriter()
        switch self {
        case .started(let pid, let root, let cgroup, let degraded, let facts):
            writer.put(UInt8(1))
            writer.put(pid)
            writer.put(root)
            writer.put(cgroup)
            writer.put(degraded)
            writer.put(facts) { $1.write(&$0) }
        case .failed(let step, let errno):
            writer.put(UInt8(2))
            writer.put(step)
            writer.put(errno)
        case .exited(let code, let signal):
            writer.put(UInt8(3))
            writer.put(code)
            writer.put(signal)
        case .facts(let facts):
            writer.put(UInt8(4))
            facts.write(&writer)
        }
        return writer.bytes
    }

    /// Reads a datagram; throws what is wrong with it.
    package init(decoding bytes: [UInt8]) throws(WireError) {
        var reader = try WireReader(bytes, limit: SandboxWire.maximumDatagram)
        let kind: UInt8 = try reader.number("kind")
        switch kind {
        case 1:
            self = .started(
                pid: try reader.number("pid"),
                root: try reader.flag("root"),
                cgroup: try reader.text("cgroup"),
                degraded: try reader.texts("degraded"),
                facts: try reader.list("facts") { reader throws(WireError) in try WireFacts(&reader) }
            )
        case 2: self = .failed(step: try reader.text("step"), errno: try reader.number("errno"))
        case 3: self = .exited(code: try reader.number("code"), signal: try reader.number("signal"))
        case 4: self = .facts(try WireFacts(&reader))
        default: throw WireError("\(kind) is no kind of launcher message")
        }
        try reader.end()
    }
}

/// First byte of what the host sends to the spawner, or to a launcher over a session's control socket.
package enum SpawnerRequest: UInt8, Sendable {
    /// The ``SpawnerConfiguration`` follows.
    case configure = 1
    /// With 6 or 7 descriptors: plan, control socket, bell, events, output, error output; standard input of a command.
    case spawn = 2
    /// To a launcher: SIGTERM to PID 1.
    case terminate = 3
    /// To a launcher: SIGKILL to PID 1.
    case kill = 4
    /// To a broker, instead of `configure`: a ``BrokerJoin``.
    case join = 5
    /// A ``HoldingsRequest``, with the socket for its answer.
    case holdings = 6
}
