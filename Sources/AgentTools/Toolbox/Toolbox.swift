package import Core

/// The tools of an agent: tells the model of them, checks each call and makes it.
package struct Toolbox: Sendable {
    private let tools: [String: any AgentTool]

    /// A box of these; the last of two with one name counts.
    package init(_ tools: [any AgentTool]) {
        self.tools = Dictionary(tools.map { ($0.specification.name, $0) }) { _, last in last }
    }

    /// Every tool that comes with NanoClaw.
    package static func standard(_ services: ToolServices) -> Toolbox {
        Toolbox(
            [
                ShellTool(services), ProcessTool(services), GrepTool(services),
                SendMessageTool(services), SendFileTool(services), EditMessageTool(services), AddReactionTool(services),
                AskUserQuestionTool(services), SendCardTool(services), CreateAgentTool(services),
            ] + FileTools.all(services) + MemoryTools.all(services) + TaskTool.all(services)
        )
    }

    /// What the model is told, by name; denied tools are left out.
    package func specifications(_ policy: AgentConfiguration.ToolPolicy) -> [ToolSpecification] {
        tools.values.map(\.specification).filter { !policy.denied.contains($0.name) }.sorted { $0.name < $1.name }
    }

    /// A call that may be made: its tool and its checked arguments.
    package struct Call: Sendable {
        private let tool: any AgentTool
        private let arguments: ToolArguments

        fileprivate init(_ tool: any AgentTool, _ arguments: ToolArguments) {
            self.tool = tool
            self.arguments = arguments
        }

        /// How long it may take by its own declaration and the limits.
        package func timeout(_ limits: AgentConfiguration.Limits) -> Duration {
            let most = Duration.seconds(limits.maximumToolTimeout)
            return min(tool.declaredTimeout(arguments) ?? .seconds(limits.toolTimeout), most) + tool.hostTime
        }

        /// Makes the call.
        ///
        /// A failure is a result that says what was wrong; only a cancellation throws.
        package func run(_ context: ToolContext) async throws(CancellationError) -> ToolResult {
            try await ToolResult.catching { try await tool.run(arguments, context) }
        }
    }

    /// Checks a call as the model wrote it; throws what the model must do otherwise.
    package func call(
        _ name: String,
        arguments: String,
        policy: AgentConfiguration.ToolPolicy
    ) throws(ToolFailure) -> Call {
        let names = specifications(policy).map(\.name).joined(separator: ", ")
        guard !policy.denied.contains(name) else {
            throw ToolFailure("\"\(name)\" is denied for this agent. Tools: \(names)")
        }
        guard let tool = tools[name] else {
            throw ToolFailure("no tool is named \"\(name.prefix(80))\". Tools: \(names)")
        }
        let value: JSONValue
        do {
            value = arguments.trimmingWhiteSpace.isEmpty ? [:] : try JSONValue(parsing: arguments)
        } catch {
            throw ToolFailure("the arguments of \(name) are no JSON: \(error)")
        }
        let violations = tool.specification.schema.violations(of: value)
        guard violations.isEmpty else {
            throw ToolFailure("\(name): " + violations.prefix(8).joined(separator: "; "))
        }
        return Call(tool, ToolArguments(value))
    }
}
