import CLinux
import Glibc
import SandboxWire

/// Takes the host's requests on descriptor 0 and forks a launcher for each; ends with the host.
struct Spawner {
    private var configuration: SpawnerConfiguration?
    private var slots: SessionSlots?
    private var launchers: [Launched] = []
    /// Closed by this process's end, however it comes: the launchers hold the other end.
    private var lifeline: (held: Int32, watched: Int32) = (-1, -1)

    private struct Launched {
        let pid: pid_t
        let pidfd: Int32
        let slot: Int
        let serial: Int
        let cgroup: String
    }
    private var pacer: DiskPacer?
    private var serial = 0

    private let host: Int32 = 0

    /// Waits for its configuration.
    init() {}

    /// Has it: the configuration of a broker, which the host cannot change.
    ///
    /// Tells the host that it serves.
    init(_ configuration: SpawnerConfiguration) { accept(configuration) }

    private mutating func accept(_ configuration: SpawnerConfiguration) {
        slots = SessionSlots(configuration)
        let memory = configuration.totalMemory == 0 ? clinux_cgroup_share() : configuration.totalMemory
        clinux_cgroup_bound(CgroupName.bound(home: configuration.home), memory)
        clinux_cgroup_sweep(CgroupName.prefix(home: configuration.home))
        pacer = DiskPacer(bytesPerSecond: configuration.writeRate)
        self.configuration = configuration
        Channel.send(.exited(code: 0, signal: 0), over: host)
    }

    /// Serves until the host is gone, then ends every launcher.
    mutating func run() -> Never {
        clinux_reset_signals()
        umask(0o077)
        #if FAULTS
        clinux_fault_arm(getenv("NANOCLAW_FAULT"))
        guard clinux_without_arm(getenv("NANOCLAW_WITHOUT")) == 0 else { exit(64) }
        #endif
        signal(SIGPIPE, SIG_IGN)
        chdir("/")
        // Three descriptors a sandbox; each sandbox is given a limit of its own.
        clinux_raise_open_files(CLINUX_MAX_POLLED)
        // Whoever may not leaves it at 0, and the report of each sandbox says so.
        clinux_raise_core_limit()
        // Only the host's socket, and the log that 1 and 2 lead to.
        guard clinux_keep_only([0, 1, 2], 3) == 0, openLifeline() else { exit(71) }
        while true {
            let watched = [host] + launchers.map(\.pidfd)
            var ready = [UInt8](repeating: 0, count: watched.count)
            let patience = launchers.isEmpty ? -1 : pacer?.untilNext ?? -1
            guard clinux_poll(watched, Int32(watched.count), patience, &ready) >= 0 else { continue }
            if !launchers.isEmpty {
                pacer?.look { [launchers] in
                    Dictionary(uniqueKeysWithValues: launchers.map { ($0.serial, $0.cgroup) })
                }
            }
            reap(ready.dropFirst().map { $0 != 0 })
            guard ready[0] != 0 else { continue }
            switch Channel.receive(host, limit: SandboxWire.maximumDatagram) {
            case .gone: end()
            case .nothing: continue
            case .message(let bytes, let descriptors): take(bytes, descriptors)
            }
        }
    }

    private mutating func openLifeline() -> Bool {
        guard let pair = try? Channel.pair() else { return false }
        lifeline = (pair.mine, pair.theirs)
        return true
    }

    private mutating func take(_ bytes: [UInt8], _ descriptors: [Int32]) {
        defer { for descriptor in descriptors { close(descriptor) } }
        switch bytes.first.flatMap(SpawnerRequest.init(rawValue:)) {
        case .configure where configuration == nil:
            do {
                accept(try SpawnerConfiguration(decoding: Array(bytes.dropFirst())))
            } catch {
                Channel.send(.failed(step: "\(error)", errno: EINVAL), over: host)
            }
        case .spawn:
            guard descriptors.count == 6 || descriptors.count == 7 else { return }
            spawn(descriptors)
        case .holdings where descriptors.count == 1:
            guard let configuration, let request = try? HoldingsRequest(decoding: bytes) else { return }
            HoldingsTeller.tell(
                request,
                of: launchers.map(\.pid),
                home: configuration.home,
                over: descriptors[0]
            )
        default: return
        }
    }

    private mutating func spawn(_ descriptors: [Int32]) {
        let control = descriptors[1]
        guard let configuration else {
            Channel.send(.failed(step: "the spawner has no configuration", errno: EINVAL), over: control)
            return
        }
        guard let slot = slots?.take() else {
            let most = "too many sandboxes at once: there is room for \(slots?.count ?? 0)"
            Channel.send(.failed(step: most, errno: EAGAIN), over: control)
            return
        }
        let identities = slots?.identities(slot)
        serial += 1
        let cgroup = CgroupName.session(home: configuration.home, serial: serial)
        var pidfd: Int32 = -1
        #if FAULTS
        clinux_crash_arm_next()
        #endif
        let pid = clinux_clone(0, &pidfd)
        if pid == 0 {
            let request = LaunchRequest(
                plan: descriptors[0],
                control: control,
                bell: descriptors[2],
                events: descriptors[3],
                output: descriptors[4],
                errorOutput: descriptors[5],
                input: descriptors.count == 7 ? descriptors[6] : nil,
                lifeline: lifeline.watched
            )
            let kept = request.descriptors + (identities?.descriptors ?? [])
            clinux_keep_only(kept, Int32(kept.count))
            Launcher(configuration: configuration, request: request, identities: identities, cgroup: cgroup).run()
        }
        #if FAULTS
        clinux_crash_disarm()
        #endif
        guard pid > 0 else {
            slots?.free(slot)
            Channel.send(.failed(step: "fork", errno: -pid), over: control)
            return
        }
        launchers.append(Launched(pid: pid, pidfd: pidfd, slot: slot, serial: serial, cgroup: cgroup))
    }

    private mutating func reap(_ ready: [Bool]) {
        #if FAULTS
        clinux_crash_tell()
        #endif
        for index in launchers.indices.reversed() where index < ready.count && ready[index] {
            var code: Int32 = 0
            var signal: Int32 = 0
            guard clinux_wait(launchers[index].pid, 1, &code, &signal) > 0 else { continue }
            // The launcher has no right to any more. A sandbox whose launcher died dies with it: it is waited for.
            clinux_cgroup_remove(launchers[index].cgroup)
            close(launchers[index].pidfd)
            slots?.free(launchers[index].slot)
            launchers.remove(at: index)
        }
    }

    /// The host is gone: the launchers see the lifeline end, kill what they hold and clean up.
    ///
    /// Who has not after 5 s is killed, and takes its sandbox along.
    private func end() -> Never {
        close(lifeline.held)
        let deadline = clinux_milliseconds() + 5_000
        for launcher in launchers {
            var ready: [UInt8] = [0]
            let left = max(0, deadline - clinux_milliseconds())
            if clinux_poll([launcher.pidfd], 1, Int32(left), &ready) <= 0 {
                clinux_pidfd_signal(launcher.pidfd, SIGKILL)
            }
            clinux_cgroup_remove(launcher.cgroup)
        }
        clinux_cgroup_unbound()
        exit(0)
    }
}
