import HostConfiguration

extension HostRuntime {
    /// Makes the agents that agents ask for.
    var agentCreation: AgentCreation {
        AgentCreation(
            home: options.home,
            central: central,
            folders: groupFolder,
            executors: executors,
            limit: configuration.agentsPerParent,
            time: time,
            changed: { [supervisor] in await supervisor.groupChanged($0) }
        )
    }
}
