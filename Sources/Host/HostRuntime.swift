import CentralStore
import ChannelKit
import Channels
import Core
import Egress
import Glibc
import HostConfiguration
import HostLogging
import LinuxIO
import Logging
import Sandbox
import ServiceLifecycle
import SessionStore
import SessionStoreHost
import Synchronization

/// A value that is set once after those who use it were made.
final class Late<Value: Sendable>: Sendable {
    private let value = Mutex<Value?>(nil)

    var wrapped: Value? { value.withLock { $0 } }

    func set(_ new: Value?) { value.withLock { $0 = new } }
}

/// All parts of a running host, put together.
final class HostRuntime: Sendable {
    let options: HostOptions
    let configuration: HostConfiguration
    let central: CentralStore
    let executors: StoreExecutors
    let log: HostLog
    let traces: TraceStore
    let cli: CLIChannel
    let registry: ChannelRegistry
    let spawner: any SandboxSpawning
    let hub = LiveHub()
    let tasks = TaskScope()
    let activity = SessionActivity()
    let ledger: DirtyLedger
    let sessions: SessionManager
    let deliveries: DeliveryService
    let supervisor: RunnerSupervisor
    let router: Router
    let notices: NoticeSender
    let sweep: HostSweep
    let retention: Retention
    let typing: TypingKeeper
    let composer: InstructionComposer
    let groupFolder: GroupFolder
    let owner: FileOwner?
    let time: any TimeSource
    let startedAt: Timestamp
    let isAccepting = Atomic<Bool>(false)
    let services = Late<ServiceGroup>()
    let fillGuard = Late<FillGuard>()
    private let late = Late<RunnerSupervisor>()
    private let lateSweep = Late<HostSweep>()
    /// The right to serve the home, until ``release()``.
    private let lock: HomeLock

    /// Opens everything, and makes a new home first.
    ///
    /// Nothing runs yet.
    init(
        _ options: HostOptions,
        spawner given: (any SandboxSpawning)? = nil,
        time: any TimeSource = SystemTime()
    ) async throws {
        self.options = options
        self.time = time
        let home = options.home
        startedAt = time.now
        lock = try HomeLock.acquire(home: home)
        let isNew = !CentralStore.exists(home: home)
        configuration = try HostConfiguration.load(home: home, writesDefault: true)
        try NewHome.makeDirectories(home)
        // What stands in the way of this is said by what comes next, which writes.
        try? FillGuard.makeWay(home: home, reserve: DiskReserve(configuration.disk))
        log = try Self.log(options, configuration)
        owner = try SandboxConfiguration.serviceOwner(home: home)
        executors = try StoreExecutors()
        central = try CentralStore(lock: lock, time: time)
        traces = try TraceStore(
            home: home,
            limits: TraceLimits(
                maximumAge: configuration.retention.traces,
                maximumBytes: configuration.retention.traceBytes
            ),
            time: time,
            logger: log.logger("traces")
        )
        groupFolder = GroupFolder(home: home, owner: owner)
        if isNew { try await NewHome.populate(home, central, groupFolder, now: time.now) }
        cli = CLIChannel(home: home, store: central, time: time)
        registry = ChannelRegistry([cli] + options.adapters, time: time, logger: log.logger("channels"))
        ledger = DirtyLedger(store: central, marked: try await central.dirtySessions())
        composer = InstructionComposer(home: home, logger: log.logger("instructions"))
        spawner = given ?? Self.spawner(options, configuration, time)
        sessions = SessionManager(
            home: home,
            central: central,
            executors: executors,
            owner: owner,
            attachmentLimits: AttachmentLimits(
                file: configuration.agentLimits.attachmentBytes,
                message: configuration.agentLimits.messageAttachmentBytes
            ),
            time: time
        )
        typing = TypingKeeper(registry: registry, time: time, tasks: tasks) { [late] in late.wrapped?.live[$0] != nil }
        notices = NoticeSender(registry: registry, tasks: tasks, time: time, logger: log.logger("notices"))
        let publisher = LivePublisher(hub: hub, traces: traces, typing: typing, notices: notices, time: time)
        deliveries = DeliveryService(
            Self.deliveryContext(
                central,
                registry,
                AgentCourier(
                    central: central,
                    sessions: sessions,
                    ledger: ledger,
                    registry: registry,
                    limits: configuration.agentMail,
                    traces: traces,
                    activity: activity,
                    supervisor: late,
                    checkRoom: { [fillGuard] in try Self.checkRoom(fillGuard) },
                    time: time,
                    logger: log.logger("agents")
                ),
                publisher,
                late,
                configuration,
                tasks,
                activity,
                log.logger("delivery"),
                time
            )
        )
        supervisor = RunnerSupervisor(
            central: central,
            spawner: spawner,
            deliveries: deliveries,
            ledger: ledger,
            environment: try Surroundings(
                options: options,
                configuration: configuration,
                central: central,
                composer: composer,
                executors: executors,
                publisher: publisher,
                supervisor: late,
                sweep: lateSweep,
                log: log,
                time: time
            ).environment(),
            settings: Self.settings(configuration),
            time: time,
            logger: log.logger("runners"),
            tasks: tasks
        )
        late.set(supervisor)
        router = Router(
            central: central,
            sessions: sessions,
            ledger: ledger,
            supervisor: supervisor,
            registry: registry,
            notices: notices,
            typing: typing,
            traces: traces,
            activity: activity,
            checkRoom: { [fillGuard] in try Self.checkRoom(fillGuard) },
            time: time,
            logger: log.logger("router")
        )
        retention = Retention(
            home: home,
            central: central,
            sessions: sessions,
            supervisor: supervisor,
            executors: executors,
            keeps: configuration.retention,
            time: time,
            logger: log.logger("retention")
        )
        sweep = HostSweep(
            central: central,
            sessions: sessions,
            supervisor: supervisor,
            activity: activity,
            retention: retention,
            period: configuration.sweepInterval,
            time: time,
            logger: log.logger("sweep")
        )
        lateSweep.set(sweep)
        fillGuard.set(try makeFillGuard())
    }

    /// Closes the central database and gives the home up; the last thing that a host does.
    func release() {
        do {
            try central.close()
        } catch {
            log.logger("host").warning("The central database was not closed", metadata: ["error": "\(error)"])
        }
        // What was set late closes circles.
        late.set(nil)
        lateSweep.set(nil)
        fillGuard.set(nil)
        lock.release()
    }

    /// Throws when nothing may be stored.
    private static func checkRoom(_ fillGuard: Late<FillGuard>) throws {
        guard fillGuard.wrapped?.level == .full else { return }
        throw HostError(.unavailable, DiskFailure.full.words)
    }

    private static func log(_ options: HostOptions, _ configuration: HostConfiguration) throws -> HostLog {
        let settings = configuration.log
        let levels = LogLevels(
            standard: Logger.Level(rawValue: settings.level) ?? .info,
            components: settings.components.compactMapValues(Logger.Level.init(rawValue:))
        )
        let isTerminal = isatty(STDERR_FILENO) == 1
        let echo =
            options.echo
            ?? (settings.format == "json" || (settings.format == "auto" && !isTerminal)
                ? .json : .pretty(coloured: isTerminal))
        return HostLog(
            in: try Directory(path: "\(options.home)/data/logs"),
            levels: levels,
            size: settings.fileBytes,
            files: settings.files,
            echo: echo
        )
    }

    private static func spawner(
        _ options: HostOptions,
        _ configuration: HostConfiguration,
        _ time: any TimeSource
    ) -> SandboxSpawner {
        SandboxSpawner(
            SandboxConfiguration(
                home: options.home,
                binaries: options.binaries,
                uidRange: configuration.sandbox.uidRange,
                maximumSandboxes: SandboxConfiguration.sandboxes(forRunners: configuration.maxRunners),
                totalMemory: configuration.sandbox.totalMemory,
                mounts: configuration.mounts.map {
                    SandboxMount(name: $0.name, path: $0.path, writable: $0.isWritable)
                },
                requiredLayers: configuration.sandbox.requiredLayers,
                broker: configuration.sandbox.broker
            ),
            environment: faults,
            time: time
        )
    }

    /// What test builds hand on to the spawner; nothing in any other build.
    private static var faults: [String] {
        #if FAULTS
        getenv("NANOCLAW_CRASH_SANDBOX").map { ["NANOCLAW_CRASH_SANDBOX=\(String(cString: $0))"] } ?? []
        #else
        []
        #endif
    }

    private static func settings(_ configuration: HostConfiguration) -> SupervisorSettings {
        var settings = SupervisorSettings()
        settings.maximumRunners = configuration.maxRunners
        return settings
    }

    private static func deliveryContext(
        _ central: CentralStore,
        _ registry: ChannelRegistry,
        _ agents: AgentCourier,
        _ publisher: LivePublisher,
        _ supervisor: Late<RunnerSupervisor>,
        _ configuration: HostConfiguration,
        _ tasks: TaskScope,
        _ activity: SessionActivity,
        _ logger: Logger,
        _ time: any TimeSource
    ) -> DeliveryContext {
        var policy = DeliveryPolicy()
        policy.giveUpAfter = configuration.deliveryDeadline
        return DeliveryContext(
            central: central,
            registry: registry,
            agents: agents,
            policy: policy,
            time: time,
            logger: logger,
            tasks: tasks,
            found: { finding, handle in
                switch finding {
                case .fine, .hot, .failing: return
                case .busy: tasks.add { await supervisor.wrapped?.endBlocking(handle.id) }
                case .quarantined(let reason): tasks.add { await supervisor.wrapped?.quarantine(handle, reason) }
                }
            },
            announce: { turn, handle in publisher.ended(turn, of: handle) },
            handing: { delivery, handle in publisher.handing(delivery, of: handle) },
            delivered: { delivery, handle in
                activity.note(handle.id, at: time.now)
                publisher.delivered(delivery, of: handle)
            }
        )
    }
}
