import CentralStore
import Core
import Sandbox
import SessionStore

/// What a runner is started with and what it is told: read from the central database at one moment.
struct SpawnInputs: Sendable, Equatable {
    /// Fixed for one incarnation.
    var generation: String
    var mounts: [SandboxRequest.ExtraMount]
    var limits: SandboxLimits
    var timeZone: String
}

/// What a runner is told in `inbound.db`, and may be told anew while it lives.
struct SessionProjection: Sendable, Equatable {
    var configuration: AgentConfiguration
    var destinations: [SessionDestination]
    var group: AgentGroup
    var config: GroupConfig
}

extension GroupConfig {
    /// The sandbox's limits: the host's defaults with this group's own values over them.
    func sandboxLimits(_ defaults: SandboxLimits) -> SandboxLimits {
        var result = defaults
        let paths: [(GroupLimit, WritableKeyPath<SandboxLimits, Int>)] = [
            (.memoryBytes, \.memoryBytes), (.pids, \.pids), (.cpuPercent, \.cpuPercent), (.tmpBytes, \.tmpBytes),
            (.fileBytes, \.fileBytes), (.openFiles, \.openFiles),
        ]
        for (limit, path) in paths { if let value = limits[limit] { result[keyPath: path] = value } }
        return result
    }
}
