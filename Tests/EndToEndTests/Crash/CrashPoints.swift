import Foundation

/// The fault points, read from the sources.
enum CrashPoints {
    /// Every `crashPoint("…")` below Sources, sorted.
    static let all: [String] = {
        let root = Release.checkout.appending(path: "Sources")
        guard let walk = FileManager.default.enumerator(atPath: root.path) else { return [] }
        var names: [String] = []
        for case let file as String in walk where file.hasSuffix(".swift") {
            guard let text = try? String(contentsOf: root.appending(path: file), encoding: .utf8) else { continue }
            names += text.matches(of: #/crashPoint\("([a-z.-]+)"\)/#).map { String($0.output.1) }
        }
        return names.sorted()
    }()

    /// Those in the runner's process.
    static let runner = all.filter { point in
        ["runner.", "turn.", "tool.", "claim.", "outbox.", "row."].contains { point.hasPrefix($0) }
    }

    /// Those in the process that rolls a dead runner's journal back.
    static let rollback = all.filter { $0.hasPrefix("rollback.") }

    /// Those of the host that a recovery comes to.
    static let recovery = all.filter { $0.hasPrefix("recovery.") }

    /// Those of the host that its start comes to when a host before it was killed.
    static let takeover = all.filter { $0.hasPrefix("takeover.") }

    /// Those of an upgrade, which `UpgradeCrashTests` comes to.
    static let upgrade = all.filter { $0.hasPrefix("upgrade.") }

    /// Those of the host that it comes to where something is old.
    static let retention = all.filter { $0.hasPrefix("retention.") }

    /// Those of the host that a message of one agent to another comes to.
    static let agents = all.filter { $0.hasPrefix("agents.") }

    /// Those of the host that a request for somebody's word comes to.
    static let approvals = all.filter { $0.hasPrefix("approval.") }

    /// Those of the host that somebody unknown who is let in comes to.
    static let admission = all.filter { $0.hasPrefix("admission.") }

    /// Those of the host that an agent's question to people comes to, its card's end among them.
    static let questions = all.filter { $0.hasPrefix("question.") || $0.hasPrefix("card.") }

    /// Those of the host that a session's damaged message file comes to.
    static let asides = all.filter { $0.hasPrefix("aside.") }

    /// Those of the host that a run of a task which people are told of comes to.
    static let notices = all.filter { $0.hasPrefix("notice.") }

    /// Those of the host that a message written at a terminal comes to.
    static let chat = all.filter { $0.hasPrefix("chat.") }

    /// Those of the host that a run of a task comes to.
    static let tasks = all.filter { $0.hasPrefix("task.") }

    /// Those of a send, and of its record, on a channel that knows keys for ever.
    static let keyedSends = all.filter { point in
        ["send.", "record."].contains { point.hasPrefix($0) } && point != "send.marked"
    }

    /// Those of platforms' adapters, which `ChannelCrashTests` comes to.
    static let channels = all.filter { $0.hasPrefix("channel.") }

    /// Those of the host that every turn comes to.
    static let host = all.filter { point in
        let others = [
            runner, rollback, recovery, takeover, upgrade, retention, agents, approvals, admission, questions, asides,
            notices, chat, tasks, channels,
        ]
        return !others.joined().contains(point)
    }
}
