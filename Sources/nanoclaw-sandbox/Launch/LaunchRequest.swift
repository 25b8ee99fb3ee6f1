import CLinux
import Glibc
import SandboxWire

/// The descriptors of one spawn.
struct LaunchRequest {
    let plan: Int32
    let control: Int32
    let bell: Int32
    let events: Int32
    let output: Int32
    let errorOutput: Int32
    /// Nil: /dev/null.
    let input: Int32?
    let lifeline: Int32

    var descriptors: [Int32] {
        [plan, control, bell, events, output, errorOutput, lifeline] + (input.map { [$0] } ?? [])
    }

    /// Lets go of the runner's ends, so that the host sees their end with the runner's.
    func closeForWatching() {
        for descriptor in [plan, bell, events, output, errorOutput] + (input.map { [$0] } ?? []) { close(descriptor) }
    }

    /// The plan out of its sealed memfd: nobody can change it while it is read.
    func readPlan() throws(StepError) -> SpawnPlan {
        guard clinux_is_sealed(plan) == 1 else { throw StepError(step: "plan: its memfd is not sealed", errno: EPERM) }
        var status = stat()
        try step("plan: fstat", result(fstat(plan, &status)))
        guard (1...SandboxWire.maximumPlan).contains(Int(status.st_size)) else {
            throw StepError(step: "plan: its size is out of bounds", errno: E2BIG)
        }
        var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
        guard pread(plan, &bytes, bytes.count, 0) == bytes.count else {
            throw StepError(step: "plan: read", errno: EIO)
        }
        do {
            return try SpawnPlan(decoding: bytes)
        } catch {
            throw StepError(step: "plan: \(error.message)", errno: EINVAL)
        }
    }
}

/// The host ids that a sandbox's processes have, as its outer user namespace calls them.
struct TierIdentities {
    let root: Bool
    /// Ids of the tiers in the outer user namespace.
    let runner: UInt32
    let tool: UInt32
    /// Lines of uid_map and gid_map.
    let uidMap: String
    let gidMap: String

    /// How many user namespaces one id may have: each tier makes one.
    var namespacesPerID: Int32 { runner == tool ? 2 : 1 }

    func of(_ tier: WireTier) -> UInt32 { tier == .runner ? runner : tool }

    /// One id for all: PID 1 and both tiers.
    static func rootless() -> TierIdentities {
        TierIdentities(
            root: false,
            runner: 0,
            tool: 0,
            uidMap: "0 \(geteuid()) 1",
            gidMap: "0 \(getegid()) 1"
        )
    }

    /// Ids of its own for PID 1 and each tier.
    static func mapped(_ base: UInt32) -> TierIdentities {
        TierIdentities(root: true, runner: 1, tool: 2, uidMap: "0 \(base) 3", gidMap: "0 \(base) 3")
    }

    /// Where mounts cannot be id-mapped: the tiers are the service's own id.
    static func unmapped(_ base: UInt32, uid: UInt32, gid: UInt32) -> TierIdentities {
        TierIdentities(
            root: true,
            runner: 1,
            tool: 1,
            uidMap: "0 \(base) 1\n1 \(uid) 1",
            gidMap: "0 \(base) 1\n1 \(gid) 1"
        )
    }
}
