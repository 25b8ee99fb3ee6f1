package import Core

extension GroupConfig {
    /// What the runner is told: the host's defaults with this group's own values over them.
    ///
    /// `provider` is the profile that the group uses; nil means offline.
    package func agentConfiguration(
        group: AgentGroup,
        provider: Provider?,
        defaults: AgentConfiguration.Limits = AgentConfiguration.Limits(),
        timeZone hostZone: String = "UTC",
        queueMode: QueueMode = .steer
    ) -> AgentConfiguration {
        var limits = defaults
        for (limit, path) in Self.runnerLimits {
            if let value = self.limits[limit] { limits[keyPath: path] = value }
        }
        var tools = AgentConfiguration.ToolPolicy()
        tools.denied = deniedTools
        tools.shell = shellPolicy
        return AgentConfiguration(
            agentGroupID: group.id,
            agentName: assistantName ?? group.name,
            provider: provider.map {
                AgentConfiguration.Provider(name: $0.name, kind: $0.kind, model: model ?? $0.model)
            } ?? .offline,
            timeZone: timeZone ?? hostZone,
            limits: limits,
            tools: tools,
            queueMode: queueMode
        )
    }

    private static var runnerLimits: [(GroupLimit, WritableKeyPath<AgentConfiguration.Limits, Int>)] {
        [
            (.messagesPerPrompt, \.messagesPerPrompt), (.modelCallsPerTurn, \.modelCallsPerTurn),
            (.toolTimeout, \.toolTimeout), (.maximumToolTimeout, \.maximumToolTimeout),
            (.toolOutput, \.toolOutput), (.maximumOutputTokens, \.maximumOutputTokens),
            (.idleSeconds, \.idleSeconds), (.attachmentBytes, \.attachmentBytes),
            (.messageAttachmentBytes, \.messageAttachmentBytes),
        ]
    }
}
