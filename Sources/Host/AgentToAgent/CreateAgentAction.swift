import AgentRequests
import Approvals
import CentralStore
import Core

/// `create_agent` of a session: checked at once, and done when a person has allowed it.
struct CreateAgentAction: HostAction {
    let creation: AgentCreation
    let approvals: ApprovalService

    let name = CreateAgentApproval.kind

    func perform(_ request: HostActionRequest) async throws -> HostActionOutcome {
        var arguments = request.arguments
        let name = try arguments.required("name", most: 100)
        let instructions = try arguments.optional("instructions", most: NewAgent.longestInstructions) ?? ""
        try arguments.finish()
        let new: NewAgent
        do {
            new = try await creation.plan(name: name, instructions: instructions, for: request.agentGroup)
        } catch let error as StoreError where error.isOfTheRequest {
            throw HostActionRefusal(error.message)
        }
        return try await request.ask(
            approvals,
            about: CreateAgentApproval.kind,
            try JSONValue(encoding: new),
            saying:
                "A person is asked whether there may be an agent \"\(new.name)\". You are told when they have answered; do "
                + "not ask again."
        )
    }
}

/// What a person is asked about a new agent, and what is done when they allow it.
struct CreateAgentApproval: ApprovalAction {
    static let kind = "create_agent"

    let creation: AgentCreation
    var kind: String { Self.kind }

    func check(_ plan: Plan) async throws { try await creation.check(try agent(plan)) }

    func title(_ plan: Plan) -> String { "A new agent" }

    func summary(_ plan: Plan) -> String {
        guard let new = try? agent(plan) else { return "The plan cannot be read." }
        return """
            An agent named \(PlanText.code(new.name)) in the folder \(PlanText.code("groups/\(new.folder)")), with these \
            instructions and with what its parent has of model, limits and tools, but without mounts, packages and tool \
            servers. The two may write to each other; the parent calls it \(PlanText.code(new.destination)).
            """
    }

    /// Another one is another agent: there is nothing to allow for always.
    func choices(_ plan: Plan) -> [ApprovalChoice] { ApprovalChoice.onceOnly }

    func execute(_ approved: ApprovedPlan) async throws -> String {
        let new = try agent(approved.plan)
        _ = try await creation.create(new)
        return "The agent \"\(new.name)\" is there: write to it as \(new.destination)."
    }

    private func agent(_ plan: Plan) throws -> NewAgent {
        let new = try plan.payload.decoded(as: NewAgent.self)
        guard plan.agentGroup == new.parent else {
            throw ApprovalError(.invalidPlan, "the plan is for another agent group than the new agent's parent")
        }
        return new
    }
}

extension StoreError {
    /// It says what is wrong with the request; everything else is the store's own trouble.
    fileprivate var isOfTheRequest: Bool { [.invalid, .conflict, .notFound].contains(code) }
}
