import CentralStore
import ChannelAccounts
import Core
import Egress
import GRDB
import HostConfiguration
import HostLogging
import LinuxIO
import Logging
import Sandbox
import SessionStoreHost
import TaskScheduling

/// Gives runners what they need of the rest of the host: instructions, models, a place for their output.
struct Surroundings: Sendable {
    let options: HostOptions
    let configuration: HostConfiguration
    let central: CentralStore
    let composer: InstructionComposer
    let executors: StoreExecutors
    let publisher: LivePublisher
    let deliveries: DeliveryService
    let supervisor: Late<RunnerSupervisor>
    let sweep: Late<HostSweep>
    let scheduler: Late<TaskScheduler>
    let log: HostLog
    let time: any TimeSource

    func environment() throws -> RunnerEnvironment {
        let output = RunnerOutput(
            in: try Directory(path: "\(options.home)/data/logs/runners"),
            size: configuration.log.runnerBytes
        )
        let models = ModelRoute()
        let upstreams = ModelUpstreams(
            central: central,
            credentials: Credentials(directory: "\(options.home)/data/credentials"),
            time: time
        )
        let modelLog = log.logger("models")
        let runnerLog = log.logger("runners")
        return RunnerEnvironment(
            prepare: { try await self.prepare($0) },
            serveEgress: { sandbox, handle in
                await withDiscardingTaskGroup { group in
                    group.addTask {
                        await Self.keep(runnerLog, "model route") {
                            try await models.serve(
                                listener: sandbox.modelListener,
                                session: handle.id.rawValue,
                                logger: modelLog
                            ) { try await upstreams.upstream($0) }
                        }
                    }
                    group.addTask {
                        await Self.keep(runnerLog, "tool listener") {
                            try await ToolListener().serve(listener: sandbox.toolListener)
                        }
                    }
                }
            },
            keepOutput: { sandbox, handle, incarnation in
                await withDiscardingTaskGroup { group in
                    for (descriptor, stream) in [(sandbox.output, "stdout"), (sandbox.errorOutput, "stderr")] {
                        group.addTask {
                            await Self.keep(runnerLog, "runner output") {
                                try await output.collect(
                                    descriptor,
                                    stream: stream,
                                    session: handle.id,
                                    incarnation: incarnation
                                )
                            }
                        }
                    }
                }
            },
            liveEvent: { bytes, handle in publisher.event(bytes, of: handle) },
            announceStop: { messages, handle, why in
                await publisher.stopped(messages, of: handle, why)
                await scheduler.wrapped?.sessionChanged(handle.id)
            },
            due: { sweep.wrapped?.due(at: $0) },
            ended: {
                publisher.typing.stop($0.id)
                publisher.statuses.end($0.id)
            },
            settled: { handle in
                publisher.drafts.end(handle.id) { await deliveries.settle(handle.id) }
                await scheduler.wrapped?.sessionChanged(handle.id)
            }
        )
    }

    /// Runs a part of a sandbox's surroundings until it is cancelled; what goes wrong is told, not passed on.
    private static func keep(_ logger: Logger, _ part: String, _ body: () async throws -> Void) async {
        do {
            try await body()
        } catch {
            guard !Task.isCancelled, !(error is CancellationError) else { return }
            logger.error(
                "A part of a sandbox's surroundings failed",
                metadata: ["part": "\(part)", "error": "\(error)"]
            )
        }
    }

    private func prepare(_ handle: SessionHandle) async throws -> (SessionProjection, SpawnInputs) {
        let projection = try await central.projection(
            of: handle,
            defaults: configuration.agentLimits,
            timeZone: configuration.timeZone
        )
        let grants = try MountPolicy.grants(
            projection.config.mounts,
            folder: projection.group.folder,
            home: options.home,
            configuration: configuration
        )
        let inUse = Set(supervisor.wrapped?.live.all.map(\.value.plan.generation) ?? [])
        let generation = try await executors.run {
            try composer.write(projection.group, projection.config, inUse: inUse)
        }
        let defaults = configuration.sandbox
        let limits = projection.config.sandboxLimits(
            SandboxLimits(
                memoryBytes: defaults.memoryBytes,
                pids: defaults.pids,
                cpuPercent: defaults.cpuPercent,
                tmpBytes: defaults.tmpBytes,
                fileBytes: defaults.fileBytes,
                openFiles: defaults.openFiles
            )
        )
        return (
            projection,
            SpawnInputs(
                generation: generation,
                mounts: grants.map {
                    SandboxRequest.ExtraMount(name: $0.name, device: $0.device, inode: $0.inode)
                },
                limits: limits,
                timeZone: projection.configuration.timeZone
            )
        )
    }
}
