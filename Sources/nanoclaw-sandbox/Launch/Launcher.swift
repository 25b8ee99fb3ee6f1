import CCap
import CLinux
import Glibc
import SandboxWire

/// Builds one sandbox, tells the host, and stays until it has ended: the parent of its PID 1.
struct Launcher {
    let configuration: SpawnerConfiguration
    let request: LaunchRequest
    let identities: SessionIdentities?
    let cgroup: String

    private var root: Bool { identities != nil }

    /// Does it all and exits.
    func run() -> Never {
        beginRole("launcher")
        var sandbox: Sandbox?
        var lock: Int32 = -1
        do {
            let plan = try request.readPlan()
            try openLock(plan, into: &lock)
            let report = try build(plan, lock: lock, into: &sandbox)
            guard let built = sandbox else { throw StepError(step: "clone", errno: EINVAL) }
            try step("launcher: no_new_privs", clinux_no_new_privileges())
            if root { try step("launcher: drop capabilities", ccap_keep_only(CAP_KILL)) }
            let sent = Channel.send(
                report,
                over: request.control,
                passing: [built.pidfd, built.runnerListener, built.toolListener]
            )
            guard sent else { throw StepError(step: "the host is gone", errno: EPIPE) }
            built.closeForWatching()
            request.closeForWatching()
            watch(built, lock: lock)
        } catch {
            let failure = error as? StepError ?? StepError(step: "\(error)", errno: EINVAL)
            sandbox?.kill()
            clinux_cgroup_remove(cgroup)
            // The host may try again as soon as it knows.
            if lock >= 0 { close(lock) }
            Channel.send(.failed(step: failure.step, errno: failure.errno), over: request.control)
            _exit(1)
        }
    }

    /// The session's lock: one sandbox at a time.
    ///
    /// PID 1 and the runner inherit it. It is handed out before it is taken, so that whatever fails after it lets go of it.
    private func openLock(_ plan: SpawnPlan, into lock: inout Int32) throws(StepError) {
        let home = try step(
            "open home \(configuration.home)",
            clinux_open_directory(configuration.home)
        )
        defer { close(home) }
        let resolve = UInt64(RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS)
        let path = "data/sessions/\(plan.agentGroup)/\(plan.session)"
        let session = try step(
            "open \(path)",
            clinux_openat2(home, path, UInt64(O_RDONLY | O_DIRECTORY | O_CLOEXEC), 0, resolve)
        )
        defer { close(session) }
        let flags = UInt64(O_RDONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        lock = try step("open lock", clinux_openat2(session, "lock", flags, 0o600, resolve))
        try step("lock: the session has a sandbox already", clinux_flock(lock))
        try makeInbox(session, resolve)
    }

    /// The tools' bind of inbox/ needs it to be there.
    ///
    /// The service's user owns the session: the name may lead through no link, above all not where root makes and gives away.
    private func makeInbox(_ session: Int32, _ resolve: UInt64) throws(StepError) {
        let flags = UInt64(O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        let inbound = try step("open inbound", clinux_openat2(session, "inbound", flags, 0, resolve))
        defer { close(inbound) }
        guard mkdirat(inbound, "inbox", 0o700) == 0 else {
            if errno == EEXIST { return }
            throw StepError(step: "mkdir inbound/inbox", errno: errno)
        }
        guard root else { return }
        let inbox = try step("open inbound/inbox", clinux_openat2(inbound, "inbox", flags, 0, resolve))
        defer { close(inbox) }
        try step("chown inbox", result(fchown(inbox, configuration.serviceUID, configuration.serviceGID)))
    }

    private func build(
        _ plan: SpawnPlan,
        lock: Int32,
        into sandbox: inout Sandbox?
    ) throws(StepError) -> LauncherMessage {
        var degraded: [String] = []
        let binds = try Bind.table(plan, configuration)
        let (tiers, mounts) = try chooseIdentities(binds, &degraded)
        let limits = try makeCgroup(plan, &degraded)

        let channels = try InitChannels()
        let context = InitContext(
            plan: plan,
            configuration: configuration,
            request: request,
            identities: tiers,
            binds: binds,
            mounts: mounts,
            lock: lock,
            channels: channels
        )
        let namespaces =
            CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET
        var pidfd: Int32 = -1
        // The limits hold from its first instruction on.
        let pid = try step(
            "clone",
            limits.isEmpty
                ? clinux_clone(UInt64(namespaces), &pidfd) : clinux_cgroup_clone(cgroup, UInt64(namespaces), &pidfd)
        )
        if pid == 0 {
            var initProcess = InitProcess(context)
            initProcess.run()
        }
        sandbox = Sandbox(pid: pid, pidfd: pidfd, channels: channels)
        if !limits.isEmpty { sandbox?.thawer = clinux_cgroup_thawer(cgroup) }
        channels.closeTheirs()
        for mount in mounts { close(mount.tree) }

        do throws(StepError) {
            if !root { try step("setgroups deny", clinux_write_file("/proc/\(pid)/setgroups", "deny")) }
            try step("uid_map", clinux_write_file("/proc/\(pid)/uid_map", tiers.uidMap))
            try step("gid_map", clinux_write_file("/proc/\(pid)/gid_map", tiers.gidMap))
        } catch {
            // The files of one that is ending can be written no more.
            var end = pollfd(fd: pidfd, events: Int16(POLLIN), revents: 0)
            guard poll(&end, 1, 200) > 0 else { throw error }
        }
        // A PID 1 that is gone already has said why: the collector reads it.
        Channel.send([1], over: channels.initProcess.mine)
        var collector = ReportCollector(channels: channels, lifeline: request.lifeline, control: request.control)
        var finished = try collector.collect()
        try finished.readInitFilter(pid)
        sandbox?.runnerListener = finished.runnerListener
        sandbox?.toolListener = finished.toolListener
        if let end = finished.end { sandbox?.end = end }
        try requireLayers(finished.facts, cgroup: limits, degraded: degraded)
        return .started(pid: pid, root: root, cgroup: limits, degraded: degraded, facts: finished.facts)
    }

    /// Own ids for each tier where mounts can be id-mapped, else the service's; without root the one there is.
    private func chooseIdentities(
        _ binds: [Bind],
        _ degraded: inout [String]
    ) throws(StepError) -> (TierIdentities, [DetachedMount]) {
        guard let identities else {
            degraded.append("uids: runner and tools share one uid, as without root there is no other")
            return (.rootless(), [])
        }
        let mapped = TierIdentities.mapped(identities.base)
        let resolver = try BindResolver(configuration, mapped)
        do throws(StepError) {
            for map in [identities.runnerMap, identities.toolMap] { try step("user namespace for id-maps", map) }
            let mounts = try resolver.detach(binds) { $0 == .runner ? identities.runnerMap : identities.toolMap }
            return (mapped, mounts)
        } catch  where error.step.hasPrefix("mount_setattr") && (error.errno == EINVAL || error.errno == EOPNOTSUPP) {
            degraded.append("idmap: \(error.step) (errno \(error.errno)); the tiers have the service's uid")
            let unmapped = TierIdentities.unmapped(
                identities.base,
                uid: configuration.serviceUID,
                gid: configuration.serviceGID
            )
            let resolver = try BindResolver(configuration, unmapped)
            return (unmapped, try resolver.detach(binds) { _ in -1 })
        }
    }

    /// What of cgroups is in force, or an empty text.
    private func makeCgroup(
        _ plan: SpawnPlan,
        _ degraded: inout [String]
    ) throws(StepError) -> String {
        var limits = clinux_limits(plan.limits)
        var what = [CChar](repeating: 0, count: 256)
        var ruledOut = [CChar](repeating: 0, count: 2048)
        let got = try step(
            "cgroup",
            clinux_cgroup_create(cgroup, &limits, &what, what.count, &ruledOut, ruledOut.count)
        )
        degraded += text(ruledOut).split(separator: "\n").map { "cgroup: \($0)" }
        if got == 1 { degraded.append("cgroup: none; resource limits and the host's watchdog stand in") }
        return got == 1 ? "" : text(what)
    }

    /// Refuses the spawn when a layer that the policy requires is not in force, by what was read back.
    private func requireLayers(_ facts: [WireFacts], cgroup: String, degraded: [String]) throws(StepError) {
        let tiers = facts.filter { $0.role != "init" }
        for layer in configuration.requiredLayers {
            let isThere: Bool
            switch layer {
            case "cgroup": isThere = !cgroup.isEmpty
            case "uids", "idmap": isThere = !degraded.contains { $0.hasPrefix("\(layer):") }
            case "landlock": isThere = tiers.allSatisfy { $0.landlock > 0 && $0.landlockDenies }
            case "seccomp": isThere = facts.allSatisfy { $0.seccomp == 2 }
            default: throw StepError(step: "required layer \(layer): there is none of this name", errno: EINVAL)
            }
            if isThere { continue }
            let reason = degraded.first { $0.hasPrefix("\(layer):") } ?? "\(layer): it is not in force"
            throw StepError(step: "required layer \(reason)", errno: EPERM)
        }
    }

    private func text(_ characters: [CChar]) -> String {
        String(decoding: characters.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// Until PID 1 is dead: passes the host's wishes on, and kills when the host or the spawner is gone.
    private func watch(_ sandbox: Sandbox, lock: Int32) -> Never {
        var end = sandbox.end
        let watched = [sandbox.pidfd, sandbox.channels.initProcess.mine, request.control, request.lifeline]
        var live = watched
        var isKilled = false
        while true {
            var ready = [UInt8](repeating: 0, count: live.count)
            if isKilled { sandbox.sendKill() }
            let patience = isKilled ? Sandbox.thawInterval : -1
            guard clinux_poll(live, Int32(live.count), patience, &ready) > 0 else { continue }
            if ready[1] != 0 {
                switch Channel.receive(watched[1]) {
                case .message(let bytes, _): end = clinux_end(bytes) ?? end
                case .gone: live[1] = -1
                case .nothing: break
                }
            }
            if ready[2] != 0 {
                switch Channel.receive(watched[2]) {
                case .message(let bytes, _):
                    switch bytes.first.flatMap(SpawnerRequest.init(rawValue:)) {
                    case .terminate: clinux_pidfd_signal(sandbox.pidfd, SIGTERM)
                    case .kill: isKilled = true
                    default: break
                    }
                case .gone:
                    isKilled = true
                    live[2] = -1
                case .nothing: break
                }
            }
            if ready[3] != 0 {
                isKilled = true
                live[3] = -1
            }
            if ready[0] != 0 {
                if case .message(let bytes, _) = Channel.receive(watched[1]) { end = clinux_end(bytes) ?? end }
                sandbox.kill()
                // The next spawn of this session may come at once.
                close(lock)
                Channel.send(.exited(code: end.code, signal: end.signal), over: request.control)
                _exit(0)
            }
        }
    }
}

extension clinux_limits {
    init(_ limits: WireLimits) {
        self.init(
            memory_bytes: limits.memoryBytes,
            tmp_bytes: limits.tmpBytes,
            file_bytes: limits.fileBytes,
            pids: limits.pids,
            cpu_percent: limits.cpuPercent,
            open_files: limits.openFiles
        )
    }
}
