import CLinux
import Glibc
import SandboxWire

/// Builds a tier's root below the anchor and makes it the root of the calling process's mount namespace.
struct RootBuilder {
    private let context: InitContext
    private let tier: WireTier
    private let root = InitContext.anchor

    init(_ context: InitContext, _ tier: WireTier) {
        self.context = context
        self.tier = tier
    }

    /// Leaves the caller in `/` of the finished root, which is read-only.
    ///
    /// Returns a descriptor of /proc/sys/user, where it is writable still.
    func build() throws(StepError) -> Int32 {
        try tmpfs("", bytes: 512 << 10, inodes: 768, mode: 0o755, restrictions: 0)
        for directory in ["/etc", "/dev", "/proc", "/run", "/run/nanoclaw", "/tmp", "/var", "/workspace"] {
            try make(directory)
        }
        try system()
        try EtcFiles(root: root, home: home, shared: tier == .runner ? EtcFiles.runner : EtcFiles.tools).write()
        try devices()
        try step("mount /proc", clinux_mount_proc(root + "/proc"))
        let limits = try step("open /proc/sys/user", clinux_open_directory(root + "/proc/sys/user"))
        try step("ipc limits", clinux_ipc_limits(root + "/proc/sys/kernel", sharedBytes))
        try ProcMasks(root: root).apply()
        let tmp = context.plan.limits.tmpBytes
        try tmpfs("/tmp", bytes: tmp, inodes: 65_536, mode: 0o1777, restrictions: 0)
        try workspace()
        #if FAULTS
        if clinux_without("root") != 0 { try showBox() }
        #endif
        try step("pivot_root", clinux_pivot(root))
        return limits
    }

    /// The tier's home directory, also where it starts.
    var home: String { tier == .runner ? "/workspace/state" : "/workspace/agent" }

    /// Of /dev/shm, and of segments of System V.
    private var sharedBytes: UInt64 { min(context.plan.limits.tmpBytes, 64 << 20) }

    private func make(_ path: String) throws(StepError) {
        try step("mkdir \(path)", clinux_make_directory(root + path, 0o755))
    }

    private func tmpfs(
        _ path: String,
        bytes: UInt64,
        inodes: UInt32,
        mode: UInt32,
        restrictions: Int32,
        owner: UInt32 = 0
    ) throws(StepError) {
        try step(
            "tmpfs \(path.isEmpty ? "/" : path)",
            clinux_tmpfs(root + path, bytes, inodes, mode, owner, owner, restrictions)
        )
    }

    /// What stands on the box, at the same place, read-only.
    private func bind(_ path: String, recursive: Bool = true, restrictions: Int = 0) throws(StepError) {
        let tree = try step("open_tree \(path)", clinux_open_tree(AT_FDCWD, path, recursive ? 1 : 0))
        try step(
            "mount_setattr \(path)",
            clinux_restrict_mount(tree, "", Int32(CLINUX_MOUNT_READ_ONLY | CInt(restrictions)), recursive ? 1 : 0, -1)
        )
        try step("attach \(path)", clinux_attach(tree, root + path))
        close(tree)
    }

    /// /usr, and what the box has as links into it or as directories beside it.
    private func system() throws(StepError) {
        for path in ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"] {
            var target = [CChar](repeating: 0, count: 256)
            switch try step("look at \(path)", clinux_kind(path, &target, target.count)) {
            case 1:
                try make(path)
                try bind(path)
            case 2:
                try step("link \(path)", clinux_make_link(target, root + path))
            default: continue
            }
        }
        for (target, path) in [("/tmp", "/var/tmp"), ("/run", "/var/run")] {
            try step("link \(path)", clinux_make_link(target, root + path))
        }
    }

    #if FAULTS
    /// What a root of its own keeps away: the box's directories, where a test wants to see it without.
    private func showBox() throws(StepError) {
        for path in ["/boot", "/dev", "/etc", "/home", "/mnt", "/opt", "/root", "/srv", "/sys", "/var"] {
            var target: [CChar] = [0]
            guard clinux_kind(path, &target, 1) == 1 else { continue }
            try make(path)
            try bind(path, restrictions: Int(CLINUX_MOUNT_DEVICES))
        }
    }
    #endif

    private func devices() throws(StepError) {
        for name in ["null", "zero", "full", "random", "urandom", "tty"] {
            let path = "/dev/\(name)"
            try step("make \(path)", clinux_make_file(root + path, "", 0o666))
            let tree = try step("open_tree \(path)", clinux_open_tree(AT_FDCWD, path, 0))
            let restrictions = Int32(CLINUX_MOUNT_DEVICES | CLINUX_MOUNT_NO_EXEC)
            try step("mount_setattr \(path)", clinux_restrict_mount(tree, "", restrictions, 0, -1))
            try step("attach \(path)", clinux_attach(tree, root + path))
            close(tree)
        }
        let links = [
            ("/proc/self/fd", "fd"), ("/proc/self/fd/0", "stdin"), ("/proc/self/fd/1", "stdout"),
            ("/proc/self/fd/2", "stderr"), ("pts/ptmx", "ptmx"),
        ]
        for (target, name) in links {
            try step("link /dev/\(name)", clinux_make_link(target, "\(root)/dev/\(name)"))
        }
        try make("/dev/pts")
        try step("mount /dev/pts", clinux_mount_devpts(root + "/dev/pts", 0))
        try make("/dev/shm")
        try tmpfs(
            "/dev/shm",
            bytes: sharedBytes,
            inodes: 1024,
            mode: 0o1777,
            restrictions: Int32(CLINUX_MOUNT_NO_EXEC)
        )
    }

    /// The table of the design, §11.
    ///
    /// Every target is made in the tmpfs, never in a tree that an agent writes.
    private func workspace() throws(StepError) {
        if tier == .tool {
            try make("/workspace/inbound")
            try step("link nanoclaw", clinux_make_link("agent-runner", root + "/run/nanoclaw/nanoclaw"))
        }
        for mount in context.mounts(of: tier) {
            let target = mount.bind.target
            if target.hasPrefix("/workspace/extra/") { try make("/workspace/extra") }
            if mount.bind.isFile {
                try step("make \(target)", clinux_make_file(root + target, "", 0o755))
            } else {
                try make(target)
            }
            try step("attach \(target)", clinux_attach(mount.tree, root + target))
            close(mount.tree)
        }
        if tier == .tool, context.plan.groupFolder.isEmpty {
            try make("/workspace/agent")
            try tmpfs(
                "/workspace/agent",
                bytes: context.plan.limits.tmpBytes,
                inodes: 65_536,
                mode: 0o700,
                restrictions: 0,
                owner: context.identities.tool
            )
        }
        if context.plan.generation.isEmpty { try make("/workspace/instructions") }
    }
}
