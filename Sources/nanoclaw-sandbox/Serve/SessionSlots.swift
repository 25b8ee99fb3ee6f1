import CLinux
import Glibc
import SandboxWire

/// The host ids of one session, and the user namespaces that show the service's files as theirs.
struct SessionIdentities {
    /// Host id of PID 1; the runner has the next, the tools the one after.
    let base: UInt32
    /// For id-mapped mounts of each tier; -errno when the kernel refused.
    let runnerMap: Int32
    let toolMap: Int32

    var descriptors: [Int32] { [runnerMap, toolMap].filter { $0 >= 0 } }
}

/// Hands out host ids, so that no two live sessions share one.
///
/// Only as root; else every slot is the same single id.
struct SessionSlots {
    private let configuration: SpawnerConfiguration
    private let root: Bool
    private var used: [Bool]
    private var cache: [Int: SessionIdentities] = [:]

    init(_ configuration: SpawnerConfiguration) {
        self.configuration = configuration
        root = geteuid() == 0
        let most = Int(configuration.maximumSandboxes)
        used = [Bool](repeating: false, count: root ? min(Int(configuration.uidCount / 4), most) : most)
    }

    /// How many sandboxes may live at once.
    var count: Int { used.count }

    /// The lowest free slot, whose namespaces are most likely made already; nil when there is none.
    mutating func take() -> Int? {
        guard let slot = used.firstIndex(of: false) else { return nil }
        used[slot] = true
        return slot
    }

    mutating func free(_ slot: Int) { used[slot] = false }

    /// The ids of a slot; nil without root.
    ///
    /// The namespaces are made at first use and kept.
    mutating func identities(_ slot: Int) -> SessionIdentities? {
        guard root else { return nil }
        if let known = cache[slot] { return known }
        let base = configuration.uidBase + UInt32(slot) * 4
        let uid = configuration.serviceUID
        let gid = configuration.serviceGID
        let made = SessionIdentities(
            base: base,
            runnerMap: clinux_idmap_namespace(uid, gid, base + 1, base + 1),
            toolMap: clinux_idmap_namespace(uid, gid, base + 2, base + 2)
        )
        if made.runnerMap >= 0, made.toolMap >= 0 { cache[slot] = made }
        return made
    }
}

/// Names of cgroups: those of one home begin alike, so that what a dead host left is found.
enum CgroupName {
    static func prefix(home: String) -> String { "\(bound(home: home))-" }

    /// The one that bounds all of a home.
    static func bound(home: String) -> String { "nanoclaw-\(hexadecimal(home))" }

    /// One that no other sandbox of this spawner ever had.
    static func session(home: String, serial: Int) -> String {
        prefix(home: home) + String(getpid(), radix: 36) + "-" + String(serial, radix: 36)
    }

    /// FNV-1a, 64 bits: names only, nothing depends on its strength.
    private static func hexadecimal(_ text: String) -> String {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return String(hash, radix: 16)
    }
}
