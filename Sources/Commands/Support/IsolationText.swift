import Sandbox

/// An isolation report for people.
enum IsolationText {
    /// The layers in force, in one line.
    static func line(_ report: IsolationReport) -> String {
        let inner = report.processes.filter { $0.role != "init" }
        var parts = [report.mode.rawValue, "two tiers"]
        if !inner.isEmpty {
            if inner.allSatisfy({ $0.seccomp == 2 }) { parts.append("seccomp") }
            if inner.allSatisfy(\.noNewPrivileges) { parts.append("no_new_privs") }
            if inner.allSatisfy({ $0.capabilities.allSatisfy { $0.allSatisfy { $0 == "0" } } }) {
                parts.append("no capabilities")
            }
        }
        parts.append(report.landlockABI > 0 ? "Landlock ABI \(report.landlockABI)" : "no Landlock")
        parts.append(report.cgroup.isEmpty ? "rlimits and watchdog" : "cgroup \(report.cgroup)")
        let line = parts.joined(separator: ", ")
        return report.degraded.isEmpty
            ? line : "\(line); weaker than it could be: \(report.degraded.joined(separator: "; "))"
    }
}
