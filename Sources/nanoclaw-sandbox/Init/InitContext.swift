import CLinux
import Glibc
import SandboxWire

/// All that PID 1 and its children need to know; copied to each by fork.
struct InitContext {
    let plan: SpawnPlan
    let configuration: SpawnerConfiguration
    let request: LaunchRequest
    let identities: TierIdentities
    let binds: [Bind]
    /// Already detached as root; without root PID 1 does it.
    var mounts: [DetachedMount]
    let lock: Int32
    let channels: InitChannels

    /// The port of the tiers' listeners.
    static let port: UInt16 = 3128
    /// The port on which `nanoclaw` in the tool tier calls the runner, which holds the listener.
    static let callPort: UInt16 = 3129
    /// Where the new root is built: a directory that every system has.
    static let anchor = "/tmp"

    func mounts(of tier: WireTier) -> [DetachedMount] { mounts.filter { $0.bind.tier == tier } }
}

/// What the kernel says of this process.
func readFacts(role: String, landlock: Int32) throws(StepError) -> WireFacts {
    var read = clinux_facts()
    try step("facts", clinux_read_facts(&read))
    var facts = WireFacts()
    facts.role = role
    facts.pid = getpid()
    facts.uid = read.uid
    facts.gid = read.gid
    facts.groups = read.groups
    facts.noNewPrivileges = read.no_new_privs
    facts.seccomp = read.seccomp
    facts.seccompFilters = read.seccomp_filters
    facts.capabilities = [read.caps.0, read.caps.1, read.caps.2, read.caps.3, read.caps.4]
    facts.secureBits = read.securebits
    facts.namespaces = text(of: read.namespaces).split(separator: " ").map(String.init)
    facts.uidMap = text(of: read.uid_map)
    facts.gidMap = text(of: read.gid_map)
    facts.landlock = UInt32(max(landlock, 0))
    facts.landlockDenies = read.landlock_denied != 0
    facts.userNamespaceErrno = read.userns_errno
    facts.mounts = read.mounts
    facts.rootReadOnly = read.root_readonly != 0
    facts.dumpable = read.dumpable
    facts.limits = [read.limit_processes, read.limit_files, read.limit_file_bytes, read.limit_core]
    facts.cgroup = text(of: read.cgroup)
    return facts
}

/// The text in a fixed array of C characters.
private func text<Characters>(of characters: Characters) -> String {
    withUnsafeBytes(of: characters) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
}
