/// A directory of the box that groups may be given, by name.
package struct WireMount: Sendable, Equatable {
    /// What `extraMounts` of a plan calls it; also its name below /workspace/extra.
    package let name: String
    /// Where it stands on the box.
    package let path: String
    package let writable: Bool

    package init(name: String, path: String, writable: Bool) {
        self.name = name
        self.path = path
        self.writable = writable
    }
}

/// What the spawner may do: its first message, before any plan.
package struct SpawnerConfiguration: Sendable, Equatable {
    /// The home: absolute.
    package let home: String
    /// The directory of `agent-runner`: absolute.
    package let binaries: String
    /// Who owns on disk what sandboxes write; never 0.
    ///
    /// Ignored when the spawner is not root.
    package let serviceUID: UInt32
    package let serviceGID: UInt32
    /// First of the host ids that sessions are mapped to, and how many there are; four for each session.
    package let uidBase: UInt32
    package let uidCount: UInt32
    /// Sandboxes that may live at once; as root never more than a quarter of `uidCount`.
    package let maximumSandboxes: UInt32
    /// Bytes of memory that all sandboxes may take together; 0: three quarters of the machine's.
    package let totalMemory: UInt64
    /// Bytes a second that a sandbox may write to the disk in the long run, shared by those that write much; 0: no bound.
    package let writeRate: UInt64
    package let mounts: [WireMount]
    /// Layers without which a spawn is refused.
    package let requiredLayers: [String]

    /// The bytes a second that a sandbox may write unless somebody says otherwise.
    package static let usualWriteRate: UInt64 = 64 << 20

    package init(
        home: String,
        binaries: String,
        serviceUID: UInt32,
        serviceGID: UInt32,
        uidBase: UInt32,
        uidCount: UInt32,
        maximumSandboxes: UInt32 = 64,
        totalMemory: UInt64 = 0,
        writeRate: UInt64 = 0,
        mounts: [WireMount],
        requiredLayers: [String]
    ) {
        self.home = home
        self.binaries = binaries
        self.serviceUID = serviceUID
        self.serviceGID = serviceGID
        self.uidBase = uidBase
        self.uidCount = uidCount
        self.maximumSandboxes = maximumSandboxes
        self.totalMemory = totalMemory
        self.writeRate = writeRate
        self.mounts = mounts
        self.requiredLayers = requiredLayers
    }

    /// The message.
    package func encoded() -> [UInt8] {
        var writer = WireWriter()
        writer.put(home)
        writer.put(binaries)
        writer.put(serviceUID)
        writer.put(serviceGID)
        writer.put(uidBase)
        writer.put(uidCount)
        writer.put(maximumSandboxes)
        writer.put(totalMemory)
        writer.put(writeRate)
        writer.put(mounts) { writer, mount in
            writer.put(mount.name)
            writer.put(mount.path)
            writer.put(mount.writable)
        }
        writer.put(requiredLayers)
        return writer.bytes
    }

    /// Reads the message; throws what is wrong with it.
    package init(decoding bytes: [UInt8]) throws(WireError) {
        var reader = try WireReader(bytes, limit: SandboxWire.maximumDatagram)
        home = try reader.text("home")
        binaries = try reader.text("binaries")
        serviceUID = try reader.number("serviceUID")
        serviceGID = try reader.number("serviceGID")
        uidBase = try reader.number("uidBase")
        uidCount = try reader.number("uidCount")
        maximumSandboxes = try reader.number("maximumSandboxes")
        totalMemory = try reader.number("totalMemory")
        writeRate = try reader.number("writeRate")
        mounts = try reader.list("mounts") { reader throws(WireError) in
            let mount = WireMount(
                name: try reader.text("mount name"),
                path: try reader.text("mount path"),
                writable: try reader.flag("mount writable")
            )
            guard SandboxWire.isIdentifier(mount.name) else { throw WireError("a mount name is no identifier") }
            guard SandboxWire.isAbsolutePath(mount.path) else { throw WireError("a mount path is not absolute") }
            return mount
        }
        requiredLayers = try reader.texts("requiredLayers")
        try reader.end()
        guard SandboxWire.isAbsolutePath(home), SandboxWire.isAbsolutePath(binaries) else {
            throw WireError("home and binaries must be absolute")
        }
        guard uidCount >= 4, UInt64(uidBase) + UInt64(uidCount) <= UInt64(UInt32.max), uidBase >= 1000 else {
            throw WireError("the uid range must hold at least four ids above 999")
        }
        guard writeRate == 0 || (1 << 20...1 << 40).contains(writeRate) else {
            throw WireError("writeRate is neither 0 nor between 1048576 and 1099511627776 bytes a second")
        }
        guard (1...20_000).contains(maximumSandboxes) else {
            throw WireError("maximumSandboxes is not between 1 and 20000")
        }
    }
}
