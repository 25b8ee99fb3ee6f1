import AgentRequests
import Approvals
import Core

extension HostActionRequest {
    /// Asks somebody about a plan of this agent; the answer comes later.
    ///
    /// `words` tell the agent that a person is asked; where a grant stands nobody is, and the tool goes on waiting. What the
    /// approvals refuse is refused with their words.
    func ask(
        _ approvals: ApprovalService,
        about action: String,
        _ payload: JSONValue,
        saying words: String
    ) async throws -> HostActionOutcome {
        do {
            let outcome = try await approvals.request(
                ApprovalRequest(
                    action: action,
                    agentGroup: agentGroup,
                    payload: payload,
                    asker: ApprovalAsker(session: session.id, turn: turn, request: id),
                    origin: try await address(),
                    isWanted: { self.isWanted }
                )
            )
            guard case .pending = outcome else { return .later(nil) }
            return .later(words)
        } catch let error as ApprovalError {
            throw HostActionRefusal(error.message)
        }
    }
}
