package import CentralStore
package import ChannelAccounts
package import Channels
package import Core
package import HostConfiguration
package import HostLogging
import Logging

/// What the control socket's handlers stand on.
package struct ControlContext: Sendable {
    package let home: String
    package let store: CentralStore
    package let host: any HostControl
    package let cli: CLIChannel
    package let registry: ChannelRegistry
    package let traces: TraceStore
    /// Nil where nothing needs anybody's word.
    package let approvals: ApprovalService?
    package let levels: LogLevels
    /// The mounts of `config.yaml`.
    package let mounts: [HostConfiguration.Mount]
    package let tasks: TaskDesk
    /// Nil where no accounts of channels are kept.
    package let accounts: AccountDesk?
    package let time: any TimeSource

    package init(
        home: String,
        store: CentralStore,
        host: any HostControl,
        cli: CLIChannel,
        traces: TraceStore,
        registry: ChannelRegistry? = nil,
        approvals: ApprovalService? = nil,
        levels: LogLevels = LogLevels(),
        mounts: [HostConfiguration.Mount] = [],
        tasks: TaskDesk = TaskDesk(),
        accounts: AccountDesk? = nil,
        time: any TimeSource = SystemTime()
    ) {
        self.home = home
        self.store = store
        self.host = host
        self.cli = cli
        self.traces = traces
        self.approvals = approvals
        self.levels = levels
        self.mounts = mounts
        self.tasks = tasks
        self.accounts = accounts
        self.time = time
        self.registry =
            registry ?? ChannelRegistry([cli], time: time, logger: Logger(label: "channels"))
    }
}
