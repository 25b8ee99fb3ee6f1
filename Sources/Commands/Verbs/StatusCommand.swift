import ArgumentParser
import ChannelAccounts
import ChannelKit
import ControlProtocol
import Core
import Host

/// `nanoclaw status`.
struct StatusCommand: HostVerb {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "How the host stands; 0 only when it accepts messages."
    )

    @OptionGroup var home: HomeOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let answer = try await ask("status")
        let status = try answer.decoded(as: HostStatus.self)
        Console.out(output.json ? try JSONText.encode(answer) : StatusText.full(status))
        guard status.isReady else { throw CommandFailure(.failed, "the host is starting and takes no messages yet") }
    }
}

/// A host's status for people.
enum StatusText {
    /// Everything that `nanoclaw status` tells.
    static func full(_ status: HostStatus) -> String {
        var lines = [
            "host       \(status.isReady ? "ready" : "starting"), pid \(status.pid), since \(TimeText.short(status.startedAt.milliseconds))",
            "home       \(SafeText.oneLine(status.home))",
            "providers  \(providers(status))",
            "channels   \(channels(status))",
            "groups     \(groups(status))",
            "sessions   \(sessions(status.sessions)); runners \(status.sessions.running) of \(status.maximumRunners)",
            "sandbox    \(status.isolation.map(IsolationText.line) ?? "proved by the first session")",
        ]
        if let tasks = status.tasks.flatMap(tasks) { lines.append("tasks      \(tasks)") }
        for runner in status.runners where runner.state != "running" || runner.lastError != nil {
            let cause = runner.lastError.map { ": \(SafeText.oneLine($0))" } ?? ""
            lines.append("  \(runner.session) \(runner.state), \(runner.failures) failures\(cause)")
        }
        let approvals = status.approvals ?? []
        if !approvals.isEmpty {
            lines.append("waiting for somebody's word (\(ProgramName.command("approvals show ID"))):")
        }
        for approval in approvals {
            let end = TimeText.short(approval.expiresAt.milliseconds)
            lines.append("  \(approval.id) \(SafeText.oneLine(approval.title)), until \(end)")
        }
        if !status.refused.isEmpty { lines.append("turned away, until somebody lets them in:") }
        for person in status.refused {
            let name = person.name.map { " (\(SafeText.oneLine($0)))" } ?? ""
            lines.append("  \(SafeText.oneLine(person.sender))\(name) in \(person.address): \(person.count) messages")
        }
        for problem in status.problems { lines.append("! \(SafeText.oneLine(ProgramName.inAdvice(problem)))") }
        return lines.joined(separator: "\n")
    }

    static func providers(_ status: HostStatus) -> String {
        guard !status.providers.isEmpty else {
            return "offline (no model is configured; \(ProgramName.command("providers add")))"
        }
        return status.providers.map { "\($0.name) (\($0.kind), \(SafeText.oneLine($0.model)))" }.joined(separator: ", ")
    }

    static func channels(_ status: HostStatus) -> String {
        status.channels.map { channel in
            let state = channel.health.state.rawValue
            return "\(channel.name) \(state)" + (channel.lastError.map { " (\(SafeText.oneLine($0)))" } ?? "")
        }.joined(separator: ", ")
    }

    static func groups(_ status: HostStatus) -> String {
        status.groups.map { "\(SafeText.oneLine($0.folder)) → \($0.provider)" }.joined(separator: ", ")
    }

    /// Nil where there are none.
    private static func tasks(_ counts: HostStatus.TaskCounts) -> String? {
        guard counts.active + counts.paused > 0 else { return nil }
        let next = counts.nextDue.map { ", the next \(TimeText.short($0.milliseconds))" } ?? ""
        let paused = counts.paused > 0 ? ", \(counts.paused) paused" : ""
        let failing = counts.failing > 0 ? ", \(counts.failing) failing (\(ProgramName.command("tasks list")))" : ""
        return "\(counts.active)\(next)\(paused)\(failing)"
    }

    private static func sessions(_ counts: HostStatus.SessionCounts) -> String {
        "\(counts.total), \(counts.running) running, \(counts.dirty) with work, \(counts.queued) queued"
            + (counts.quarantined > 0 ? ", \(counts.quarantined) quarantined" : "")
    }
}
