import CentralStore
import Core
import Foundation
import Glibc
import LinuxIO
import Sandbox

extension Upgrade {
    /// Refuses when copy, saved state and programs do not fit.
    func checkRoom(_ release: ProgramFolder) throws {
        // The copy for the check is gone before the state is saved; a part of the state is written anew on the way back.
        let reserve: Int64 = 64 << 20
        var needed: [UInt64: (place: String, bytes: Int64)] = [:]
        let wants = [
            ("\(home)/data", max(state.checkedSize(), state.size()) + reserve),
            // The new ones, and one more set where files cannot have two names.
            (programs.path, release.size + programs.size),
        ]
        for (place, bytes) in wants {
            var status = stat()
            guard stat(place, &status) == 0 else { throw Errno.last("stat \(place)") }
            needed[UInt64(status.st_dev), default: (place, 0)].bytes += bytes
        }
        for (place, bytes) in needed.values {
            var status = statvfs()
            guard statvfs(place, &status) == 0 else { throw Errno.last("statvfs \(place)") }
            let free = Int64(status.f_bavail) * Int64(status.f_frsize)
            guard free >= bytes else {
                throw CommandFailure(
                    .failed,
                    "an upgrade needs \(bytes >> 20) MiB where \(place) lies and \(free >> 20) MiB are free: "
                        + "df -h \(ShellText.quoted(place))"
                )
            }
        }
    }

    /// Lets the new release look at a copy of the home; throws with everything that it objects to.
    func check(_ id: String, environment: [String: String]) async throws {
        let folder = try state.folder(id)
        try folder.replace(Self.owner, with: Array(programs.path.utf8))
        let place = "\(home)/data/upgrades/\(id)"
        let sessions = try state.copy(to: "\(place)/copy", isRunning: HomeLock.holder(home: home) != nil)
        crashPoint("upgrade.copied")
        say("trying the new release on a copy: \(sessions) sessions")
        let child = try ChildProcess(
            ["\(programs.new)/nanoclaw", "upgrade", "--preflight", "--home", "\(place)/copy"],
            environment: environment.isEmpty ? ProcessInfo.processInfo.environment : environment,
            outputs: ["\(place)/answer", "\(place)/errors"]
        )
        let end = try await child.wait(within: timeout + .seconds(60) + .milliseconds(20 * sessions))
        func text(_ name: String) -> String {
            String(decoding: (try? folder.contents(name, limit: 1 << 22)) ?? [], as: UTF8.self)
        }
        guard end == "ended with 0" else {
            let said = SafeText.oneLine(String(text("errors").suffix(500)))
            throw CommandFailure(
                .failed,
                "nothing was changed: the new nanoclaw cannot say whether it can serve this home: it "
                    + (end ?? "did not answer in time") + (said.isEmpty ? "" : ": \(said)")
            )
        }
        guard let answer = try? JSONText.decode(JSONValue.self, text("answer")),
            answer[key: "format"]?.integer == Int64(PreflightAnswer.format),
            let found = try? answer.decoded(as: PreflightAnswer.self)
        else {
            throw CommandFailure(
                .failed,
                "nothing was changed: the new nanoclaw's answer is none that this one (\(Version.current)) understands"
            )
        }
        crashPoint("upgrade.checked")
        guard found.problems.isEmpty else {
            let lines = found.problems.map {
                "\n  " + SafeText.oneLine($0.replacing("\(place)/copy", with: home))
            }
            throw CommandFailure(
                .failed,
                "nothing was changed: release \(found.version) cannot serve this home:\(lines.joined())"
            )
        }
        let changes = found.migrations.isEmpty ? "" : ", migrations \(found.migrations.joined(separator: ", "))"
        say("release \(found.version) can serve this home\(changes)")
        try TreeMirror().remove("copy", folder)
    }

    /// Starts the host unless one serves already; nil when it is ready, else why not.
    func start(_ journal: inout UpgradeJournal) async -> String? {
        var child: ChildProcess?
        do {
            if HomeLock.holder(home: home) == nil {
                if let earlier = journal.child {
                    try await killRecorded(pid: earlier.pid, startTime: earlier.startTime, bootID: earlier.bootID)
                }
                child = try journal.run.start(home: home, programs: programs)
                if let child {
                    journal.child = UpgradeJournal.Child(
                        pid: child.pid,
                        startTime: ProcessIdentity.startTime(of: child.pid) ?? 0,
                        bootID: ProcessIdentity.bootID()
                    )
                    try journal.write(work)
                }
            }
            crashPoint("upgrade.started")
            let deadline = ContinuousClock.now + timeout
            while ContinuousClock.now < deadline {
                if let end = child?.ended() { return "the host \(end) before it was ready" }
                if await isReady() { return nil }
                try await Task.sleep(for: .milliseconds(50))
            }
            return "the host was not ready within \(timeout.components.seconds) s"
        } catch {
            return "the host does not start: \(error)"
        }
    }

    /// Whether the new host has accepted messages; what is asked is for one of a release that leaves no mark.
    func hasServed() async -> Bool {
        if ServedMark.isSet(home: home) { return true }
        return await isReady()
    }

    /// Whether a host of the home says that it accepts messages.
    func isReady() async -> Bool {
        await withTaskGroup(of: Bool.self) { group in
            group.addTask { [home] in
                let answer = try? await HostClient.with(home: home) { try await $0.call("status") }
                return answer?[key: "isReady"]?.bool == true
            }
            group.addTask {
                try? await Task.sleep(for: .seconds(5))
                return false
            }
            defer { group.cancelAll() }
            return await group.next() ?? false
        }
    }
}
