import HostConfiguration

extension HostRuntime {
    /// Lets agents ask for agents, and people allow them.
    func addAgentActions() {
        let creation = agentCreation
        approvals.register(CreateAgentApproval(creation: creation))
        approvals.register(ShellApproval())
        actions.add([CreateAgentAction(creation: creation, approvals: approvals), ShellAction(approvals: approvals)])
    }

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
