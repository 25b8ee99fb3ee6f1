import SandboxWire

/// What the kernel says of a finished sandbox: read back inside it, nothing copied from the plan.
package struct IsolationReport: Codable, Sendable, Hashable {
    /// Where the privilege for the set-up came from.
    package enum Mode: String, Codable, Sendable {
        case root
        case rootless
    }

    /// One process of the sandbox: PID 1, the runner, or the tool init.
    package struct Process: Codable, Sendable, Hashable {
        /// `init`, `runner` or `tool`.
        package let role: String
        /// As its own pid namespace counts.
        package let pid: Int32
        package let uid: UInt32
        package let gid: UInt32
        /// Number of supplementary groups.
        package let groups: UInt32
        package let noNewPrivileges: Bool
        /// Mode; 2 is a filter.
        package let seccomp: UInt32
        package let seccompFilters: UInt32
        /// Inheritable, permitted, effective, bounding, ambient, as hexadecimal digits.
        package let capabilities: [String]
        package let secureBits: UInt32
        /// Inode by kind: `user`, `mnt`, `pid`, `net`, `ipc`, `uts`, `cgroup`.
        package let namespaces: [String: String]
        package let uidMap: String
        package let gidMap: String
        /// ABI in force; 0 for none.
        package let landlock: UInt32
        /// A write was refused that nothing but Landlock forbids.
        package let landlockDenies: Bool
        /// Errno of the creation of one more user namespace; -1 when it was not tried.
        package let userNamespaceErrno: Int32
        /// Lines of mountinfo.
        package let mounts: UInt32
        package let rootReadOnly: Bool
        package let dumpable: Bool
        /// Hard limits: processes, open files, bytes of a file, core.
        ///
        /// Nil for none.
        package let limits: [UInt64?]
        /// /proc/self/cgroup.
        package let cgroup: String
    }

    package let mode: Mode
    /// What of cgroups limits the session; empty when resource limits and the host's watchdog stand in.
    package let cgroup: String
    /// Each stronger layer that was ruled out, with step and errno.
    package let degraded: [String]
    /// PID 1, runner, tool init.
    package let processes: [Process]

    /// The process of that role.
    package func process(_ role: String) -> Process? { processes.first { $0.role == role } }

    /// Highest Landlock ABI that every tier has.
    package var landlockABI: UInt32 {
        processes.filter { $0.role != "init" }.map(\.landlock).min() ?? 0
    }

    init(root: Bool, cgroup: String, degraded: [String], facts: [WireFacts]) {
        mode = root ? .root : .rootless
        self.cgroup = cgroup
        // Only the tiers know what the kernel answered them.
        let tiers = facts.filter { $0.role != "init" }
        var degraded = degraded
        if tiers.contains(where: { $0.landlock == 0 }) {
            degraded.append(
                "landlock: this kernel has none, or none that is switched on; mounts, ids and filters stand alone"
            )
        }
        if tiers.contains(where: { $0.limits.last != 1 }) {
            degraded.append(
                "core: the limit of core dumps is 0 here and not 1, so that a crash inside starts the handler that "
                    + "/proc/sys/kernel/core_pattern may name; set LimitCORE=1 for a service, or run "
                    + "`sudo prlimit --core=1:1 --pid $$` in the shell that starts it"
            )
        }
        self.degraded = degraded
        processes = facts.map(Process.init).sorted { Self.order($0.role) < Self.order($1.role) }
    }

    private static func order(_ role: String) -> Int { ["init", "runner", "tool"].firstIndex(of: role) ?? 3 }
}

extension IsolationReport.Process {
    fileprivate init(_ facts: WireFacts) {
        role = facts.role
        pid = facts.pid
        uid = facts.uid
        gid = facts.gid
        groups = facts.groups
        noNewPrivileges = facts.noNewPrivileges == 1
        seccomp = facts.seccomp
        seccompFilters = facts.seccompFilters
        capabilities = facts.capabilities.map { String($0, radix: 16) }
        secureBits = facts.secureBits
        namespaces = Dictionary(
            facts.namespaces.compactMap { text -> (String, String)? in
                let parts = text.split(separator: ":", maxSplits: 1)
                return parts.count == 2 ? (String(parts[0]), String(parts[1])) : nil
            },
            uniquingKeysWith: { first, _ in first }
        )
        uidMap = facts.uidMap
        gidMap = facts.gidMap
        landlock = facts.landlock
        landlockDenies = facts.landlockDenies
        userNamespaceErrno = facts.userNamespaceErrno
        mounts = facts.mounts
        rootReadOnly = facts.rootReadOnly
        dumpable = facts.dumpable != 0
        limits = facts.limits.map { $0 == .max ? nil : $0 }
        cgroup = facts.cgroup
    }
}
