import CLinux
import CentralStore
import ChannelAccounts
import ChannelKit
import ChannelNetwork
import Core
import Foundation
import GRDB
import Glibc
import HostConfiguration
import HostLogging
import Logging
import Sandbox
import ServiceLifecycle
import SessionStore
import Synchronization
import TaskScheduling
import UnixSignals

/// Serves a home until SIGTERM, SIGINT or the cancellation of the task.
///
/// One group of services, started in the order of what stands on what and stopped in reverse: no new input, then the
/// runners end, then the last deliveries, then what they stand on. Throws what stops the start, in words for the person
/// at the terminal.
package func runHost(_ options: HostOptions) async throws {
    // About twelve descriptors a runner: the usual soft limit of 1024 is reached with 80 of them.
    clinux_raise_open_files(1 << 20)
    // Work moves from thread to thread: with a heap for each, every one keeps what it has needed at most, and the whole
    // grows by a sixth in 100,000 messages.
    clinux_limit_arenas(2)
    SQLiteLibrary.begin()
    EventLoops.limit(to: 2)
    let runtime = try await HostRuntime(options)
    defer { runtime.release() }
    try await runtime.serve()
}

extension HostRuntime {
    /// The longest that a graceful stop may take.
    private static let longestStop: Duration = .seconds(20)

    /// Runs all services until the host is told to stop.
    func serve() async throws {
        let logger = log.logger("host")
        let commands = ControlCommands(
            ControlContext(
                home: options.home,
                store: central,
                host: self,
                cli: cli,
                registry: registry,
                traces: traces,
                approvals: approvals,
                levels: log.levels,
                mounts: self.configuration.mounts,
                tasks: taskDesk,
                accounts: accounts,
                time: time
            )
        )
        actions.add([
            CommandAction(
                central: central,
                commands: commands,
                approvals: approvals,
                people: PersonLookup(store: central, registry: registry)
            )
        ])
        approvals.register(CommandApproval(commands: commands))
        let socket = try ControlSocket(
            home: options.home,
            commands: commands,
            group: try controlGroup(),
            limits: controlLimits,
            time: time,
            logger: log.logger("control")
        )
        let parts: [any Service] = [
            HostService("traces") { await self.traces.run() },
            HostService("sandboxes") { try await self.spawner.run() },
            HostService("sessions", stopsItself: true) { try await self.keepSessions() },
            HostService("approvals") { await self.approvals.run() },
            HostService("questions") { await self.questions.run() },
            HostService("channels") { await self.runChannels() },
            HostService("webhooks") { await self.listen() },
            HostService("sweep") { await self.sweep.run() },
            HostService("tasks") {
                await self.scheduler.run(every: min(self.configuration.sweepInterval, .seconds(60)))
            },
            HostService("disk") { await self.fillGuard.wrapped?.run() },
            HostService("control") { try await socket.run() },
        ]
        let manager = ServiceManager(environment: ProcessInfo.processInfo.environment)
        var configuration = ServiceGroupConfiguration(services: parts, logger: log.logger("lifecycle"))
        configuration.maximumGracefulShutdownDuration = Self.longestStop
        let group = ServiceGroup(configuration: configuration)
        services.set(group)
        try ServedMark.set(home: options.home)
        isAccepting.store(true, ordering: .releasing)
        tasks.add { await self.admission.recover() }
        let memory = "\(memoryOfSandboxes >> 20) MiB"
        logger.notice("The host is ready", metadata: ["home": "\(options.home)", "memoryOfSandboxes": "\(memory)"])
        try await withThrowingTaskGroup(of: Bool.self) { tasks in
            tasks.addTask {
                try await group.run()
                return true
            }
            if options.handlesSignals { tasks.addTask { await Self.followSignals(group, logger) } }
            tasks.addTask {
                manager?.tell("READY=1\nSTATUS=\(self.options.home)")
                await self.options.onReady(await self.status())
                return false
            }
            if let manager, manager.watchdog != nil {
                let life = SignOfLife(home: options.home) { [self] in
                    _ = await status()
                    try await central.read { db in _ = try Int.fetchOne(db, sql: "SELECT 1") }
                }
                tasks.addTask {
                    try? await manager.keepAlive(time: self.time) { try await life.prove() }
                    return false
                }
            }
            do {
                // The end of the group, or a second signal, ends everything.
                while let isOver = try await tasks.next(), !isOver {}
            } catch {
                tasks.cancelAll()
                throw error
            }
            tasks.cancelAll()
        }
        manager?.tell("STATUS=the host has stopped")
        try? await traces.flush()
        await sweep.writeActivity()
        // The group holds this object: without this neither would go, and the home would stay locked.
        services.set(nil)
        logger.notice("The host has stopped")
    }

    /// Runs the channel of this machine and every stored account.
    private func runChannels() async {
        do {
            try await accounts.open()
        } catch {
            log.logger("channels").error("The accounts of channels cannot be read", metadata: ["error": "\(error)"])
        }
        await registry.run(self)
    }

    /// Hears webhooks; a port that cannot be had is no reason to end the host.
    private func listen() async {
        do {
            try await webhooks.run()
        } catch {
            log.logger("webhooks").error(
                "Webhooks are not heard: nanoclaw config set webhooks.port, and start again",
                metadata: ["error": "\(error)"]
            )
            await Self.untilCancelled()
        }
    }

    private static func untilCancelled() async {
        let (forever, _) = AsyncStream.makeStream(of: Void.self)
        for await _ in forever {}
    }

    /// Where tasks may be, for those who make them.
    var taskDesk: TaskDesk {
        var desk = TaskDesk()
        desk.timeZone = configuration.timeZone
        desk.hasThreads = { [registry] in registry.adapter($0)?.capabilities.threads ?? false }
        desk.changed = { [scheduler] in scheduler.changed() }
        return desk
    }

    /// The most that all sandboxes may take together.
    private var memoryOfSandboxes: Int {
        SandboxConfiguration(
            home: options.home,
            binaries: options.binaries,
            totalMemory: configuration.sandbox.totalMemory
        )
        .memoryOfAll
    }

    /// Bounds on the control socket's clients, as configured.
    private var controlLimits: ControlSocket.Limits {
        var limits = ControlSocket.Limits()
        limits.connections = configuration.maximumControlClients
        return limits
    }

    /// The group of the machine that the control socket is open to.
    private func controlGroup() throws -> UInt32? {
        guard let name = configuration.controlGroup else { return nil }
        guard let group = getgrnam(name)?.pointee else {
            throw HostError(
                .invalid,
                "control.group: this machine has no group \(name): make it with `groupadd --system \(name)`"
            )
        }
        return group.gr_gid
    }

    /// Stops as the first signal does; ``serve()`` returns when it is done.
    func stopGracefully() async { await services.wrapped?.triggerGracefulShutdown() }

    /// The first signal ends the host gracefully; answers true at the second.
    private static func followSignals(_ group: ServiceGroup, _ logger: Logger) async -> Bool {
        var count = 0
        for await signal in await UnixSignalsSequence(trapping: .sigterm, .sigint) {
            count += 1
            guard count == 1 else { return true }
            logger.notice("The host stops", metadata: ["signal": "\(signal)"])
            ServiceManager(environment: ProcessInfo.processInfo.environment)?.tell("STOPPING=1")
            await group.triggerGracefulShutdown()
        }
        return false
    }

    /// Holds sessions and deliveries; at the end: no new input, runners end, what they said goes out.
    private func keepSessions() async throws {
        try? await gracefulShutdown()
        isAccepting.store(false, ordering: .releasing)
        await supervisor.shutDown()
        let settled = Task { await deliveries.settle() }
        let watch = Task {
            try await time.sleep(for: .seconds(5))
            settled.cancel()
            await tasks.close()
        }
        await settled.value
        watch.cancel()
        await tasks.close()
    }
}

/// A part of the host as a service: its body runs until the group stops it.
private struct HostService: Service, CustomStringConvertible {
    let description: String
    /// The body sees the graceful stop itself and needs time for it.
    private let stopsItself: Bool
    private let body: @Sendable () async throws -> Void

    init(_ name: String, stopsItself: Bool = false, _ body: @escaping @Sendable () async throws -> Void) {
        description = name
        self.stopsItself = stopsItself
        self.body = body
    }

    func run() async throws {
        if stopsItself { return try await body() }
        do {
            try await cancelWhenGracefulShutdown { try await body() }
        } catch is CancellationError where !Task.isCancelled {
            // Its end was asked for.
        }
    }
}
