import Approvals
import CentralStore
import ChannelKit
import Core
import GRDB
import LinuxIO
import People

/// What an admin of an agent is asked when somebody unknown writes to it: let them in, or not.
struct AdmitSender: ApprovalAction {
    static let kind = "admit_sender"

    let desk: AdmissionDesk
    var kind: String { Self.kind }

    static func payload(_ row: PendingSender, _ event: InboundEvent) -> JSONValue {
        [
            "request": .string(row.id), "chat": .string(event.address.chat.description),
            "sender": .string(row.senderID.description),
            "sender_name": .string(String((event.senderName ?? "").prefix(100))),
            "text": .string(String(event.content.text.prefix(300))),
        ]
    }

    func title(_ plan: Plan) -> String {
        "Somebody unknown writes to the agent: \(plan.payload[key: "sender"]?.string ?? "")"
    }

    func summary(_ plan: Plan) -> String {
        let name = plan.payload[key: "sender_name"]?.string ?? ""
        let sender = plan.payload[key: "sender"]?.string ?? ""
        let chat = plan.payload[key: "chat"]?.string ?? ""
        let text = plan.payload[key: "text"]?.string ?? ""
        return """
            \(PlanText.code(name.isEmpty ? sender : "\(name) (\(sender))")) wrote in \(PlanText.code(chat)): \
            \(PlanText.code(text))

            Let in they are a member of the agent from now on, in all of its chats, and the message is handed over.
            """
    }

    func choices(_ plan: Plan) -> [ApprovalChoice] {
        [
            ApprovalChoice(label: "Let them in", value: "admit", effect: .once),
            ApprovalChoice(label: "Reject", value: "reject", effect: .deny),
        ]
    }

    func execute(_ approved: ApprovedPlan) async throws -> String {
        guard let id = approved.plan.payload[key: "request"]?.string else {
            throw ApprovalError(.invalidPlan, "the plan names no request")
        }
        let now = desk.time.now
        let admitted = try await desk.central.write { db in
            try PendingSender.admit(id, by: approved.approver, now: now, db)
        }
        guard let admitted else { return "Nothing waits for this sender any more." }
        crashPoint("admission.let-in")
        desk.tasks.add { await desk.handOver(admitted) }
        return "\(approved.plan.payload[key: "sender"]?.string ?? "The sender") is a member now."
    }
}
