import CentralStore
import Core
import Foundation
import Glibc
import LinuxIO
import Sandbox

/// The change of a home from one release's programs to another's.
///
/// Each step is written down before it begins and may be done again, so that whatever is killed at whatever moment, the
/// upgrade can be ended (``resume()``) or taken back (``goBack()``).
struct Upgrade {
    let home: String
    let programs: ProgramFolder
    let timeout: Duration
    /// `.upgrade/` of the programs, held by this upgrade alone.
    let work: Directory
    let state: HomeState

    init(home: String, programs: ProgramFolder, timeout: Duration) throws {
        self.home = home
        self.programs = programs
        self.timeout = timeout
        work = try programs.enter()
        state = HomeState(home: home)
    }

    // MARK: - Begin

    /// Tries the release on a copy and changes to it.
    func begin(from release: ProgramFolder, mayRestart: Bool, onlyChecks: Bool) async throws {
        if let open = try UpgradeJournal.read(work) {
            throw CommandFailure(
                .failed,
                "the upgrade of \(open.home) that began at \(open.id) was interrupted: "
                    + "end it with --resume, or go back with --back, and --home \(ShellText.quoted(open.home))"
            )
        }
        guard release.path != programs.path else {
            throw CommandFailure(
                .usage,
                "\(release.path) holds the programs that are to be changed: --from names the new release, "
                    + "--programs the place of the old one"
            )
        }
        try UpgradeMark.check(home: home)
        guard CentralStore.exists(home: home) else {
            throw CommandFailure(
                .failed,
                "\(home) is no home yet: start the new release on it, there is nothing to upgrade"
            )
        }
        let run = onlyChecks ? nil : try HostRun.find(home: home, mayRestart: mayRestart)
        let id = SystemTime().now.description.replacing(":", with: "-")
        do {
            try checkRoom(release)
            try programs.stage(release)
            crashPoint("upgrade.staged")
            if !onlyChecks, try programs.isUnchanged() {
                say("the programs in \(programs.path) are these already: nothing to do")
                return try tidy()
            }
            try await check(id, environment: run?.environment ?? [:])
        } catch {
            try? tidy()
            throw error
        }
        guard let run else { return try tidy() }
        var journal = UpgradeJournal(id: id, home: home, step: .stopping, run: run)
        try journal.write(work)
        try await proceed(&journal)
    }

    /// Goes on where an upgrade was interrupted.
    func resume() async throws {
        var journal = try interrupted()
        try await proceed(&journal)
    }

    /// Goes back from where an upgrade was interrupted; throws when the new host has served.
    func goBack() async throws {
        var journal = try interrupted()
        if [.stopping, .saving].contains(journal.step) { return try await abandon(&journal) }
        if [.starting, .returning].contains(journal.step), await hasServed() {
            throw CommandFailure(
                .failed,
                "the new host has served and may have taken messages, which would be lost: --resume ends the upgrade"
            )
        }
        try await putBack(&journal, reason: nil)
    }

    private func interrupted() throws -> UpgradeJournal {
        guard let journal = try UpgradeJournal.read(work), journal.home == home else {
            throw CommandFailure(.failed, "no upgrade of \(home) with the programs in \(programs.path) was interrupted")
        }
        return journal
    }

    // MARK: - Steps

    private func proceed(_ journal: inout UpgradeJournal) async throws {
        if [.returning, .returned].contains(journal.step) {
            return try await putBack(&journal, reason: journal.reason)
        }
        if journal.step != .starting {
            do {
                try await save(&journal)
            } catch {
                say("\(error)")
                try await abandon(&journal)
                throw CommandFailure(.failed, "the upgrade was given up: \(error)")
            }
            do {
                try change(&journal)
            } catch {
                return try await putBack(&journal, reason: "the programs could not be changed: \(error)")
            }
        }
        try await startNew(&journal)
    }

    /// Starts the new host and ends the upgrade, or puts the old one back when the new one has not served.
    private func startNew(_ journal: inout UpgradeJournal) async throws {
        say("starting the new host")
        try UpgradeMark.clear(state.upgrades())
        let problem = await start(&journal)
        if let problem, await !hasServed() { return try await putBack(&journal, reason: problem) }
        crashPoint("upgrade.ready")
        if !journal.run.wasRunning { try await journal.run.stop(home: home) }
        try end(journal, keepsLog: problem != nil)
        if let problem {
            throw CommandFailure(
                .failed,
                "the new host has served \(home), so that nothing is put back, and is not ready any more: \(problem). "
                    + "Its log: \(log(journal.run)). The upgrade has ended: another release is changed to with "
                    + "`nanoclaw upgrade --from DIR`"
            )
        }
        say(
            "upgraded: the new host " + (journal.run.wasRunning ? "serves" : "was ready and is stopped again")
                + " \(home)"
        )
    }

    /// Stops the host, and copies state and programs.
    private func save(_ journal: inout UpgradeJournal) async throws {
        if journal.step == .stopping {
            if journal.run.wasRunning { say("stopping the host") }
            crashPoint("upgrade.stopping")
        }
        try await journal.run.stop(home: home)
        crashPoint("upgrade.stopped")
        let lock = try HomeLock.acquire(home: home)
        defer { lock.release() }
        guard journal.step != .switching else { return }
        try move(&journal, to: .saving)
        try state.forgetServed()
        try UpgradeMark.set(state.upgrades(), program: "\(programs.path)/nanoclaw")
        let folder = try state.folder(journal.id)
        try folder.makeDirectory("state")
        say("saving the state: \(state.size() >> 20) MiB")
        try state.save(to: folder.directory("state"))
        try programs.keep()
        try UnitFiles(journal.run.manager)?.keep(work)
        crashPoint("upgrade.saved")
        try move(&journal, to: .switching)
    }

    /// Puts the new programs, and the units that they want, into place.
    private func change(_ journal: inout UpgradeJournal) throws {
        let lock = try HomeLock.acquire(home: home)
        defer { lock.release() }
        say("changing the programs in \(programs.path)")
        try programs.placeNew()
        try UnitFiles(journal.run.manager)?.renew(programs, home: home)
        crashPoint("upgrade.switched")
        try move(&journal, to: .starting)
    }

    /// Ends an upgrade that has changed nothing yet.
    private func abandon(_ journal: inout UpgradeJournal) async throws {
        try UpgradeMark.clear(state.upgrades())
        let problem = journal.run.wasRunning ? await start(&journal) : nil
        try end(journal, keepsLog: false)
        if let problem {
            throw CommandFailure(.failed, "nothing was changed, but the host does not come back: \(problem)")
        }
        say("nothing was changed" + (journal.run.wasRunning ? ", and the host serves again" : ""))
    }

    /// Puts old programs and old state back and starts the old host; with a reason it ends as a failure.
    ///
    /// A new host that has served stays: what it was told is nowhere else.
    private func putBack(_ journal: inout UpgradeJournal, reason: String?) async throws {
        if journal.step != .returned {
            var isBack = false
            do {
                if await !hasServed() { isBack = try await restore(&journal, reason) }
            } catch {
                throw CommandFailure(
                    .failed,
                    "\(reason ?? "going back was asked for"); old programs and state could not be put back: \(error); "
                        + "when that is put right, `nanoclaw upgrade --back` goes on"
                )
            }
            guard isBack else { return try await startNew(&journal) }
        }
        try UpgradeMark.clear(state.upgrades())
        var result = "the old programs and the old state are back"
        if journal.run.wasRunning {
            let problem = await start(&journal)
            result += problem.map { ", but the old host is not ready: \($0)" } ?? ", and the old host serves \(home)"
        }
        try end(journal, keepsLog: true)
        guard let reason else { return say(result) }
        throw CommandFailure(.failed, "the new release failed: \(reason); \(result). Its log: \(log(journal.run))")
    }

    /// Says false, and changes nothing, when the new host has begun to serve.
    private func restore(_ journal: inout UpgradeJournal, _ reason: String?) async throws -> Bool {
        say((reason.map { "\($0): " } ?? "") + "going back")
        journal.reason = reason
        try move(&journal, to: .returning)
        crashPoint("upgrade.returning")
        if let child = journal.child {
            try await killRecorded(pid: child.pid, startTime: child.startTime, bootID: child.bootID)
        }
        try await journal.run.stop(home: home)
        let lock = try HomeLock.acquire(home: home)
        defer { lock.release() }
        // Until it was stopped it could.
        guard !ServedMark.isSet(home: home) else { return false }
        try UpgradeMark.set(state.upgrades(), program: "\(programs.path)/nanoclaw")
        try programs.placeOld()
        try UnitFiles(journal.run.manager)?.putBack(work)
        crashPoint("upgrade.programs-back")
        try state.putBack(from: state.folder(journal.id).directory("state"))
        crashPoint("upgrade.state-back")
        journal.child = nil
        try move(&journal, to: .returned)
        return true
    }

    private func move(_ journal: inout UpgradeJournal, to step: UpgradeJournal.Step) throws {
        journal.step = step
        try journal.write(work)
    }

    /// Takes away what the upgrade has kept; the journal goes first.
    private func end(_ journal: UpgradeJournal, keepsLog: Bool) throws {
        try work.remove(UpgradeJournal.name)
        try work.descriptor.synchronize()
        if !keepsLog, !journal.run.wasRunning { unlink("\(home)/data/logs/upgrade.log") }
        crashPoint("upgrade.ended")
        try tidy()
    }

    /// Also what an upgrade has left that was killed when nothing was written down; another folder's programs may be at work
    /// on the same home.
    private func tidy() throws {
        for name in ["new", "old", "units"] { try work.remove(name) }
        let upgrades = try state.upgrades()
        for id in try upgrades.names() where isOurs(id, upgrades) { try TreeMirror().remove(id, upgrades) }
        // What holds nothing any more; neither is missed when it is in use.
        rmdir(programs.work)
        if rmdir("\(home)/data/upgrades") == 0 { try state.forgetServed() }
    }

    private func isOurs(_ id: String, _ upgrades: Directory) -> Bool {
        (try? upgrades.contents("\(id)/\(Self.owner)", limit: 8192)) == Array(programs.path.utf8)
    }

    /// Names in an upgrade's folder of the home which programs it is of.
    static let owner = "programs"

    func say(_ text: String) { Console.out(SafeText.oneLine(text)) }

    private func log(_ run: HostRun) -> String {
        switch run.manager {
        case .system: "journalctl -u \(ServiceUnits.host)"
        case .user: "journalctl --user -u \(ServiceUnits.host)"
        case .process:
            run.wasRunning
                ? ProgramName.command("logs --home", ShellText.quoted(home)) : "cat \(ShellText.quoted(run.outputs[1]))"
        }
    }
}
