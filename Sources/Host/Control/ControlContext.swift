package import CentralStore
package import Channels
package import Core
package import HostLogging

/// What the control socket's handlers stand on.
package struct ControlContext: Sendable {
    package let home: String
    package let store: CentralStore
    package let host: any HostControl
    package let cli: CLIChannel
    package let traces: TraceStore
    package let levels: LogLevels
    package let time: any TimeSource

    package init(
        home: String,
        store: CentralStore,
        host: any HostControl,
        cli: CLIChannel,
        traces: TraceStore,
        levels: LogLevels = LogLevels(),
        time: any TimeSource = SystemTime()
    ) {
        self.home = home
        self.store = store
        self.host = host
        self.cli = cli
        self.traces = traces
        self.levels = levels
        self.time = time
    }
}
