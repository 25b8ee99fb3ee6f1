import Foundation
import Glibc

/// The service of one user: a host that makes its sandboxes without root.
struct UserService: Sendable {
    let home: String
    /// The directory of the programs, used where they are.
    let binaries: String
    /// systemd's folder of the user.
    let folder: String

    /// `$XDG_CONFIG_HOME/systemd/user`, else below `~/.config`.
    static func folder(environment: [String: String]) throws -> String {
        if let config = environment["XDG_CONFIG_HOME"], config.hasPrefix("/") { return "\(config)/systemd/user" }
        guard let own = environment["HOME"], own.hasPrefix("/") else {
            throw CommandFailure(.failed, "HOME is not set: where are your systemd units?")
        }
        return "\(own)/.config/systemd/user"
    }

    private var units: [UnitFile] { ServiceUnits(home: home, binaries: binaries).user }

    func printed() -> String { units.map { "# \(folder)/\($0.name)\n\($0.text)" }.joined(separator: "\n") }

    func install(starts: Bool) throws -> [String] {
        guard geteuid() != 0 else {
            throw CommandFailure(.failed, "--user is for people: as root install the system's service, without --user")
        }
        var out = ServiceFiles(root: "")
        guard mkdir(home, 0o700) == 0 || errno == EEXIST else {
            throw CommandFailure(.failed, "\(home) cannot be made: \(String(cString: strerror(errno)))")
        }
        for unit in units { try out.put(unit.text, at: "\(folder)/\(unit.name)", mode: 0o644) }
        guard starts else { return out.changes }
        guard Systemd.isRunning else {
            out.note("systemd does not run here: nothing was started")
            return out.changes
        }
        let isChanged = !out.changes.isEmpty
        if isChanged { try Systemd.user.reload() }
        let restarts = try isChanged || runsAnother()
        try Systemd.user.enable([ServiceUnits.host], starts: !restarts)
        if restarts {
            try Systemd.user.restart(ServiceUnits.host)
            out.note("started \(ServiceUnits.host)")
        }
        if !isLingering { out.note("it ends when you log out, unless you allow it to stay: loginctl enable-linger") }
        return out.changes
    }

    /// Whether the service runs another program than the one in place, which a new build has replaced.
    private func runsAnother() throws -> Bool {
        guard let pid = try Systemd.user.state(ServiceUnits.host)["MainPID"], pid != "0",
            let program = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/exe")
        else { return false }
        return program != "\(binaries)/nanoclaw"
    }

    /// Whether the user's systemd stays when the last session of the user has ended (the mark of logind).
    private var isLingering: Bool {
        guard let user = getpwuid(geteuid())?.pointee.pw_name else { return false }
        return access("/var/lib/systemd/linger/\(String(cString: user))", F_OK) == 0
    }

    func remove() throws -> [String] {
        var out = ServiceFiles(root: "")
        if Systemd.isRunning { try Systemd.user.disable([ServiceUnits.host]) }
        for unit in units { try out.remove("\(folder)/\(unit.name)") }
        if Systemd.isRunning { try Systemd.user.reload() }
        return out.changes
    }
}
