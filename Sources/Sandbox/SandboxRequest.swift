package import Core
package import LinuxIO
import SandboxWire

/// What one sandbox may use at most.
package struct SandboxLimits: Codable, Sendable, Hashable {
    /// Bytes of memory of all its processes; default 1 GiB.
    package var memoryBytes: Int
    /// Processes and threads; default 256.
    package var pids: Int
    /// Percent of one core; default 200.
    package var cpuPercent: Int
    /// Bytes of each tier's /tmp; default 256 MiB.
    package var tmpBytes: Int
    /// Bytes of one file; default 1 GiB.
    package var fileBytes: Int
    /// Open files of one process; default 1024.
    package var openFiles: Int

    package init(
        memoryBytes: Int = 1 << 30,
        pids: Int = 256,
        cpuPercent: Int = 200,
        tmpBytes: Int = 256 << 20,
        fileBytes: Int = 1 << 30,
        openFiles: Int = 1024
    ) {
        self.memoryBytes = memoryBytes
        self.pids = pids
        self.cpuPercent = cpuPercent
        self.tmpBytes = tmpBytes
        self.fileBytes = fileBytes
        self.openFiles = openFiles
    }

    func wire() throws -> WireLimits {
        for (name, value, minimum) in [
            ("memoryBytes", memoryBytes, 16 << 20), ("pids", pids, 8), ("cpuPercent", cpuPercent, 1),
            ("tmpBytes", tmpBytes, 64 << 10), ("fileBytes", fileBytes, 64 << 10), ("openFiles", openFiles, 64),
        ] where value < minimum || (minimum <= 64 && value > 1 << 24) {
            throw SandboxError(
                .request,
                step: "limit \(name)",
                errno: 22,
                "\(value) is out of bounds: at least \(minimum)"
            )
        }
        return WireLimits(
            memoryBytes: UInt64(memoryBytes),
            tmpBytes: UInt64(tmpBytes),
            fileBytes: UInt64(fileBytes),
            pids: UInt32(pids),
            cpuPercent: UInt32(cpuPercent),
            openFiles: UInt32(openFiles)
        )
    }
}

/// One spawn: names only; what they stand for is the configuration's.
package struct SandboxRequest: Sendable {
    /// Which of the two tiers.
    package enum Tier: String, Codable, Sendable {
        /// Message files and the model route.
        case runner
        /// What the model runs.
        case tool
    }

    /// What runs in it.
    package enum Program: Sendable, Hashable {
        /// `agent-runner`.
        case runner
        /// `agent-runner --recover`: rolls back a hot journal and ends.
        case recover
        /// Any command; the sandbox ends with it.
        case command(tier: Tier, argv: [String])
    }

    /// A directory of the box by its name in the configuration, and which one it was when the mount policy looked at it.
    ///
    /// Another one in its place, because a link was changed meanwhile, refuses the spawn.
    package struct ExtraMount: Sendable, Hashable {
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

    package var agentGroup: AgentGroupID
    package var session: SessionID
    package var incarnation: Incarnation
    /// Folder below `groups/`; empty: the tools start in an empty tmpfs.
    package var groupFolder: String
    /// Folder below `data/composed/<agentGroup>/`; empty: no instructions.
    package var generation: String
    /// Configured mounts, each with the directory that was looked at.
    package var extraMounts: [ExtraMount]
    package var limits: SandboxLimits
    /// Name of a time zone, or empty.
    package var timeZone: String
    package var program: Program
    /// Standard input of a command; nil: /dev/null.
    package var input: Descriptor?

    package init(
        agentGroup: AgentGroupID,
        session: SessionID,
        incarnation: Incarnation,
        groupFolder: String,
        generation: String,
        extraMounts: [ExtraMount] = [],
        limits: SandboxLimits = SandboxLimits(),
        timeZone: String = "",
        program: Program = .runner
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

    /// The plan as the spawner takes it; throws what of it would be refused.
    func plan() throws -> [UInt8] {
        let program: WireProgram =
            switch self.program {
            case .runner: .runner
            case .recover: .recover
            case .command(let tier, let argv): .command(tier: tier == .runner ? .runner : .tool, argv: argv)
            }
        let plan = SpawnPlan(
            agentGroup: agentGroup.rawValue,
            session: session.rawValue,
            incarnation: incarnation,
            groupFolder: groupFolder,
            generation: generation,
            extraMounts: extraMounts.map { WireExtraMount(name: $0.name, device: $0.device, inode: $0.inode) },
            limits: try limits.wire(),
            timeZone: timeZone,
            program: program
        )
        let bytes = plan.encoded()
        do {
            _ = try SpawnPlan(decoding: bytes)
        } catch {
            throw SandboxError(.request, step: "plan", errno: 22, "\(error)")
        }
        return bytes
    }
}
