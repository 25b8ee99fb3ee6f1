package import CentralStore
package import ChannelAccounts
package import Channels
package import Core
package import HostConfiguration
package import HostLogging

/// What the control socket's handlers stand on.
package struct ControlContext: Sendable {
    package let home: String
    package let store: CentralStore
    package let host: any HostControl
    package let cli: CLIChannel
    package let registry: ChannelRegistry
    package let traces: TraceStore
    /// Nil where nothing needs anybody's word.
    package var approvals: ApprovalService?
    package var levels = LogLevels()
    /// The mounts of `config.yaml`.
    package var mounts: [HostConfiguration.Mount] = []
    package var tasks = TaskDesk()
    /// Nil where no accounts of channels are kept.
    package var accounts: AccountDesk?
    package var time: any TimeSource = SystemTime()
}
