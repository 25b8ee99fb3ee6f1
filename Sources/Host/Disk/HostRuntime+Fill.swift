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
    /// The sessions whose runner lives, one for each place: of those that share a group's folder the one that works, or
    /// was used last.
    func growers() async -> [FillGuard.Candidate] {
        var chosen: [String: (runner: LiveRunner, handle: SessionHandle, isWorking: Bool)] = [:]
        for entry in entries.values {
            guard let runner = entry.runner, runner.reason == nil else { continue }
            let isWorking = await isAtWork(entry.handle)
            let folder = entry.handle.groupFolder
            if let other = chosen[folder],
                (other.isWorking ? 1 : 0, other.runner.lastUse) >= (isWorking ? 1 : 0, runner.lastUse)
            {
                continue
            }
            chosen[folder] = (runner, entry.handle, isWorking)
        }
        return chosen.values.map { choice in
            let session = "data/sessions/\(choice.handle.agentGroup)/\(choice.handle.id)"
            return FillGuard.Candidate(
                session: choice.handle.id,
                places: ["groups/\(choice.handle.groupFolder)", "\(session)/outbound", "\(session)/state"]
            )
        }
    }

    /// Ends a runner that fills the disk; its messages end with it, as another try would fill it again.
    func endFilling(_ id: SessionID, _ why: String) {
        live[id]?.kill(.filling(why))
    }
}
