import CentralStore
import ControlProtocol
import Core
import GRDB
import Glibc
import Host
import HostConfiguration
import LinuxIO
import Sandbox

/// Looks at a home from outside: files, database, socket, sandbox, room.
struct Doctor: Sendable {
    let home: String
    let asksProviders: Bool

    /// Less room than this is told.
    private static let leastBytes: UInt64 = 500 << 20

    /// Every check, in order; none stops the next.
    func examine() async -> [Finding] {
        var findings = [homeFolder(), configuration()]
        let isRunning = HomeLock.holder(home: home) != nil
        findings += await database()
        findings.append(await host(isRunning))
        findings += binaries()
        findings.append(await sandbox())
        findings += secrets()
        findings += DoctorFiles(home: home, recorded: await recordedFolders()).examine()
        findings.append(room())
        if asksProviders { findings += await modelServers() }
        return findings
    }

    // MARK: - Files of the host

    private func homeFolder() -> Finding {
        var status = stat()
        guard stat(home, &status) == 0 else {
            return Finding(.bad, "home", "\(home) cannot be reached: \(Errno.last("stat"))")
        }
        guard stat("\(home)/data", &status) == 0 else {
            return Finding(.note, "home", "\(home) is new: no host has run here")
        }
        guard status.st_mode & 0o077 == 0 else {
            return Finding(
                .bad,
                "home",
                "\(home)/data is open to other users: chmod 700 \(ShellText.quoted(home + "/data"))"
            )
        }
        guard status.st_uid == geteuid() || geteuid() == 0 else {
            return Finding(.bad, "home", "\(home)/data belongs to user \(status.st_uid), you are \(geteuid())")
        }
        return Finding(.good, "home", "\(home), owner \(status.st_uid)")
    }

    private func configuration() -> Finding {
        do {
            let values = try HostConfiguration.load(home: home).values
            let own = values.count { $0.origin != "default" && $0.origin != "system" }
            return Finding(.good, "config.yaml", "\(values.count) settings, \(own) of your own")
        } catch {
            return Finding(.bad, "config.yaml", "\(error)")
        }
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
            guard let hidden else { return [Finding(.note, "database", "not there yet")] }
            return [Finding(.bad, "database", "cannot be read: \(hidden)")]
        }
        do {
            let store = try CentralStore(readingHome: home)
            let (problems, quarantined) = try await store.read { db in
                (
                    try String.fetchAll(db, sql: "PRAGMA integrity_check(20)").filter { $0 != "ok" }
                        + Row.fetchAll(db, sql: "PRAGMA foreign_key_check").map {
                            "a reference of \($0["table"] as String) leads nowhere"
                        },
                    try Row.fetchAll(db, sql: "SELECT id, status_reason FROM sessions WHERE status = 'quarantined'")
                        .map { ($0["id"] as String, $0["status_reason"] as String?) }
                )
            }
            try store.close()
            var findings =
                problems.isEmpty
                ? [Finding(.good, "database", "whole")] : problems.map { Finding(.bad, "database", $0) }
            findings += quarantined.map { id, reason in
                Finding(
                    .bad,
                    "session \(id)",
                    "quarantined: \(reason ?? "no reason"); nanoclaw sessions reset \(id) begins anew"
                )
            }
            return findings
        } catch {
            return [Finding(.bad, "database", "\(error)")]
        }
    }

    private func host(_ isRunning: Bool) async -> Finding {
        do {
            let answer = try await HostClient.with(home: home) { try await $0.call("status") }
            let status = try answer.decoded(as: HostStatus.self)
            guard status.problems.isEmpty else {
                return Finding(.bad, "host", status.problems.joined(separator: "; "))
            }
            return Finding(.good, "host", "pid \(status.pid), \(status.isReady ? "ready" : "starting")")
        } catch {
            if isRunning { return Finding(.bad, "host", "it holds the home but does not answer: \(error)") }
            return Finding(.note, "host", "not running: \(error)")
        }
    }

    private func binaries() -> [Finding] {
        guard let directory = HomeLocation.binaries else {
            return [Finding(.bad, "binaries", "the directory of this program cannot be read")]
        }
        return ["nanoclaw", "nanoclaw-sandbox", "agent-runner"].map { name in
            var status = stat()
            let path = "\(directory)/\(name)"
            guard stat(path, &status) == 0 else {
                return Finding(.bad, name, "\(path) is missing: ./nanoclaw.sh build")
            }
            guard status.st_mode & 0o022 == 0 else {
                return Finding(.bad, name, "\(path) can be written by others: chmod 755 \(ShellText.quoted(path))")
            }
            guard status.st_mode & 0o111 != 0 else { return Finding(.bad, name, "\(path) cannot be run: chmod 755") }
            guard status.st_uid == 0 || status.st_uid == geteuid() else {
                return Finding(
                    .bad,
                    name,
                    "\(path) belongs to user \(status.st_uid): whoever that is decides what runs"
                )
            }
            return Finding(.good, name, path)
        }
    }

    private func sandbox() async -> Finding {
        guard access("\(home)/data", F_OK) == 0 else {
            return Finding(.note, "sandbox", "not tried: the home is new")
        }
        do {
            let report = try await SandboxScratch.with(home: home) { spawner, _ in try await spawner.probe() }
            return Finding(report.degraded.isEmpty ? .good : .note, "sandbox", IsolationText.line(report))
        } catch {
            return Finding(.bad, "sandbox", "cannot be built, so no agent runs: \(error)")
        }
    }

    private func secrets() -> [Finding] {
        guard let directory = try? Directory(path: "\(home)/data/credentials"), let names = try? directory.names()
        else { return [] }
        return names.compactMap { name in
            guard let status = try? directory.status(name), status.st_mode & 0o077 != 0 else { return nil }
            let path = "\(home)/data/credentials/\(name)"
            return Finding(.bad, "key \(name)", "open to other users: chmod 600 \(ShellText.quoted(path))")
        }
    }

    private func room() -> Finding {
        var status = statvfs()
        guard statvfs(home, &status) == 0 else { return Finding(.bad, "disk", "\(Errno.last("statvfs"))") }
        let free = UInt64(status.f_bavail) * UInt64(status.f_frsize)
        let text = "\(free >> 20) MiB free"
        guard free >= Self.leastBytes else {
            return Finding(.bad, "disk", "\(text): messages are refused when nothing is left; free some")
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
            for provider in all { findings.append(await PortProbe.look(provider)) }
            return findings.isEmpty ? [Finding(.note, "providers", "none is configured")] : findings
        } catch {
            return [Finding(.bad, "providers", "\(error)")]
        }
    }
}
