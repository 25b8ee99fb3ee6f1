import CentralStore
import Core
import Foundation
import Glibc
import LinuxIO

/// How the host of a home runs, so that it can be stopped and started again in the same way.
struct HostRun: Codable, Sendable {
    /// Who starts it.
    enum Manager: String, Codable, Sendable {
        /// The units of `nanoclaw service install`.
        case system, user
        /// Nobody: it is a process that was started by hand.
        case process
    }

    var manager: Manager
    /// A host served the home when the upgrade began.
    var wasRunning: Bool
    /// What a process is started with, and the files that its output and its errors go to.
    var environment: [String: String] = [:]
    var outputs = ["/dev/null", "/dev/null"]

    /// Looks who runs the host; throws when it could not be started again.
    ///
    /// `mayRestart`: somebody said that a host without a service may be stopped and started.
    static func find(home: String, mayRestart: Bool) throws -> HostRun {
        let holder = HomeLock.holder(home: home)
        for manager in [Manager.system, .user] where try isServed(home, by: manager) {
            let state = try systemd(manager).state(ServiceUnits.host)
            guard let holder else { return HostRun(manager: manager, wasRunning: false) }
            if state["MainPID"] == String(holder) { return HostRun(manager: manager, wasRunning: true) }
        }
        guard let pid = holder else {
            return HostRun(
                manager: .process,
                wasRunning: false,
                environment: ProcessInfo.processInfo.environment,
                outputs: ["\(home)/data/logs/upgrade.log", "\(home)/data/logs/upgrade.log"]
            )
        }
        return try process(pid, home: home, mayRestart: mayRestart)
    }

    private static func process(_ pid: Int32, home: String, mayRestart: Bool) throws -> HostRun {
        var status = stat()
        guard stat("/proc/\(pid)", &status) == 0 else { throw Errno.last("stat /proc/\(pid)") }
        guard status.st_uid == geteuid() else {
            throw CommandFailure(.failed, "the host (pid \(pid)) is user \(status.st_uid)'s: upgrade as that user")
        }
        guard try terminal(of: pid) == 0 else {
            throw CommandFailure(
                .failed,
                "the host (pid \(pid)) runs in a terminal, where nobody else can start it again: "
                    + "end it there with Ctrl-C, upgrade, and start it"
            )
        }
        guard mayRestart else {
            throw CommandFailure(
                .failed,
                "the host (pid \(pid)) is run by no service of ours: with --restart it is stopped and started again "
                    + "with its environment and output; or stop it, upgrade, and start it"
            )
        }
        var environment: [String: String] = [:]
        let all = try Data(contentsOf: URL(filePath: "/proc/\(pid)/environ"))
        for entry in String(decoding: all, as: UTF8.self).split(separator: "\0") {
            let parts = entry.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { environment[String(parts[0])] = String(parts[1]) }
        }
        let outputs = [1, 2].map { number -> String in
            let place = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/fd/\(number)")) ?? ""
            return place.hasPrefix("/") && access(place, W_OK) == 0 ? place : "/dev/null"
        }
        return HostRun(manager: .process, wasRunning: true, environment: environment, outputs: outputs)
    }

    /// The number of a process's controlling terminal; 0 for none.
    private static func terminal(of pid: Int32) throws -> Int {
        let text = try String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)
        // The name in brackets may hold anything.
        let fields = text[(text.lastIndex(of: ")") ?? text.startIndex)...].split(separator: " ")
        return fields.count > 5 ? Int(fields[5]) ?? 0 : 0
    }

    private static func isServed(_ home: String, by manager: Manager) throws -> Bool {
        guard Systemd.isRunning else { return false }
        switch manager {
        case .system:
            guard DoctorSettings.isServed(home: home, machineRoot: "") else { return false }
            guard geteuid() == 0 else {
                throw CommandFailure(.failed, "the system's service serves \(home): upgrade it as root, with sudo")
            }
            return true
        case .user: return DoctorSettings.isServedByUser(home: home)
        case .process: return false
        }
    }

    private static func systemd(_ manager: Manager) -> Systemd { manager == .system ? .system : .user }

    // MARK: - Stop and start

    /// Ends the host, whoever started it, and returns once nobody serves the home.
    func stop(home: String) async throws {
        let unit = ServiceUnits.host
        switch manager {
        case .system:
            try Systemd.system.stop(unit)
            // It runs a program of the release as well.
            try Systemd.system.stop(ServiceUnits.broker)
        case .user: try Systemd.user.stop(unit)
        case .process: break
        }
        let deadline = ContinuousClock.now + .seconds(45)
        var told: Int32?
        while let pid = HomeLock.holder(home: home) {
            if manager == .process, told != pid {
                kill(pid, SIGTERM)
                told = pid
            }
            guard ContinuousClock.now < deadline else {
                throw CommandFailure(.failed, "the host (pid \(pid)) did not end within 45 s: nanoclaw logs")
            }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    /// Starts the host; answers the process that it is, where no service has it.
    func start(home: String, programs: ProgramFolder) throws -> ChildProcess? {
        guard manager == .process else {
            let systemd = Self.systemd(manager)
            try systemd.reload()
            try systemd.restart(ServiceUnits.host)
            return nil
        }
        let words = ["\(programs.path)/nanoclaw", "up", "--home", home]
        return try ChildProcess(words, environment: environment, outputs: outputs)
    }
}
