import Foundation
import Sandbox

/// What of the machine decides how well agents are isolated: the kernel's switches, and whether it is a guest of
/// Windows.
struct DoctorMachine: Sendable {
    /// Before `/proc` and `/run`: empty is this machine.
    let root: String
    /// Whether sandboxes are made by root or by a root broker.
    let isPrivileged: Bool

    func examine() -> [Finding] {
        [windows(), isPrivileged ? nil : namespaces()].compactMap(\.self)
    }

    private func text(_ path: String) -> String {
        let bytes = FileManager.default.contents(atPath: root + path) ?? Data()
        return String(decoding: bytes.prefix(4096), as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// Nil on a Linux of its own.
    private func windows() -> Finding? {
        let release = text("/proc/sys/kernel/osrelease")
        let version = text("/proc/version")
        guard (release + version).lowercased().contains("microsoft") else { return nil }
        guard release.contains("WSL2") || release.hasSuffix("-microsoft-standard") else {
            return Finding(
                .bad,
                "WSL",
                "\(release): version 1 of WSL has no namespaces, so no agent runs; convert the distribution to WSL2 from "
                    + "Windows, where it must not run meanwhile",
                fix: .newerWSL
            )
        }
        guard FileManager.default.fileExists(atPath: root + "/run/systemd/system") else {
            return Finding(
                .note,
                "WSL2",
                "\(release): systemd is off, so there is no service; write systemd=true below [boot] of the file",
                fix: .look(at: "/etc/wsl.conf")
            )
        }
        return Finding(.good, "WSL2", "\(release), with systemd; keep the home off /mnt, which is 9p")
    }

    private func namespaces() -> Finding? {
        if text("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == "1" {
            let profiles = text("/sys/kernel/security/apparmor/profiles")
            let isThere =
                FileManager.default.fileExists(atPath: root + "/etc/apparmor.d/nanoclaw-sandbox")
                || profiles.contains("nanoclaw-sandbox")
            if !isThere {
                return Finding(
                    .bad,
                    "user namespaces",
                    "AppArmor keeps them from programs without a profile "
                        + "(kernel.apparmor_restrict_unprivileged_userns = 1, as Ubuntu sets it): give one to "
                        + "nanoclaw-sandbox alone, and leave the switch as it is",
                    fix: .profile
                )
            }
        }
        if text("/proc/sys/kernel/unprivileged_userns_clone") == "0"
            || text("/proc/sys/user/max_user_namespaces") == "0"
        {
            return Finding(
                .bad,
                "user namespaces",
                "this kernel gives none to people without root: let the root broker make the sandboxes",
                fix: .service
            )
        }
        return Finding(.good, "user namespaces", "open to people without root")
    }
}

/// How much of the machine stands behind a sandbox.
enum IsolationClass: String, Sendable {
    /// Host uids of its own for each session, id-mapped mounts and limits in a cgroup: made by root or a root broker.
    case full = "A"
    /// Without root, with a delegated cgroup: one uid for all sessions.
    case delegated = "B"
    /// Without root and without a cgroup: the host's watchdog stands in for limits.
    case single = "C"

    init(_ report: IsolationReport) {
        self = report.mode == .root ? .full : report.cgroup.isEmpty ? .single : .delegated
    }

    /// What it lacks; nil when nothing.
    var lack: String? {
        switch self {
        case .full: nil
        case .delegated: "class B: without root all sessions share one uid"
        case .single: "class C: without root all sessions share one uid, and without a cgroup a watchdog limits them"
        }
    }
}
