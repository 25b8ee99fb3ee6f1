package import ChannelKit
import Channels
package import HostLogging

/// What `nanoclaw up` starts a host with.
package struct HostOptions: Sendable {
    /// The home: absolute.
    package var home: String
    /// The directory of `nanoclaw-sandbox` and `agent-runner`: absolute.
    package var binaries: String
    /// Where log lines go besides the file; nil: as `config.yaml` says, lines for people when standard error is a terminal.
    package var echo: HostLogHandler.Echo?
    /// SIGTERM and SIGINT end the host gracefully, a second one at once.
    package var handlesSignals = true
    /// Adapters besides the channel of this machine.
    package var adapters: [any ChannelAdapter] = []
    /// The platforms that accounts can be added of.
    package var platforms: [any ChannelPlatform] = BuiltInChannels.all
    /// The deadlines of a runner's signs of life.
    package var liveness = Liveness.Limits()
    /// See ``DeliveryPolicy/recordPatience``.
    package var recordPatience = DeliveryPolicy().recordPatience
    /// Called once, when the host accepts messages.
    package var onReady: @Sendable (HostStatus) async -> Void = { _ in }

    package init(home: String, binaries: String) {
        self.home = home
        self.binaries = binaries
    }
}
