package import AgentTools
package import Core
package import LinuxIO
package import ModelProviders

/// What a runner is started with.
package struct RunnerSettings: Sendable {
    /// Directories of the session: `inbound.db`, `outbound.db`, the runner's own files, what the host composed.
    package var inbound = "/workspace/inbound"
    package var outbound = "/workspace/outbound"
    package var state = "/workspace/state"
    package var instructions = "/workspace/instructions"
    /// Which life of the session's runner this is.
    package var incarnation: Incarnation
    package var bell: PacketSocket
    package var live: PacketSocket
    package var toolInit: PacketSocket
    /// Where `nanoclaw` in the tool tier calls; nil where there is none.
    package var commandLine: Descriptor?
    /// What tools find in their tier.
    package var toolPlaces = ToolPlaces()
    package var time: any TimeSource = SystemTime()
    /// The way to the model of a profile.
    package var makeProvider: @Sendable (AgentConfiguration.Provider) -> any ModelProvider = { provider in
        ModelProviders.make(kind: provider.kind, endpoint: .profile(provider.name))
    }

    /// Settings with the sandbox's own paths and this incarnation and sockets.
    package init(incarnation: Incarnation, bell: PacketSocket, live: PacketSocket, toolInit: PacketSocket) {
        self.incarnation = incarnation
        self.bell = bell
        self.live = live
        self.toolInit = toolInit
    }
}

/// Why a runner's loop ended; none of these is a failure.
package enum RunnerEnd: Sendable, Equatable {
    /// Nothing was to be done for the configured time.
    case idle
    /// It was told to end.
    case terminated
    /// The host has closed the bell.
    case hostGone
    /// The host has begun another incarnation.
    case superseded
    /// The tool tier is gone: the next incarnation has a whole sandbox.
    case toolsGone
}
