/// What a runner needs to know of its agent group; written by the host into `inbound.db` (`meta.configuration`)
/// and read again at the start of every turn, so that a change needs no restart.
package struct AgentConfiguration: Codable, Sendable, Equatable {
    package var agentGroupID: AgentGroupID
    /// The name the agent goes by.
    package var agentName: String
    package var provider: Provider
    /// IANA name; the prompt's times are shown in it.
    package var timeZone: String
    package var limits: Limits
    package var tools: ToolPolicy
    package var queueMode: QueueMode

    package init(
        agentGroupID: AgentGroupID,
        agentName: String,
        provider: Provider = .offline,
        timeZone: String = "UTC",
        limits: Limits = Limits(),
        tools: ToolPolicy = ToolPolicy(),
        queueMode: QueueMode = .steer
    ) {
        self.agentGroupID = agentGroupID
        self.agentName = agentName
        self.provider = provider
        self.timeZone = timeZone
        self.limits = limits
        self.tools = tools
        self.queueMode = queueMode
    }

    /// Which model answers.
    package struct Provider: Codable, Sendable, Equatable {
        /// The profile's name; also its path on the runner's listener: `/model/<name>/…`.
        package var name: String
        package var kind: ProviderKind
        package var model: String

        package init(name: String, kind: ProviderKind, model: String) {
            self.name = name
            self.kind = kind
            self.model = model
        }

        /// No model is configured.
        package static let offline = Provider(name: "offline", kind: .offline, model: "offline")
    }

    /// Bounds on one turn.
    package struct Limits: Codable, Sendable, Equatable {
        /// Rows in one prompt.
        package var messagesPerPrompt = 50
        /// Requests to the model in one turn, tool rounds included.
        package var modelCallsPerTurn = 50
        /// Seconds a shell command gets when it names no time of its own, and the most it may ask for.
        package var toolTimeout = 120
        package var maximumToolTimeout = 3600
        /// Bytes of a tool's output that the model sees; the rest stays in a file.
        package var toolOutput = 32 * 1024
        /// Tokens the model may answer with.
        package var maximumOutputTokens = 8192
        /// Seconds without a message after which the runner ends.
        package var idleSeconds = 300
        /// Bytes of one attachment and of all attachments of one message.
        package var attachmentBytes = 25 * 1024 * 1024
        package var messageAttachmentBytes = 100 * 1024 * 1024

        package init() {}
    }

    /// Which tools the agent has.
    package struct ToolPolicy: Codable, Sendable, Equatable {
        /// Names of tools that are not offered and refused when called.
        package var denied: [String] = []
        /// Nil, as an older host wrote it, lets all commands run.
        package var shell: ShellMode?

        package init() {}
    }
}

/// A wire protocol to a model.
package enum ProviderKind: String, Codable, Sendable, CaseIterable {
    case offline, openai, anthropic
}

/// What happens to messages that arrive during a turn.
package enum QueueMode: String, Codable, Sendable, CaseIterable {
    /// They join at the next tool boundary.
    case steer
    /// Each gets a turn of its own.
    case serial
    /// Per-thread sessions run at once; within one session like `serial`.
    case concurrent
}
