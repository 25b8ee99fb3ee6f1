import CLinux
import Glibc
package import LinuxIO
import SandboxWire

/// A directory of the box that agent groups may be given, by name.
package struct SandboxMount: Sendable, Hashable {
    /// What a group's configuration calls it; also its name below /workspace/extra.
    package let name: String
    /// Absolute.
    package let path: String
    package let writable: Bool

    package init(name: String, path: String, writable: Bool) {
        self.name = name
        self.path = path
        self.writable = writable
    }
}

/// What the sandboxes of one home have in common.
package struct SandboxConfiguration: Sendable {
    /// The home: absolute.
    package var home: String
    /// The directory of `nanoclaw-sandbox` and `agent-runner`: absolute, no link in it.
    package var binaries: String
    /// Host ids for the sessions, four for each; nil: a range that the home's path chooses.
    ///
    /// Used as root only.
    package var uidRange: ClosedRange<UInt32>?
    /// Sandboxes that may live at once, 1 to 20,000; as root no more than there are ids for.
    package var maximumSandboxes: Int
    /// Bytes of memory that all sandboxes may take together; nil: three quarters of the machine's.
    package var totalMemory: Int?
    /// Bytes a second that one sandbox may write to the disk in the long run, shared by those that write much; 0: no bound.
    package var writeRate: Int
    /// Directories of the box that groups may be given.
    package var mounts: [SandboxMount]
    /// Layers without which a spawn is refused: `cgroup`, `uids`, `idmap`, `landlock`, `seccomp`.
    package var requiredLayers: Set<String>
    /// The socket of a root broker, which then decides by its own file what all of the above is; nil: a child of our own.
    package var broker: String?
    /// Whether it is for a probe or a command beside the host's own sandboxes.
    var isScratch = false

    package init(
        home: String,
        binaries: String,
        uidRange: ClosedRange<UInt32>? = nil,
        maximumSandboxes: Int = 32,
        totalMemory: Int? = nil,
        writeRate: Int = Int(SpawnerConfiguration.usualWriteRate),
        mounts: [SandboxMount] = [],
        requiredLayers: Set<String> = [],
        broker: String? = nil
    ) {
        self.broker = broker
        self.home = home
        self.binaries = binaries
        self.uidRange = uidRange
        self.maximumSandboxes = maximumSandboxes
        self.totalMemory = totalMemory
        self.writeRate = writeRate
        self.mounts = mounts
        self.requiredLayers = requiredLayers
    }

    /// How many sandboxes a host with so many runners may need at once: some end while their successors begin, and
    /// some recover files.
    package static func sandboxes(forRunners runners: Int) -> Int { runners + max(16, runners / 8) }

    /// Who must own what the host creates below `data/sessions/…` and `groups/<folder>`: as root the owner of the
    /// home, or user `nanoclaw` when that is root; nil without root, where everything is the caller's own.
    ///
    /// Throws how to make the user when there is none.
    package static func serviceOwner(home: String) throws -> FileOwner? {
        guard geteuid() == 0 else { return nil }
        var status = stat()
        guard stat(home, &status) == 0 else {
            throw SandboxError(.configuration, step: "stat \(home)", errno: errno)
        }
        if status.st_uid != 0 { return FileOwner(uid: status.st_uid, gid: status.st_gid) }
        guard let user = getpwnam("nanoclaw")?.pointee, user.pw_uid != 0 else {
            throw SandboxError(
                .configuration,
                step: "find user nanoclaw",
                errno: ENOENT,
                "\(home) belongs to root, and what sandboxes write must not: make its owner with "
                    + "`useradd --system --no-create-home nanoclaw`, or give the home to a user of yours"
            )
        }
        return FileOwner(uid: user.pw_uid, gid: user.pw_gid)
    }

    /// The host ids in use: the configured ones, or a block of the upper part that no distribution hands out, with
    /// room for twice as many sandboxes as may live at once and for 64 at least.
    var uids: ClosedRange<UInt32> {
        if let uidRange { return uidRange }
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in home.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        var size: UInt32 = 256
        while size < UInt32(maximumSandboxes) * 8 { size *= 2 }
        let base = 0x7000_0000 + UInt32(truncatingIfNeeded: hash % UInt64((1 << 28) / size)) * size
        return base...(base + size - 1)
    }

    /// For a spawner beside the host's own: the upper half of the host ids, which a host reaches only with more than
    /// half as many sandboxes as it has room for.
    package func forScratch() -> SandboxConfiguration {
        var scratch = self
        scratch.isScratch = true
        let half = UInt32(uids.count / 8 * 4)
        if half >= 4 { scratch.uidRange = uids.lowerBound + half...uids.upperBound }
        return scratch
    }

    /// The bytes that all sandboxes may take together.
    package var memoryOfAll: Int { totalMemory ?? Int(clamping: clinux_cgroup_share()) }

    func message() throws -> [UInt8] {
        let owner = try Self.serviceOwner(home: home)
        let wire = wire(owner ?? FileOwner(uid: geteuid(), gid: getegid()))
        return [SpawnerRequest.configure.rawValue] + wire.encoded()
    }

    /// The file of a root broker that serves this configuration for `owner`; an admin adds mounts to it.
    ///
    /// With the text of an earlier one: that one, for this home, these binaries and this owner.
    package func brokerFile(owner: FileOwner, earlier: String? = nil) -> String {
        earlier.map { BrokerPolicy.text($0, updatedFor: wire(owner)) } ?? BrokerPolicy.text(wire(owner))
    }

    private func wire(_ owner: FileOwner) -> SpawnerConfiguration {
        SpawnerConfiguration(
            home: home,
            binaries: binaries,
            serviceUID: owner.uid,
            serviceGID: owner.gid,
            uidBase: uids.lowerBound,
            uidCount: UInt32(uids.count),
            maximumSandboxes: UInt32(max(1, min(maximumSandboxes, 20_000))),
            totalMemory: UInt64(totalMemory ?? 0),
            writeRate: UInt64(max(0, writeRate)),
            mounts: mounts.map { WireMount(name: $0.name, path: $0.path, writable: $0.writable) },
            requiredLayers: requiredLayers.sorted()
        )
    }

    /// The inner binaries must be ours or root's, and nobody else may write them.
    func checkBinaries() throws {
        for name in ["nanoclaw-sandbox", "agent-runner"] {
            let path = "\(binaries)/\(name)"
            var status = stat()
            guard lstat(path, &status) == 0 else {
                if name == "agent-runner", errno == ENOENT { continue }
                throw SandboxError(.configuration, step: "stat \(path)", errno: errno, "run ./nanoclaw.sh build")
            }
            guard status.st_mode & S_IFMT == S_IFREG else {
                throw SandboxError(.configuration, step: "check \(path)", errno: EINVAL, "it is no regular file")
            }
            guard status.st_uid == 0 || status.st_uid == geteuid() else {
                throw SandboxError(
                    .configuration,
                    step: "check \(path)",
                    errno: EPERM,
                    "it belongs to uid \(status.st_uid), who could replace it: it must be root's or yours"
                )
            }
            guard status.st_mode & (S_IWGRP | S_IWOTH) == 0 else {
                throw SandboxError(
                    .configuration,
                    step: "check \(path)",
                    errno: EPERM,
                    "others may write it: chmod go-w \(path)"
                )
            }
            guard status.st_mode & S_IXOTH != 0 || geteuid() != 0 else {
                throw SandboxError(
                    .configuration,
                    step: "check \(path)",
                    errno: EACCES,
                    "a sandbox's uid cannot execute it: chmod o+rx \(path)"
                )
            }
        }
    }
}
