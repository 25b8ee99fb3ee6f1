/// Which of the two tiers of a sandbox.
package enum WireTier: UInt8, Sendable, Equatable {
    case runner = 1
    case tool = 2
}

/// What runs in the runner tier.
package enum WireProgram: Sendable, Equatable {
    /// `agent-runner`.
    case runner
    /// `agent-runner --recover`.
    case recover
    /// Any command, for tests and `sandbox exec`.
    case command(tier: WireTier, argv: [String])
}

/// Limits of one session.
package struct WireLimits: Sendable, Equatable {
    package let memoryBytes: UInt64
    package let tmpBytes: UInt64
    package let fileBytes: UInt64
    package let pids: UInt32
    package let cpuPercent: UInt32
    package let openFiles: UInt32

    package init(
        memoryBytes: UInt64,
        tmpBytes: UInt64,
        fileBytes: UInt64,
        pids: UInt32,
        cpuPercent: UInt32,
        openFiles: UInt32
    ) {
        self.memoryBytes = memoryBytes
        self.tmpBytes = tmpBytes
        self.fileBytes = fileBytes
        self.pids = pids
        self.cpuPercent = cpuPercent
        self.openFiles = openFiles
    }
}

/// A configured directory that a session is to have, and which one it was when the host looked at it.
///
/// The spawner mounts no other: what a link leads to may have changed since.
package struct WireExtraMount: Sendable, Equatable {
    package let name: String
    /// `st_dev` and `st_ino` of the directory that was looked at.
    package let device: UInt64
    package let inode: UInt64

    package init(name: String, device: UInt64, inode: UInt64) {
        self.name = name
        self.device = device
        self.inode = inode
    }
}

/// What the host asks for: names only, which the spawner resolves beneath its configured directories.
package struct SpawnPlan: Sendable, Equatable {
    package let agentGroup: String
    package let session: String
    package let incarnation: Int64
    /// Folder below `groups/`; empty: /workspace/agent is an empty tmpfs.
    package let groupFolder: String
    /// Folder below `data/composed/<agentGroup>/`; empty: no instructions.
    package let generation: String
    package let extraMounts: [WireExtraMount]
    package let limits: WireLimits
    /// Name of a time zone, or empty.
    package let timeZone: String
    package let program: WireProgram

    package init(
        agentGroup: String,
        session: String,
        incarnation: Int64,
        groupFolder: String,
        generation: String,
        extraMounts: [WireExtraMount],
        limits: WireLimits,
        timeZone: String,
        program: WireProgram
    ) {
        self.agentGroup = agentGroup
        self.session = session
        self.incarnation = incarnation
        self.groupFolder = groupFolder
        self.generation = generation
        self.extraMounts = extraMounts
        self.limits = limits
        self.timeZone = timeZone
        self.program = program
    }

    /// The content of the sealed memfd.
    package func encoded() -> [UInt8] {
        var writer = WireWriter()
        writer.put(UInt32(0x4E43_5032))
        for text in [agentGroup, session, groupFolder, generation, timeZone] { writer.put(text) }
        writer.put(incarnation)
        writer.put(extraMounts) { writer, mount in
            writer.put(mount.name)
            writer.put(mount.device)
            writer.put(mount.inode)
        }
        writer.put(limits.memoryBytes)
        writer.put(limits.tmpBytes)
        writer.put(limits.fileBytes)
        writer.put(limits.pids)
        writer.put(limits.cpuPercent)
        writer.put(limits.openFiles)
        switch program {
        case .runner: writer.put(UInt8(1))
        case .recover: writer.put(UInt8(2))
        case .command(let tier, let argv):
            writer.put(UInt8(3))
            writer.put(tier.rawValue)
            writer.put(argv)
        }
        return writer.bytes
    }

    /// Reads a plan and checks every name and bound; throws what is wrong with it.
    package init(decoding bytes: [UInt8]) throws(WireError) {
        var reader = try WireReader(bytes, limit: SandboxWire.maximumPlan)
        let magic: UInt32 = try reader.number("magic")
        guard magic == 0x4E43_5032 else { throw WireError("it is no plan of this version") }
        agentGroup = try reader.text("agentGroup")
        session = try reader.text("session")
        groupFolder = try reader.text("groupFolder")
        generation = try reader.text("generation")
        timeZone = try reader.text("timeZone")
        incarnation = try reader.number("incarnation")
        extraMounts = try reader.list("extraMounts") { reader throws(WireError) in
            WireExtraMount(
                name: try reader.text("mount name"),
                device: try reader.number("mount device"),
                inode: try reader.number("mount inode")
            )
        }
        limits = WireLimits(
            memoryBytes: try reader.number("memoryBytes"),
            tmpBytes: try reader.number("tmpBytes"),
            fileBytes: try reader.number("fileBytes"),
            pids: try reader.number("pids"),
            cpuPercent: try reader.number("cpuPercent"),
            openFiles: try reader.number("openFiles")
        )
        let kind: UInt8 = try reader.number("program")
        switch kind {
        case 1: program = .runner
        case 2: program = .recover
        case 3:
            guard let tier = WireTier(rawValue: try reader.number("tier")) else { throw WireError("no such tier") }
            let argv = try reader.texts("argv")
            guard let first = argv.first, !first.isEmpty else { throw WireError("argv is empty") }
            program = .command(tier: tier, argv: argv)
        default: throw WireError("\(kind) is no program")
        }
        try reader.end()
        for (name, value) in [("agentGroup", agentGroup), ("session", session)]
        where !SandboxWire.isIdentifier(value) {
            throw WireError("\(name) is no identifier")
        }
        for (name, value) in [("groupFolder", groupFolder), ("generation", generation)]
        where !value.isEmpty && !SandboxWire.isIdentifier(value) {
            throw WireError("\(name) is no identifier")
        }
        guard extraMounts.count <= 16, extraMounts.allSatisfy({ SandboxWire.isIdentifier($0.name) }),
            Set(extraMounts.map(\.name)).count == extraMounts.count
        else { throw WireError("extraMounts must be at most 16 different identifiers") }
        guard timeZone.utf8.count <= 64 else { throw WireError("timeZone is longer than 64 bytes") }
        guard limits.memoryBytes >= 16 << 20, limits.pids >= 8, limits.openFiles >= 64, limits.cpuPercent >= 1,
            limits.tmpBytes >= 64 << 10, limits.fileBytes >= 64 << 10
        else { throw WireError("a limit is below its minimum") }
    }
}
