import Foundation
import Glibc
import HostConfiguration
import LinuxIO
import Sandbox

/// The service of the machine: an unprivileged host and a root broker.
struct SystemService: Sendable {
    let home: String
    /// Before every path of the machine; nothing is started then.
    ///
    /// Empty: the machine itself.
    let root: String

    static let binaries = "/usr/local/lib/nanoclaw"
    static let standardHome = "/var/lib/nanoclaw"
    static let units = "/etc/systemd/system"
    private static let programs = ["nanoclaw", "nanoclaw-sandbox", "agent-runner"]

    private var files: ServiceUnits { ServiceUnits(home: home, binaries: Self.binaries) }

    /// Makes the user, the home, copies of the programs, the broker's policy and the units; starts them where systemd
    /// runs.
    ///
    /// Answers what it changed: nothing when all was as it should be.
    func install(starts: Bool) throws -> [String] {
        guard geteuid() == 0 else {
            throw CommandFailure(.failed, "the system's service is root's to install: use sudo, or --user for your own")
        }
        guard let source = HomeLocation.binaries else {
            throw CommandFailure(.failed, "/proc/self/exe cannot be read: where are the programs?")
        }
        var out = ServiceFiles(root: root)
        let owner = try serviceUser(&out)
        try makeHome(owner, &out)
        for name in Self.programs {
            let path = "\(source)/\(name)"
            guard let bytes = try? Directory(path: source).contents(name, limit: 1 << 30) else {
                throw CommandFailure(.failed, "\(path) is missing: ./nanoclaw.sh build")
            }
            // Copies of root's: what runs as root, or as the service, is nobody else's to replace.
            try out.put(bytes, at: "\(Self.binaries)/\(name)", mode: 0o755)
        }
        let earlier = try out.text(ServiceUnits.policy)
        let policy = try policy(owner, earlier)
        // One that says what it must is left alone, whatever its mode is.
        if policy != earlier { try out.put(policy, at: ServiceUnits.policy, mode: 0o600) }
        for unit in files.system { try out.put(unit.text, at: "\(Self.units)/\(unit.name)", mode: 0o644) }
        if root.isEmpty, starts { try start(&out) }
        return out.changes
    }

    /// The policy and the units, in the order in which they are written.
    func printed() throws -> String {
        let owner = (try? Self.user()) ?? FileOwner(uid: 65_533, gid: 65_533)
        let parts =
            files.system.map { ("\(Self.units)/\($0.name)", $0.text) } + [(ServiceUnits.policy, try policy(owner, nil))]
        return parts.map { "# \($0.0)\n\($0.1)" }.joined(separator: "\n")
    }

    /// Stops it and takes units and programs away; home, user and policy stay.
    func remove() throws -> [String] {
        guard geteuid() == 0 else {
            throw CommandFailure(.failed, "the system's service is root's to remove: use sudo, or --user for your own")
        }
        var out = ServiceFiles(root: root)
        if root.isEmpty, Systemd.isRunning {
            try Systemd.system.disable(ServiceUnits.names(isUser: false))
        }
        for unit in files.system { try out.remove("\(Self.units)/\(unit.name)") }
        for name in Self.programs { try out.remove("\(Self.binaries)/\(name)") }
        rmdir(root + Self.binaries)
        if root.isEmpty, Systemd.isRunning { try Systemd.system.reload() }
        return out.changes
    }

    /// The broker's file; an earlier one may hold mounts and more that an admin has added.
    private func policy(_ owner: FileOwner, _ earlier: String?) throws -> String {
        // The home is the service's: what stands in its config.yaml decides nothing that root does.
        let standard = try HostConfiguration(text: "", path: "", environment: [:])
        return SandboxConfiguration(
            home: home,
            binaries: Self.binaries,
            maximumSandboxes: SandboxConfiguration.sandboxes(forRunners: standard.maxRunners)
        ).brokerFile(owner: owner, earlier: earlier)
    }

    /// The service's user; nil when there is none.
    static func user() throws -> FileOwner? {
        guard let user = getpwnam(ServiceUnits.user)?.pointee else { return nil }
        guard user.pw_uid != 0 else { throw CommandFailure(.failed, "user \(ServiceUnits.user) must not be root") }
        return FileOwner(uid: user.pw_uid, gid: user.pw_gid)
    }

    private func serviceUser(_ out: inout ServiceFiles) throws -> FileOwner {
        if let known = try Self.user() { return known }
        guard root.isEmpty, let useradd = Program.path("useradd") else {
            throw CommandFailure(
                .failed,
                "there is no user \(ServiceUnits.user): useradd --system \(ServiceUnits.user)"
            )
        }
        try Program.must(
            useradd,
            [
                "--system", "--user-group", "--no-create-home", "--home-dir", home, "--shell", "/usr/sbin/nologin",
                ServiceUnits.user,
            ]
        )
        out.note("made user \(ServiceUnits.user)")
        guard let made = try Self.user() else {
            throw CommandFailure(.failed, "user \(ServiceUnits.user) was not made")
        }
        return made
    }

    private func makeHome(_ owner: FileOwner, _ out: inout ServiceFiles) throws {
        let path = root + home
        var status = stat()
        if stat(path, &status) == 0 {
            guard status.st_uid == owner.uid else {
                throw CommandFailure(
                    .failed,
                    "\(path) belongs to user \(status.st_uid), and the service runs as \(ServiceUnits.user): "
                        + "stop its host, then chown -R \(ServiceUnits.user): \(ShellText.quoted(path))"
                )
            }
            return
        }
        let manager = FileManager.default
        try manager.createDirectory(
            atPath: (path as NSString).deletingLastPathComponent,
            withIntermediateDirectories: true
        )
        guard mkdir(path, 0o750) == 0, chown(path, owner.uid, owner.gid) == 0, chmod(path, 0o750) == 0 else {
            throw Errno.last("make \(path)")
        }
        out.note("made \(path)")
    }

    private func start(_ out: inout ServiceFiles) throws {
        guard Systemd.isRunning else {
            out.note("systemd does not run here: nothing was started")
            return
        }
        let units = [ServiceUnits.socket, ServiceUnits.host]
        if !out.changes.isEmpty {
            try Systemd.system.reload()
            // A broker of before holds the old policy and program.
            try Systemd.system.stop(ServiceUnits.broker)
            try Systemd.system.enable(units)
            try Systemd.system.restart(ServiceUnits.host)
        } else {
            try Systemd.system.enable(units)
        }
    }
}
