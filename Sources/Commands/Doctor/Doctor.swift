import CentralStore
import ControlProtocol
import Core
import GRDB
import Glibc
import Host
import HostConfiguration
import LinuxIO
import Migrations
import Sandbox

/// Looks at a home from outside: files, database, socket, sandbox, room.
struct Doctor: Sendable {
    let home: String
    let asksProviders: Bool
    /// Before `/proc` and the like; empty: this machine.
    var machineRoot = ""
    /// Whoever asks.
    var caller: UInt32 = geteuid()

    /// What a report that is shown to others leaves out.
    var redaction: Redaction {
        var names: [(text: String, placeholder: String)] = [(home, "<home>")]
        names.append((ProgramName.typed, "<binaries>/nanoclaw"))
        if let binaries = HomeLocation.binaries {
            names.append((binaries, "<binaries>"))
            if let checkout = HomeLocation.checkout(of: binaries) { names.append((checkout, "<checkout>")) }
        }
        if let own = getenv("HOME").map({ String(cString: $0) }) { names.append((own, "~")) }
        return Redaction(names)
    }

    /// Less room than this is told.
    private static let leastBytes: UInt64 = 500 << 20

    /// Every check, in order; none stops the next.
    ///
    /// Of a home that is somebody else's only that, as skipped.
    func examine() async -> [Finding] {
        if let owner = strangeOwner() {
            let text = "\(home) belongs to user \(owner): ask as that user"
            return [Finding(.skipped, "home", text, fix: .ask(as: owner, home))]
        }
        var findings = [homeFolder(), configuration()]
        findings += DoctorStart(home: home, machineRoot: machineRoot).examine()
        let isRunning = HomeLock.holder(home: home) != nil
        findings += await database()
        let running = await status()
        findings.append(host(running, isRunning))
        findings += binaries()
        findings += DoctorMachine(root: machineRoot, isPrivileged: isPrivileged).examine()
        findings.append(await sandbox(of: try? running.get()))
        let known = (try? running.get()) == nil ? nil : await DoctorKeys.known(home: home)
        findings += await DoctorKeys(home: home, known: known).examine()
        findings += DoctorFiles(home: home, recorded: await recordedFolders()).examine()
        findings.append(room())
        if asksProviders { findings += await modelServers() }
        return findings
    }

    // MARK: - Files of the host

    /// Whose home it is, when whoever asks can look at nothing of it: its modes are as its owner wants them.
    private func strangeOwner() -> UInt32? {
        guard caller != 0 else { return nil }
        var status = stat()
        // Behind a folder that is closed to the caller there may be anybody's; root sees.
        guard stat(home, &status) == 0 else { return errno == EACCES ? 0 : nil }
        let owner = status.st_uid
        guard owner != caller, stat("\(home)/data", &status) != 0 || status.st_uid != caller else { return nil }
        return owner
    }

    private func homeFolder() -> Finding {
        var status = stat()
        guard stat(home, &status) == 0 else {
            return Finding(.bad, "home", "\(home) cannot be reached: \(Errno.last("stat"))", fix: .make(home))
        }
        if let name = CentralStore.refusedFileSystem(home: home) {
            return Finding(
                .bad,
                "home",
                "\(home) lies on \(name), which does not keep SQLite's locks: move it to a DIR on a local disk",
                fix: .move(home)
            )
        }
        guard stat("\(home)/data", &status) == 0 else {
            guard errno == ENOENT else {
                return Finding(
                    .bad,
                    "home",
                    "\(home)/data cannot be reached: \(Errno.last("stat"))",
                    fix: .close(home, to: "700")
                )
            }
            return Finding(.skipped, "home", "\(home) is new: no host has run here")
        }
        guard status.st_mode & (isOpenToGroup(status.st_gid) ? 0o027 : 0o077) == 0 else {
            return Finding(.bad, "home", "\(home)/data is open to other users", fix: .close(home + "/data", to: "700"))
        }
        guard status.st_uid == caller || caller == 0 else {
            return Finding(
                .bad,
                "home",
                "\(home)/data belongs to user \(status.st_uid), you are \(caller)",
                fix: .give(home + "/data", to: caller)
            )
        }
        // Members of the group that may use the socket pass through the home to it.
        let group = status.st_gid
        if isOpenToGroup(group), stat(home, &status) == 0,
            status.st_mode & 0o001 == 0, status.st_mode & 0o010 == 0 || status.st_gid != group
        {
            return Finding(
                .bad,
                "home",
                "\(home) lets nobody of control.group through to its control socket",
                fix: .close(home, to: "711")
            )
        }
        return Finding(.good, "home", "\(home), owner \(status.st_uid)")
    }

    private func configuration() -> Finding {
        do {
            let values = try HostConfiguration.load(home: home).values
            let own = values.count { $0.origin != "default" && $0.origin != "system" }
            return Finding(.good, "config.yaml", "\(values.count) settings, \(own) of your own")
        } catch {
            return Finding(.bad, "config.yaml", "\(error)", fix: .validate(home))
        }
    }

    /// Whether the group is the one that may use the control socket: it passes through `data/` to it.
    private func isOpenToGroup(_ gid: UInt32) -> Bool {
        guard let name = (try? DoctorSettings.load(home: home, machineRoot: machineRoot))?.controlGroup,
            let group = getgrnam(name)?.pointee
        else { return false }
        return group.gr_gid == gid
    }

    private var isPrivileged: Bool {
        geteuid() == 0 || (try? DoctorSettings.load(home: home, machineRoot: machineRoot))?.sandbox.broker != nil
    }

    /// The folders of agent groups; nil when the database cannot be read.
    private func recordedFolders() async -> Set<String>? {
        guard CentralStore.exists(home: home) else { return hidden == nil ? [] : nil }
        guard let store = try? CentralStore(readingHome: home) else { return nil }
        let folders = try? await store.read { db in
            Set(try String.fetchAll(db, sql: "SELECT folder FROM agent_groups"))
        }
        try? store.close()
        return folders
    }

    /// Why it cannot be seen whether there is a database; nil when it can.
    private var hidden: Errno? {
        var status = stat()
        guard stat("\(home)/data/nanoclaw.db", &status) != 0, errno != ENOENT else { return nil }
        return Errno.last("stat \(home)/data/nanoclaw.db")
    }

    func database() async -> [Finding] {
        guard CentralStore.exists(home: home) else {
            guard let hidden else { return [Finding(.skipped, "database", "not there yet")] }
            return [Finding(.bad, "database", "cannot be read: \(hidden)", fix: .give(home + "/data", to: caller))]
        }
        do {
            let store = try CentralStore(readingHome: home)
            let (refusal, problems, quarantined) = try await store.read { db in
                (
                    try Migrator(MigrationFile.central).refusal(of: db)?.message,
                    try String.fetchAll(db, sql: "PRAGMA integrity_check(20)").filter { $0 != "ok" }
                        + Row.fetchAll(db, sql: "PRAGMA foreign_key_check").map {
                            "a reference of \($0["table"] as String) leads nowhere"
                        },
                    try Row.fetchAll(db, sql: "SELECT id, status_reason FROM sessions WHERE status = 'quarantined'")
                        .map { ($0["id"] as String, $0["status_reason"] as String?) }
                )
            }
            try store.close()
            var findings = problems.map {
                Finding(
                    .bad,
                    "database",
                    "\($0); what the last backup makes beside it takes its place, once the host is stopped",
                    fix: .backup(home)
                )
            }
            if let refusal { findings.append(Finding(.bad, "database", refusal, fix: .release(home))) }
            if findings.isEmpty { findings.append(Finding(.good, "database", "whole")) }
            findings += quarantined.map { id, reason in
                Finding(
                    .bad,
                    "session \(id)",
                    "quarantined: \(reason ?? "no reason"); a reset begins anew",
                    fix: .reset(session: id, home)
                )
            }
            return findings
        } catch {
            return [Finding(.bad, "database", "\(error)", fix: .logs(home))]
        }
    }

    private func status() async -> Result<HostStatus, any Error> {
        do {
            let answer = try await HostClient.with(home: home) { try await $0.call("status") }
            return .success(try answer.decoded(as: HostStatus.self))
        } catch {
            return .failure(error)
        }
    }

    private func host(_ running: Result<HostStatus, any Error>, _ isRunning: Bool) -> Finding {
        do {
            let status = try running.get()
            guard status.problems.isEmpty else {
                return Finding(.bad, "host", status.problems.joined(separator: "; "), fix: .status(home))
            }
            return Finding(.good, "host", "pid \(status.pid), \(status.isReady ? "ready" : "starting")")
        } catch {
            if isRunning {
                return Finding(.bad, "host", "it holds the home but does not answer: \(error)", fix: .logs(home))
            }
            return Finding(.skipped, "host", "not running: \(error)", fix: .up(home))
        }
    }

    private func binaries() -> [Finding] {
        guard let directory = HomeLocation.binaries else {
            return [Finding(.bad, "binaries", "the directory of this program cannot be read", fix: .build(nil))]
        }
        return ["nanoclaw", "nanoclaw-sandbox", "agent-runner"].map { name in
            var status = stat()
            let path = "\(directory)/\(name)"
            guard stat(path, &status) == 0 else {
                return Finding(.bad, name, "\(path) is missing", fix: .build(directory))
            }
            guard status.st_mode & 0o022 == 0 else {
                return Finding(.bad, name, "\(path) can be written by others", fix: .close(path, to: "755"))
            }
            guard status.st_mode & 0o111 != 0 else {
                return Finding(.bad, name, "\(path) cannot be run", fix: .close(path, to: "755"))
            }
            guard status.st_uid == 0 || status.st_uid == geteuid() else {
                return Finding(
                    .bad,
                    name,
                    "\(path) belongs to user \(status.st_uid): whoever that is decides what runs",
                    fix: .give(path, to: geteuid())
                )
            }
            return Finding(.good, name, path)
        }
    }

    /// Of a running host what its last sandbox was, as a service has another cgroup than this command; before its first one
    /// only whether any can be built.
    private func sandbox(of host: HostStatus?) async -> Finding {
        guard access("\(home)/data", F_OK) == 0 else {
            return Finding(.skipped, "sandbox", "not tried: the home is new")
        }
        do {
            let report =
                if let proved = host?.isolation { proved } else { try await DoctorSandbox(home: home).probe() }
            if let host, host.isolation == nil {
                return Finding(
                    .skipped,
                    "sandbox",
                    "can be built; the first conversation of the running host proves its class"
                )
            }
            let text = IsolationText.line(report)
            if let lack = IsolationClass(report).lack {
                return Finding(.note, "sandbox", "\(lack) (\(text))", fix: .service)
            }
            // With limits in force it does not matter which version of cgroups sets them.
            let lacks = report.degraded.filter { !$0.hasPrefix("cgroup:") || report.cgroup.isEmpty }
            guard lacks.isEmpty else {
                return Finding(.note, "sandbox", "class A, degraded: \(text)", fix: .probe(home))
            }
            return Finding(.good, "sandbox", "class A: \(text)")
        } catch {
            return Finding(.bad, "sandbox", "cannot be built, so no agent runs: \(error)", fix: .probe(home))
        }
    }

    private func room() -> Finding {
        var status = statvfs()
        guard statvfs(home, &status) == 0 else {
            return Finding(.skipped, "disk", "\(Errno.last("statvfs"))")
        }
        let free = UInt64(status.f_bavail) * UInt64(status.f_frsize)
        let text = "\(free >> 20) MiB free"
        guard free >= Self.leastBytes else {
            return Finding(.bad, "disk", "\(text): messages are refused when nothing is left", fix: .room(home))
        }
        return Finding(.good, "disk", text)
    }

    // MARK: - Models

    private func modelServers() async -> [Finding] {
        guard CentralStore.exists(home: home) else { return [] }
        do {
            let store = try CentralStore(readingHome: home)
            let all = try await store.read { db in try Provider.order(Provider.CodingKeys.name).fetchAll(db) }
            try store.close()
            var findings: [Finding] = []
            for provider in all { findings.append(await PortProbe.look(provider, home: home)) }
            return findings.isEmpty ? [Finding(.skipped, "providers", "none is configured")] : findings
        } catch {
            return [Finding(.bad, "providers", "\(error)", fix: .logs(home))]
        }
    }
}
