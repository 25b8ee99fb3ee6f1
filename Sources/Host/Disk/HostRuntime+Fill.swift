import Core
import HostConfiguration
import HostLogging
import Logging
import SessionStore
import SessionStoreHost

extension DiskReserve {
    init(_ configured: HostConfiguration.Disk) {
        self.init(bytes: configured.reserveBytes, files: configured.reserveFiles)
    }
}

extension HostRuntime {
    /// The watch over the home's disk, tied to this host's sessions.
    func makeFillGuard() throws -> FillGuard {
        try FillGuard(
            home: options.home,
            reserve: DiskReserve(configuration.disk),
            time: time,
            logger: log.logger("disk"),
            actions: FillGuard.Actions(
                isBusy: { [supervisor] in !supervisor.live.isEmpty },
                candidates: { [supervisor] in await supervisor.growers() },
                holdings: { [spawner] in await spawner.holdings(of: $0) },
                end: { [supervisor] in await supervisor.endFilling($0, $1) },
                tellOwner: { [deliveries, notices] text in
                    guard let owner = await deliveries.ownerAddress() else { return }
                    notices.send(text, to: owner, as: "NanoClaw")
                }
            )
        )
    }
}

extension RunnerSupervisor {
    /// The sessions whose runner lives, those that work or were used last first: of those that share a group's folder it
    /// counts for the first.
    func growers() async -> [FillGuard.Candidate] {
        var running: [(runner: LiveRunner, handle: SessionHandle, rank: (Int, Duration))] = []
        for entry in entries.values {
            guard let runner = entry.runner, runner.reason == nil else { continue }
            let isWorking = await isAtWork(entry.handle)
            running.append((runner, entry.handle, (isWorking ? 1 : 0, runner.lastUse)))
        }
        var folders: Set<String> = []
        return running.sorted { $0.rank > $1.rank }.map { one in
            let folder = "groups/\(one.handle.groupFolder)"
            let session = "data/sessions/\(one.handle.agentGroup)/\(one.handle.id)"
            let own = ["\(session)/outbound", "\(session)/state"]
            return FillGuard.Candidate(
                session: one.handle.id,
                folders: folders.insert(folder).inserted ? [folder] + own : own,
                pid: one.runner.sandbox.pid
            )
        }
    }

    /// Ends a runner that fills the disk; its messages end with it, as another try would fill it again.
    func endFilling(_ id: SessionID, _ why: String) {
        live[id]?.kill(.filling(why))
    }
}
