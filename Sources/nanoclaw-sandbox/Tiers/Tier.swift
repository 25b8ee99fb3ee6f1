import CCap
import CLinux
import Glibc
import SandboxWire

/// Turns the calling process into one of a tier, for good: its own uid, a user namespace in which it owns nothing,
/// limits, no capabilities, Landlock, filters.
struct Tier {
    let context: InitContext
    let tier: WireTier

    /// The uid that both tiers see themselves as.
    static let agent: UInt32 = 1000

    /// Returns the Landlock ABI in force.
    ///
    /// `passing`: the only descriptor over which others may be passed, from `clinux_copy_beyond`; -1 where every one may.
    func enter(passing: Int32 = -1) throws(StepError) -> Int32 {
        let identity = context.identities.of(tier)
        if context.identities.root {
            try step("become uid \(identity)", clinux_become(identity, identity, 1))
        }
        try step("second user namespace", clinux_unshare(CLONE_NEWUSER))
        // /proc/self belongs to root while a process is not dumpable, and the maps could not be written.
        try step("dumpable", clinux_set_dumpable(1))
        try step("setgroups deny", clinux_write_file("/proc/self/setgroups", "deny"))
        try step("inner uid_map", clinux_write_file("/proc/self/uid_map", "\(Self.agent) \(identity) 1"))
        try step("inner gid_map", clinux_write_file("/proc/self/gid_map", "\(Self.agent) \(identity) 1"))
        var limits = clinux_limits(context.plan.limits)
        // So that nothing else is ever put there, once it was closed.
        if passing >= 0 { limits.open_files = UInt32(passing) }
        try step("resource limits", clinux_rlimits(&limits, context.identities.root ? 0 : 1))
        try step("setsid", result(setsid()))
        try step("detach keyring", clinux_keyring_detach())
        try step("no_new_privs", clinux_no_new_privileges())
        try step("drop capabilities", ccap_drop_all())
        let landlock = try confine()
        if passing >= 0 { try step("seccomp: passing descriptors", clinux_seccomp_passing(passing)) }
        try step("seccomp", clinux_seccomp_tier())
        return landlock
    }

    private func confine() throws(StepError) -> Int32 {
        let read = UInt32(CLINUX_READ)
        let run = UInt32(CLINUX_READ | CLINUX_EXECUTE)
        let write = UInt32(CLINUX_READ | CLINUX_WRITE)
        let all = UInt32(CLINUX_READ | CLINUX_WRITE | CLINUX_EXECUTE)
        let device = UInt32(CLINUX_READ | CLINUX_DEVICE)
        var rules: [(String, UInt32)] = [
            ("/", UInt32(CLINUX_LIST)), ("/usr", run), ("/bin", run), ("/sbin", run), ("/lib", run), ("/lib32", run),
            ("/lib64", run), ("/libx32", run), ("/etc", read), ("/proc", read), ("/dev", device), ("/dev/shm", write),
            ("/tmp", all), ("/run", run), ("/workspace/instructions", read), ("/workspace", UInt32(CLINUX_LIST)),
        ]
        if tier == .runner {
            rules += [("/workspace/inbound", read), ("/workspace/outbound", write), ("/workspace/state", write)]
        } else {
            rules += [("/workspace/inbound/inbox", read), ("/workspace/agent", all)]
            for name in context.plan.extraMounts.map(\.name) {
                let writable = context.configuration.mounts.first { $0.name == name }?.writable ?? false
                rules.append(("/workspace/extra/\(name)", writable ? write : run))
            }
        }
        // The C strings live until the call has returned.
        let paths = rules.map { strdup($0.0) }
        defer { for path in paths { free(path) } }
        let table = zip(paths, rules).map { clinux_path_rule(path: $0, rights: $1.1) }
        let port = tier == .runner ? InitContext.port : 0
        return try step("landlock", clinux_landlock(table, Int32(table.count), port))
    }
}

/// Arrays of C strings for execve.
enum Program {
    /// Replaces the process; returns -errno.
    ///
    /// A name without `/` is looked for along `path`.
    static func execute(_ argv: [String], _ environment: [String], path: String) -> Int32 {
        var arguments: [UnsafeMutablePointer<CChar>?] = argv.map { strdup($0) } + [nil]
        var variables: [UnsafeMutablePointer<CChar>?] = environment.map { strdup($0) } + [nil]
        guard let name = argv.first, !name.isEmpty else { return -EINVAL }
        if name.utf8.contains(UInt8(ascii: "/")) { return clinux_exec(name, &arguments, &variables) }
        var failure = -ENOENT
        for directory in path.split(separator: ":") {
            let tried = clinux_exec("\(directory)/\(name)", &arguments, &variables)
            if tried != -ENOENT, tried != -ENOTDIR { failure = tried }
        }
        return failure
    }

    static let path = "/usr/local/bin:/usr/bin:/bin:/run/nanoclaw"
}
