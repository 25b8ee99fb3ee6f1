import AgentRequests
import Approvals
import Core
import ShellPolicy

/// `shell_command` of a session: an admin is asked about a command, and the runner runs it once they have allowed it.
///
/// Asking is a rule for the model: a runner that was taken over runs what it likes, inside the sandbox.
struct ShellAction: HostAction {
    let approvals: ApprovalService

    let name = AllowedCommand.action

    func perform(_ request: HostActionRequest) async throws -> HostActionOutcome {
        var arguments = request.arguments
        let text = try arguments.required("command", most: 32 * 1024)
        let timeout = try arguments.integer("timeout_seconds", 1...86_400).map { Int($0) }
        let isBackground = try arguments.flag("background") ?? false
        try arguments.finish()
        guard text.utf8.count <= AllowedCommand.longest else {
            throw HostActionRefusal(
                "this command needs a person's word, and one of more than \(AllowedCommand.longest) bytes nobody can judge: "
                    + "do it in smaller steps"
            )
        }
        let command = AllowedCommand(command: text, timeoutSeconds: timeout, isBackground: isBackground)
        return try await request.ask(
            approvals,
            about: ShellApproval.kind,
            try ShellApproval.payload(command, in: request.session.id),
            saying:
                "A person is asked whether this may run. Once they allow it, it runs by itself and you are told what came "
                + "of it; do not ask again."
        )
    }
}

/// What an admin is asked about a command of their agent.
struct ShellApproval: ApprovalAction {
    static let kind = AllowedCommand.action

    var kind: String { Self.kind }

    /// The command with the session whose sandbox runs it.
    static func payload(_ command: AllowedCommand, in session: SessionID) throws -> JSONValue {
        ["command": try JSONValue(encoding: command), "session": .string(session.rawValue)]
    }

    func check(_ plan: Plan) async throws {
        guard command(plan) != nil else { throw ApprovalError(.invalidPlan, "the plan holds no command") }
    }

    func title(_ plan: Plan) -> String {
        guard let text = command(plan)?.command else { return "Run a shell command" }
        return "Run a shell command: \(text.prefix(60))\(text.count > 60 ? "…" : "")"
    }

    func summary(_ plan: Plan) -> String {
        guard let command = command(plan) else { return "The plan cannot be read." }
        let folder = "/workspace/agent"
        let reason =
            switch ShellCommand.judge(command.command, workingDirectory: folder, workspace: folder) {
            case .safe: "it only reads"
            case .asks(let reason): reason
            }
        let time = command.timeoutSeconds.map { ", for at most \($0) s" } ?? ""
        let place = command.isBackground ? "in the background of its sandbox" : "in its sandbox"
        return """
            The agent wants to run \(PlanText.code(command.command)) \(place)\(time). You are asked because \(reason).
            """
    }

    /// Always is for exactly this command, in whatever conversation of the agent.
    func scope(_ plan: Plan) -> JSONValue { plan.payload[key: "command"] ?? .null }

    func execute(_ approved: ApprovedPlan) async throws -> String { "The command was allowed." }

    func result(_ plan: Plan) -> JSONValue? { plan.payload[key: "command"] }

    private func command(_ plan: Plan) -> AllowedCommand? {
        try? plan.payload[key: "command"]?.decoded(as: AllowedCommand.self)
    }
}
