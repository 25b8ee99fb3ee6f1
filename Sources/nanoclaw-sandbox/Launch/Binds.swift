import CLinux
import Glibc
import SandboxWire

/// One directory or file of the box that a tier is given.
struct Bind {
    enum Source {
        /// Beneath the home.
        case home(String)
        /// A configured path.
        case path(String)
        /// A configured path whose links are followed; only to the directory that the host looked at.
        case checked(String, WireExtraMount)
    }

    let tier: WireTier
    let source: Source
    /// Where it stands inside.
    let target: String
    let restrictions: Int32
    /// True for what the tier writes: it must belong to the service's uid.
    let owned: Bool
    let isFile: Bool

    private init(
        _ tier: WireTier,
        _ source: Source,
        _ target: String,
        _ restrictions: Int32,
        owned: Bool = false,
        isFile: Bool = false
    ) {
        self.tier = tier
        self.source = source
        self.target = target
        self.restrictions = restrictions
        self.owned = owned
        self.isFile = isFile
    }

    private static let readOnly = Int32(CLINUX_MOUNT_READ_ONLY | CLINUX_MOUNT_NO_EXEC)
    private static let writable = Int32(CLINUX_MOUNT_NO_EXEC)

    /// The table of the design, §11: what each tier sees of the home.
    static func table(
        _ plan: SpawnPlan,
        _ configuration: SpawnerConfiguration
    ) throws(StepError) -> [Bind] {
        let session = "data/sessions/\(plan.agentGroup)/\(plan.session)"
        var binds = [
            Bind(.runner, .home("\(session)/inbound"), "/workspace/inbound", readOnly),
            Bind(.runner, .home("\(session)/outbound"), "/workspace/outbound", writable, owned: true),
            Bind(.runner, .home("\(session)/state"), "/workspace/state", writable, owned: true),
            Bind(.tool, .home("\(session)/inbound/inbox"), "/workspace/inbound/inbox", readOnly),
        ]
        for tier in [WireTier.runner, .tool] {
            if !plan.generation.isEmpty {
                let composed = "data/composed/\(plan.agentGroup)/\(plan.generation)"
                binds.append(Bind(tier, .home(composed), "/workspace/instructions", readOnly))
            }
            let runner = "\(configuration.binaries)/agent-runner"
            var target: [CChar] = [0]
            let exists = clinux_kind(runner, &target, 1) == 3
            if case .command = plan.program, !exists { continue }
            binds.append(
                Bind(
                    tier,
                    .path(runner),
                    "/run/nanoclaw/agent-runner",
                    Int32(CLINUX_MOUNT_READ_ONLY),
                    isFile: true
                )
            )
        }
        if !plan.groupFolder.isEmpty {
            binds.append(Bind(.tool, .home("groups/\(plan.groupFolder)"), "/workspace/agent", 0, owned: true))
        }
        for extra in plan.extraMounts {
            guard let mount = configuration.mounts.first(where: { $0.name == extra.name }) else {
                throw StepError(step: "mount \(extra.name): it is not among `mounts:` of config.yaml", errno: EACCES)
            }
            // A toolchain is such a mount. What is written there stays data, as in the runner's folders.
            let restrictions = mount.writable ? writable : Int32(CLINUX_MOUNT_READ_ONLY)
            binds.append(Bind(.tool, .checked(mount.path, extra), "/workspace/extra/\(extra.name)", restrictions))
        }
        return binds
    }
}

/// A bind as a detached mount, to be attached in the sandbox's own mount namespace.
struct DetachedMount {
    let bind: Bind
    let tree: Int32
}

/// Resolves the sources of binds, beneath the home without following any link, and clones them as detached mounts.
struct BindResolver {
    let configuration: SpawnerConfiguration
    let home: Int32
    let identities: TierIdentities

    init(_ configuration: SpawnerConfiguration, _ identities: TierIdentities) throws(StepError) {
        self.configuration = configuration
        self.identities = identities
        home = try step(
            "open home \(configuration.home)",
            clinux_open_directory(configuration.home)
        )
    }

    /// The source itself, checked for kind and owner.
    func open(_ bind: Bind) throws(StepError) -> Int32 {
        let flags = clinux_path_only | UInt64(O_CLOEXEC | O_NOFOLLOW | (bind.isFile ? 0 : O_DIRECTORY))
        let source: Int32
        let name: String
        switch bind.source {
        case .home(let path):
            name = path
            let resolve = UInt64(RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS)
            source = try step("open \(path)", clinux_openat2(home, path, flags, 0, resolve))
        case .path(let path):
            name = path
            source = try step("open \(path)", clinux_openat2(AT_FDCWD, path, flags, 0, UInt64(RESOLVE_NO_MAGICLINKS)))
        case .checked(let path, let extra):
            return try open(path, as: extra)
        }
        guard bind.owned, identities.root else { return source }
        var status = stat()
        try step("stat \(name)", result(fstat(source, &status)))
        guard status.st_uid == configuration.serviceUID else {
            throw StepError(
                step: "\(name) belongs to uid \(status.st_uid), not to \(configuration.serviceUID), the owner of what "
                    + "sandboxes write: chown -R \(configuration.serviceUID) it",
                errno: EPERM
            )
        }
        return source
    }

    private func open(_ path: String, as extra: WireExtraMount) throws(StepError) -> Int32 {
        // Whoever writes on the way chooses where it leads, and may be in league with who tells which directory it is.
        let written = configuration.mounts.filter { $0.writable && $0.name != extra.name }.map(\.path)
        for place in [configuration.home] + written {
            guard try step("follow \(path)", clinux_leads_through(path, place)) == 1 else { continue }
            throw StepError(
                step: "mount \(extra.name): \(path) leads through \(place), which sandboxes write",
                errno: EXDEV
            )
        }
        let flags = clinux_path_only | UInt64(O_CLOEXEC | O_DIRECTORY)
        let source = try step("open \(path)", clinux_openat2(AT_FDCWD, path, flags, 0, UInt64(RESOLVE_NO_MAGICLINKS)))
        var status = stat()
        try step("stat \(path)", result(fstat(source, &status)))
        guard UInt64(status.st_dev) == extra.device, UInt64(status.st_ino) == extra.inode else {
            close(source)
            throw StepError(
                step: "mount \(extra.name): \(path) leads to another directory than when it was checked",
                errno: ESTALE
            )
        }
        return source
    }

    /// Clones all; `idmap` tells the user namespace for a tier's ids, or -1.
    func detach(_ binds: [Bind], idmap: (WireTier) -> Int32) throws(StepError) -> [DetachedMount] {
        var mounts: [DetachedMount] = []
        for bind in binds {
            let source = try open(bind)
            // An unprivileged clone must take what is mounted below along.
            let recursive: Int32 = identities.root ? 0 : 1
            let tree = try step("open_tree \(bind.target)", clinux_open_tree(source, "", recursive))
            close(source)
            // The service's files are shown as the tier's. The binary is root's or the service's, and world-readable.
            let map = bind.isFile ? -1 : idmap(bind.tier)
            try step(
                "mount_setattr \(bind.target)",
                clinux_restrict_mount(tree, "", bind.restrictions, recursive, map)
            )
            mounts.append(DetachedMount(bind: bind, tree: tree))
        }
        return mounts
    }
}
