/// One setting of `config.yaml`.
package struct Setting: Sendable, Hashable {
    /// Its parts joined by dots; a part `*` stands for a name of the operator's own.
    package let key: String
    package let kind: SettingKind
    /// What holds when it is not set; the items of a list joined by commas.
    package let standard: String
    /// One sentence for the file and the docs.
    package let summary: String

    var parts: [String] { key.split(separator: ".").map(String.init) }

    init(_ key: String, _ kind: SettingKind, _ standard: String, _ summary: String) {
        self.key = key
        self.kind = kind
        self.standard = standard
        self.summary = summary
    }

    func matches(_ path: [String]) -> Bool {
        path.count == parts.count && zip(parts, path).allSatisfy { $0 == $1 || $0 == "*" }
    }
}

extension Setting {
    static let levels = ["trace", "debug", "info", "notice", "warning", "error", "critical"]

    /// Layers that `sandbox.required` may name.
    package static let layers = ["cgroup", "uids", "idmap", "landlock"]

    /// Every setting there is, in the order of the file.
    package static let all: [Setting] = [
        Setting("maxRunners", .number(1...10_000), "32", "Runners that live at once; more sessions wait their turn."),
        Setting("idleSeconds", .number(1...86_400), "300", "A runner without a message for so long ends."),
        Setting("sweepSeconds", .number(1...3_600), "60", "The host looks after every open session this often."),
        Setting(
            "deliveryDeadlineSeconds",
            .number(60...2_592_000),
            "86400",
            "A reply whose channel stays unreachable for so long has failed."
        ),
        Setting("timeZone", .timeZone, "", "IANA name; empty means TZ, else the system's."),
        Setting("limits.attachment", .bytes(0...1 << 30), "25MiB", "The largest attachment."),
        Setting("limits.messageAttachments", .bytes(0...1 << 32), "100MiB", "All attachments of one message."),
        Setting("sandbox.memory", .bytes(64 << 20...1 << 40), "1GiB", "Memory of one sandbox."),
        Setting(
            "sandbox.totalMemory",
            .bytes(0...1 << 44),
            "0",
            "Memory of all sandboxes together; 0: three quarters of the machine's."
        ),
        Setting("sandbox.pids", .number(16...65_536), "256", "Processes and threads of one sandbox."),
        Setting("sandbox.cpuPercent", .number(1...10_000), "200", "CPU time of one sandbox, in percent of one core."),
        Setting("sandbox.tmp", .bytes(1 << 20...1 << 38), "256MiB", "The /tmp of each tier."),
        Setting("sandbox.fileSize", .bytes(1 << 20...1 << 40), "1GiB", "The largest file that a sandbox may write."),
        Setting("sandbox.openFiles", .number(64...1 << 20), "1024", "Open files of one process."),
        Setting(
            "sandbox.writeRate",
            .bytesOrZero(1 << 20...1 << 40),
            "64MiB",
            "Bytes a second that a sandbox may write to the disk, after four seconds' worth at once; 0: no bound."
        ),
        Setting(
            "sandbox.uid_range",
            .idRange,
            "",
            "Ids for the sessions' users, as root only: first-last. Empty: a range chosen from the home's path."
        ),
        Setting(
            "sandbox.required",
            .choices(layers),
            "",
            "Layers without which no sandbox starts: \(layers.joined(separator: ", "))."
        ),
        Setting(
            "sandbox.broker",
            .optionalPath,
            "",
            "The socket of a root broker that makes the sandboxes; empty: the host makes them itself."
        ),
        Setting(
            "retention.messageDays",
            .days,
            "30",
            "Days that finished messages and deliveries are kept after their end, their files at most as long."
        ),
        Setting(
            "retention.fileDays",
            .days,
            "7",
            "Days that files in inbox and outbox are kept after their message was answered or delivered."
        ),
        Setting(
            "retention.failedFileDays",
            .days,
            "30",
            "Days that files are kept whose message failed or was never sent."
        ),
        Setting(
            "retention.transcriptDays",
            .days,
            "90",
            "Days that transcripts are kept after their last line; the one a session goes on from, after it was closed."
        ),
        Setting(
            "retention.idleSessionDays",
            .days,
            "90",
            "A session without a message for so many days is closed; the next message opens it again."
        ),
        Setting(
            "retention.historyDays",
            .number(1...36_500),
            "365",
            "Days that the history of the CLI's chats is kept."
        ),
        Setting("retention.droppedDays", .number(1...36_500), "90", "Days that counts of dropped messages are kept."),
        Setting(
            "retention.approvalDays",
            .number(1...36_500),
            "90",
            "Days that approvals and cards are kept after their end; the audit keeps who decided what."
        ),
        Setting(
            "retention.runnerLogDays",
            .days,
            "14",
            "Days that a session's runner output is kept after its last line."
        ),
        Setting(
            "retention.runnerLogSize",
            .bytes(1 << 20...1 << 40),
            "64MiB",
            "The most that the runner output of all sessions takes; the last file of each session stays for its days."
        ),
        Setting("retention.traceDays", .number(1...3_650), "14", "Days that traces are kept."),
        Setting("retention.traceSize", .bytes(1 << 20...1 << 40), "64MiB", "The most that traces take."),
        Setting(
            "disk.reserve",
            .bytes(0...1 << 40),
            "256MiB",
            "Below so much room the session that fills the disk is ended; at most 5 % of the disk, 0 switches it off."
        ),
        Setting("disk.reserveFiles", .number(0...1_000_000_000), "10000", "The same for the number of files."),
        Setting("log.level", .choice(levels), "info", "The least that is logged: \(levels.joined(separator: ", "))."),
        Setting("log.components.*", .choice(levels), "", "The same for one component: delivery, router, runners, …"),
        Setting("log.format", .choice(["auto", "json", "pretty"]), "auto", "On stderr; auto is pretty on a terminal."),
        Setting("log.files", .number(1...1_000), "10", "Files of data/logs/nanoclaw.log that are kept."),
        Setting(
            "log.fileSize",
            .bytes(1 << 16...1 << 34),
            "10MiB",
            "A log file is followed by a new one at this size."
        ),
        Setting("log.runnerSize", .bytes(1 << 12...1 << 30), "256KiB", "What is kept of each session's runner output."),
        Setting("control.maximumClients", .number(1...10_000), "64", "Connections to the control socket at once."),
        Setting(
            "control.group",
            .name,
            "",
            "A group of the machine whose members may use the control socket, each by its roles; empty: nobody else."
        ),
        Setting("webhooks.host", .address, "127.0.0.1", "The address at which platforms' webhooks are heard."),
        Setting("webhooks.port", .number(1...65_535), "8787", "The port; nothing listens before a channel needs it."),
        Setting(
            "webhooks.url",
            .optionalURL,
            "",
            "What platforms call to reach it, by a reverse proxy with TLS: https://claw.example.org."
        ),
        Setting(
            "agents.hops",
            .number(1...100),
            "8",
            "Messages between agents that may follow from one another without a person or a task between them."
        ),
        Setting(
            "agents.messagesPerMinute",
            .number(1...10_000),
            "30",
            "Messages in a minute between two agents, both ways together."
        ),
        Setting("agents.children", .number(0...1_000), "10", "Agents that one agent may have made; 0: none."),
        Setting("mounts.*.path", .path, "", "A directory that agent groups may be given as /workspace/extra/<name>."),
        Setting("mounts.*.readWrite", .flag, "false", "Whether they may write it."),
        Setting(
            "mounts.*.groups",
            .texts,
            "",
            "Folders of the agent groups that may have it; \"*\" means all, none means nobody."
        ),
    ]

    static func at(_ path: [String]) -> Setting? { all.first { $0.matches(path) } }

    /// True when settings lie below this path.
    static func isSection(_ path: [String]) -> Bool {
        all.contains { setting in
            setting.parts.count > path.count && zip(setting.parts, path).allSatisfy { $0 == $1 || $0 == "*" }
        }
    }

    /// What may stand below this path.
    static func names(below path: [String]) -> [String] {
        var names: [String] = []
        for setting in all where setting.parts.count > path.count {
            guard zip(setting.parts, path).allSatisfy({ $0 == $1 || $0 == "*" }) else { continue }
            let name = setting.parts[path.count]
            if !names.contains(name) { names.append(name) }
        }
        return names
    }
}
