import CentralStore
import ChannelAccounts
import ChannelKit
import ChannelNetwork
import Core
import Glibc
import HostConfiguration
import HostLogging
import LinuxIO
import Logging
import Sandbox
import TaskScheduling

/// The parts of a host that are made of its options and its configuration.
extension HostRuntime {
    static func log(_ options: HostOptions, _ configuration: HostConfiguration) throws -> HostLog {
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

    static func spawner(
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
                writeRate: configuration.sandbox.writeRate,
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

    static func webhooks(_ configuration: HostConfiguration, _ log: HostLog) -> WebhookListener {
        var options = WebhookOptions(port: configuration.webhooks.port)
        options.host = configuration.webhooks.host
        return WebhookListener(options, logger: log.logger("webhooks"))
    }

    static func accounts(
        _ options: HostOptions,
        _ configuration: HostConfiguration,
        _ central: CentralStore,
        _ registry: ChannelRegistry,
        _ webhooks: WebhookListener,
        _ time: any TimeSource,
        _ log: HostLog
    ) throws -> AccountDesk {
        AccountDesk(
            home: options.home,
            central: central,
            registry: registry,
            catalog: ChannelCatalog(options.platforms),
            http: try HTTPPool(),
            webhooks: webhooks,
            sockets: try WebSocketClient(time: time),
            media: MediaFolder(path: "\(options.home)/data/media", largest: configuration.agentLimits.attachmentBytes),
            publicURL: configuration.webhooks.url,
            time: time,
            logger: log.logger("channels")
        )
    }

    static func settings(_ options: HostOptions, _ configuration: HostConfiguration) -> SupervisorSettings {
        var settings = SupervisorSettings()
        settings.maximumRunners = configuration.maxRunners
        settings.liveness = options.liveness
        return settings
    }

    static func deliveryContext(
        _ central: CentralStore,
        _ registry: ChannelRegistry,
        _ actions: HostActions,
        _ ledger: DirtyLedger,
        _ directMessages: DirectMessages,
        _ agents: AgentCourier,
        _ publisher: LivePublisher,
        _ supervisor: Late<RunnerSupervisor>,
        _ scheduler: Late<TaskScheduler>,
        _ policy: DeliveryPolicy,
        _ tasks: TaskScope,
        _ activity: SessionActivity,
        _ logger: Logger,
        _ time: any TimeSource
    ) -> DeliveryContext {
        DeliveryContext(
            central: central,
            registry: registry,
            actions: actions,
            ledger: ledger,
            directMessages: directMessages,
            agents: agents,
            policy: policy,
            drafts: publisher.drafts,
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
            wake: { await supervisor.wrapped?.wake($0) },
            announce: { turn, handle in
                publisher.ended(turn, of: handle)
                guard let scheduler = scheduler.wrapped, scheduler.hasRuns(in: handle.id) else { return }
                let (end, detail) = HostTaskPort.end(turn)
                tasks.add { await scheduler.turnEnded(turn.messages, in: handle.id, end, detail: detail) }
            },
            handing: { delivery, handle in publisher.handing(delivery, of: handle) },
            delivered: { delivery, handle in
                activity.note(handle.id, at: time.now)
                publisher.delivered(delivery, of: handle)
            }
        )
    }
}
