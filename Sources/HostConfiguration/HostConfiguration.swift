package import AgentMail
import Configuration
package import Core
import Foundation
import Glibc

/// What the host needs to start: `<home>/config.yaml`, the environment (`NANOCLAW_…`) over it, defaults below it.
package struct HostConfiguration: Sendable {
    package var maxRunners: Int
    package var sweepInterval: Duration
    package var deliveryDeadline: Duration
    /// IANA name.
    package var timeZone: String
    /// What a group that says nothing itself is told: idle time and attachment limits are from here.
    package var agentLimits: AgentConfiguration.Limits
    package var sandbox: Sandbox
    package var retention: Retention
    package var disk: Disk
    package var log: Log
    package var maximumControlClients: Int
    /// A group of the machine that may use the control socket; nil: nobody but owner and root.
    package var controlGroup: String?
    package var webhooks: Webhooks
    package var agentMail: AgentMailLimits
    /// The most agents that the agent of one group may have made and that are there still; 0: none may make any.
    package var agentsPerParent: Int
    package var mounts: [Mount]
    /// Every value with where it came from, in the order of the file.
    package let values: [ConfigurationValue]

    /// Limits of every sandbox, and what the policy asks of it.
    package struct Sandbox: Sendable, Equatable {
        /// `totalMemory` is nil where the machine decides.
        package var totalMemory: Int?
        package var memoryBytes, pids, cpuPercent, tmpBytes, fileBytes, openFiles: Int
        /// Bytes a second; 0 for no bound.
        package var writeRate: Int
        package var uidRange: ClosedRange<UInt32>?
        package var requiredLayers: Set<String>
        package var broker: String?
    }

    /// How long things are kept; nil keeps them for good.
    package struct Retention: Sendable, Equatable {
        package var messages, files, failedFiles, transcripts, idleSessions, runnerLogs: Duration?
        package var history, dropped, approvals, traces: Duration
        package var runnerLogBytes, traceBytes: Int
    }

    /// What shall stay free on the home's disk.
    package struct Disk: Sendable, Equatable {
        package var reserveBytes, reserveFiles: Int
    }

    /// How the host logs.
    package struct Log: Sendable, Equatable {
        /// A level of swift-log by name; those of `components` come first.
        package var level: String
        package var components: [String: String]
        /// `auto`, `json` or `pretty`.
        package var format: String
        package var files, fileBytes, runnerBytes: Int
    }

    /// Where platforms' webhooks are heard.
    package struct Webhooks: Sendable, Equatable {
        /// A numeric address.
        package var host: String
        package var port: Int
        /// What platforms call, by a reverse proxy; nil when nobody has said.
        package var url: String?
    }

    /// A directory that agent groups may be given.
    package struct Mount: Sendable, Equatable {
        package var name, path: String
        package var isWritable: Bool
        /// Folders of agent groups, or `*`.
        package var groups: [String]
    }

    /// Where a home's file is.
    package static func path(home: String) -> String { "\(home)/config.yaml" }

    /// Reads a home's configuration; throws ``ConfigurationError`` naming file, line and key, or the variable.
    ///
    /// With `writesDefault`, a home without the file gets one in which every setting stands as a comment.
    package static func load(
        home: String,
        environment: [String: String] = ProcessInfo.processInfo.environment,
        writesDefault: Bool = false
    ) throws -> HostConfiguration {
        let path = path(home: home)
        let text: String
        if FileManager.default.fileExists(atPath: path) {
            text = try read(path)
        } else {
            text = DefaultFile.text
            if writesDefault { try ConfigurationEdit.replace(path: path, with: text) }
        }
        return try HostConfiguration(text: text, path: path, environment: environment)
    }

    /// One line for each key of a home's file that is no setting, where others stop at the first; throws when the file
    /// cannot be read.
    package static func unknownKeys(home: String) throws -> [String] {
        let path = path(home: home)
        guard FileManager.default.fileExists(atPath: path) else { return [] }
        return try ConfigurationFile(text: try read(path), path: path, keepsUnknown: true).unknown.map(\.description)
    }

    private static func read(_ path: String) throws -> String {
        let bytes: Data
        do {
            bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        } catch {
            let reason = access(path, R_OK) == 0 ? error.localizedDescription : String(cString: strerror(errno))
            throw ConfigurationError(.unreadable, source: path, "cannot be read: \(reason)")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw ConfigurationError(.unreadable, source: path, "is not UTF-8")
        }
        return text
    }

    /// Reads the text of a file; throws as ``load(home:environment:writesDefault:)`` does.
    package init(text: String, path: String, environment: [String: String]) throws {
        let file = try ConfigurationFile(text: text, path: path)
        let resolver = Resolver(file: file, environment: environment)
        let values = try resolver.values()
        let read = Reader(values: values)
        self.values = values
        maxRunners = read.number("maxRunners")
        sweepInterval = .seconds(read.number("sweepSeconds"))
        deliveryDeadline = .seconds(read.number("deliveryDeadlineSeconds"))
        timeZone = read.text("timeZone")
        agentLimits = AgentConfiguration.Limits()
        agentLimits.idleSeconds = read.number("idleSeconds")
        agentLimits.attachmentBytes = read.bytes("limits.attachment")
        agentLimits.messageAttachmentBytes = read.bytes("limits.messageAttachments")
        let totalMemory = read.bytes("sandbox.totalMemory")
        sandbox = Sandbox(
            totalMemory: totalMemory == 0 ? nil : totalMemory,
            memoryBytes: read.bytes("sandbox.memory"),
            pids: read.number("sandbox.pids"),
            cpuPercent: read.number("sandbox.cpuPercent"),
            tmpBytes: read.bytes("sandbox.tmp"),
            fileBytes: read.bytes("sandbox.fileSize"),
            openFiles: read.number("sandbox.openFiles"),
            writeRate: read.bytes("sandbox.writeRate"),
            uidRange: SettingKind.idRange(read.text("sandbox.uid_range")),
            requiredLayers: Set(read.list("sandbox.required")),
            broker: read.optional("sandbox.broker")
        )
        retention = Retention(
            messages: read.daysOrNever("retention.messageDays"),
            files: read.daysOrNever("retention.fileDays"),
            failedFiles: read.daysOrNever("retention.failedFileDays"),
            transcripts: read.daysOrNever("retention.transcriptDays"),
            idleSessions: read.daysOrNever("retention.idleSessionDays"),
            runnerLogs: read.daysOrNever("retention.runnerLogDays"),
            history: read.days("retention.historyDays"),
            dropped: read.days("retention.droppedDays"),
            approvals: read.days("retention.approvalDays"),
            traces: read.days("retention.traceDays"),
            runnerLogBytes: read.bytes("retention.runnerLogSize"),
            traceBytes: read.bytes("retention.traceSize")
        )
        disk = Disk(reserveBytes: read.bytes("disk.reserve"), reserveFiles: read.number("disk.reserveFiles"))
        log = Log(
            level: read.text("log.level"),
            components: Dictionary(
                uniqueKeysWithValues: read.names("log.components").map { ($0, read.text("log.components.\($0)")) }
            ),
            format: read.text("log.format"),
            files: read.number("log.files"),
            fileBytes: read.bytes("log.fileSize"),
            runnerBytes: read.bytes("log.runnerSize")
        )
        maximumControlClients = read.number("control.maximumClients")
        controlGroup = read.optional("control.group")
        webhooks = Webhooks(
            host: read.text("webhooks.host"),
            port: read.number("webhooks.port"),
            url: read.optional("webhooks.url")
        )
        agentMail = AgentMailLimits(
            hops: read.number("agents.hops"),
            perWindow: read.number("agents.messagesPerMinute")
        )
        agentsPerParent = read.number("agents.children")
        mounts = read.names("mounts").map { name in
            Mount(
                name: name,
                path: read.text("mounts.\(name).path"),
                isWritable: read.text("mounts.\(name).readWrite") == "true",
                groups: read.list("mounts.\(name).groups")
            )
        }
        for mount in mounts { try MountPolicy.checkText(mount, source: path) }
    }
}

/// One value and where it came from: a row of `nanoclaw config show`.
package struct ConfigurationValue: Sendable, Equatable, Codable {
    package var key: String
    /// The items of a list joined by `, `.
    package var value: String
    /// `default`, `system`, `<file>:<line>`, or an environment variable's name.
    package var origin: String
    package var summary: String
}
