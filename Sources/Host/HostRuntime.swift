import CentralStore
import ChannelAccounts
import ChannelKit
import ChannelNetwork
import Channels
import Core
import Egress
import HostConfiguration
import HostLogging
import LinuxIO
import Logging
import Sandbox
import ServiceLifecycle
import SessionStore
import SessionStoreHost
import Synchronization
import TaskScheduling

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
    let webhooks: WebhookListener
    let accounts: AccountDesk
    let spawner: any SandboxSpawning
    let hub = LiveHub()
    let tasks = TaskScope()
    let activity = SessionActivity()
    let ledger: DirtyLedger
    /// What agents may ask the host for.
    let actions = HostActions()
    let answers: AnswerCourier
    let sessions: SessionManager
    let deliveries: DeliveryService
    let supervisor: RunnerSupervisor
    let pairing: PairingDesk
    let admission: AdmissionDesk
    let router: Router
    let stopping: SessionStop
    let notices: NoticeSender
    let directMessages: DirectMessages
    let cards: CardDesk
    let approvals: ApprovalService
    let questions: QuestionDesk
    let sweep: HostSweep
    let taskPort: HostTaskPort
    let scheduler: TaskScheduler
    let retention: Retention
    let typing: TypingKeeper
    let composer: InstructionComposer
    let groupFolder: GroupFolder
    let groupCreation: GroupCreation
    let owner: FileOwner?
    let time: any TimeSource
    let startedAt: Timestamp
    let isAccepting = Atomic<Bool>(false)
    let services = Late<ServiceGroup>()
    let fillGuard = Late<FillGuard>()
    private let late = Late<RunnerSupervisor>()
    private let lateSweep = Late<HostSweep>()
    private let lateRouter = Late<Router>()
    private let lateScheduler = Late<TaskScheduler>()
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
        let begins = startedAt
        try await central.write(changesRouting: false) { db in try AuditEntry.begin(now: begins, db) }
        cli = CLIChannel(home: home, store: central, time: time)
        registry = ChannelRegistry([cli] + options.adapters, time: time, logger: log.logger("channels"))
        webhooks = Self.webhooks(configuration, log)
        accounts = try Self.accounts(options, configuration, central, registry, webhooks, time, log)
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
        directMessages = DirectMessages(
            central: central,
            registry: registry,
            time: time,
            logger: log.logger("people")
        )
        notices = NoticeSender(
            registry: registry,
            directMessages: directMessages,
            tasks: tasks,
            time: time,
            logger: log.logger("notices")
        )
        let publisher = LivePublisher(
            hub: hub,
            traces: traces,
            typing: typing,
            drafts: DraftBoard(registry: registry, time: time),
            statuses: StatusBoard(registry: registry, time: time),
            notices: notices,
            time: time
        )
        deliveries = DeliveryService(
            Self.deliveryContext(
                central,
                registry,
                actions,
                ledger,
                directMessages,
                AgentCourier(
                    central: central,
                    sessions: sessions,
                    ledger: ledger,
                    directMessages: directMessages,
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
                lateScheduler,
                DeliveryPolicy(giveUpAfter: configuration.deliveryDeadline, recordPatience: options.recordPatience),
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
                deliveries: deliveries,
                supervisor: late,
                sweep: lateSweep,
                scheduler: lateScheduler,
                log: log,
                time: time
            ).environment(),
            settings: Self.settings(options, configuration),
            time: time,
            logger: log.logger("runners"),
            tasks: tasks
        )
        late.set(supervisor)
        answers = AnswerCourier(
            central: central,
            sessions: sessions,
            ledger: ledger,
            supervisor: supervisor,
            time: time,
            logger: log.logger("actions")
        )
        pairing = try await PairingDesk(
            central: central,
            notices: notices,
            time: time,
            logger: log.logger("people"),
            groupChanged: { [late] in await late.wrapped?.groupChanged($0) }
        )
        cards = CardDesk(
            central: central,
            sender: CardSender(
                central: central,
                registry: registry,
                tasks: tasks,
                time: time,
                logger: log.logger("cards")
            ),
            notices: notices,
            time: time,
            logger: log.logger("cards")
        )
        approvals = ApprovalService(
            central: central,
            desk: cards,
            directory: ApproverDirectory(central: central, directMessages: directMessages),
            tasks: tasks,
            time: time,
            logger: log.logger("approvals")
        ) { [answers] asker, result in try await answers.post(ActionAnswer(asker, result)) }
        questions = QuestionDesk(
            central: central,
            cards: cards,
            answers: answers,
            access: ChatAccess(central: central, registry: registry, time: time),
            programs: Set(options.platforms.filter { !$0.hasPeople }.map(\.channel)),
            time: time,
            logger: log.logger("questions")
        )
        cards.register(questions, for: QuestionDesk.purpose)
        actions.add([questions])
        groupCreation = GroupCreation(
            home: home,
            central: central,
            files: groupFolder,
            executors: executors,
            time: time
        )
        admission = AdmissionDesk(
            central: central,
            approvals: approvals,
            directMessages: directMessages,
            notices: notices,
            tasks: tasks,
            time: time,
            logger: log.logger("people"),
            createGroup: { [groupCreation] in try await groupCreation.create(name: $0) },
            groupChanged: { [late] in await late.wrapped?.groupChanged($0) },
            accept: { [lateRouter] event in
                guard let router = lateRouter.wrapped else {
                    throw HostError(.unavailable, "the host is stopping: the next one goes on")
                }
                try await router.accept(event)
            }
        )
        stopping = SessionStop(
            central: central,
            supervisor: supervisor,
            approvals: approvals,
            questions: questions,
            typing: typing
        )
        router = Router(
            central: central,
            sessions: sessions,
            ledger: ledger,
            supervisor: supervisor,
            stopping: stopping,
            registry: registry,
            notices: notices,
            pairing: pairing,
            admission: admission,
            typing: typing,
            traces: traces,
            activity: activity,
            checkRoom: { [fillGuard] in try Self.checkRoom(fillGuard) },
            time: time,
            logger: log.logger("router")
        )
        lateRouter.set(router)
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
            answers: answers,
            period: configuration.sweepInterval,
            time: time,
            logger: log.logger("sweep")
        )
        lateSweep.set(sweep)
        taskPort = HostTaskPort(
            central: central,
            sessions: sessions,
            ledger: ledger,
            supervisor: supervisor,
            deliveries: deliveries,
            notices: notices,
            activity: activity,
            time: time
        )
        scheduler = TaskScheduler(
            central: central,
            port: taskPort,
            time: time,
            logger: log.logger("tasks")
        )
        lateScheduler.set(scheduler)
        actions.add(TaskActions(central: central, desk: taskDesk, time: time).all)
        fillGuard.set(try makeFillGuard())
        addAgentActions()
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
        lateRouter.set(nil)
        lateScheduler.set(nil)
        fillGuard.set(nil)
        lock.release()
    }

    /// Throws when nothing may be stored.
    private static func checkRoom(_ fillGuard: Late<FillGuard>) throws {
        guard fillGuard.wrapped?.level == .full else { return }
        throw HostError(.unavailable, DiskFailure.full.words)
    }
}
