import Approvals
import CentralStore
import Core
import GRDB
import Logging
import People

/// What an owner is asked when a code would give somebody more rights: whether two handles are one person.
struct LinkHandles: ApprovalAction {
    static let kind = "link_handles"

    let desk: AdmissionDesk
    var kind: String { Self.kind }

    static func payload(_ maker: [UserID], _ sender: [UserID]) -> JSONValue {
        [
            "user": .array(maker.map { .string($0.description) }),
            "other": .array(sender.map { .string($0.description) }),
        ]
    }

    func title(_ plan: Plan) -> String { "Two handles want to be one person" }

    func summary(_ plan: Plan) -> String {
        let (user, other) = (names(plan, "user"), names(plan, "other"))
        return """
            \(user) made a code and \(other) sent it. Linked, each of them has the rights of all, which gives one of them more \
            than now.
            """
    }

    private func names(_ plan: Plan, _ key: String) -> String {
        (plan.payload[key: key]?.array ?? []).compactMap(\.string).map(PlanText.code).joined(separator: ", ")
    }

    func choices(_ plan: Plan) -> [ApprovalChoice] {
        [
            ApprovalChoice(label: "They are one person", value: "link", effect: .once),
            ApprovalChoice(label: "Reject", value: "reject", effect: .deny),
        ]
    }

    func level(_ plan: Plan) -> ApproverLevel { .owner }

    func execute(_ approved: ApprovedPlan) async throws -> String {
        let lists = ["user", "other"].map { key in
            (approved.plan.payload[key: key]?.array ?? []).compactMap { $0.string.flatMap { UserID($0) } }
        }
        guard let user = lists[0].first, let other = lists[1].first else {
            throw ApprovalError(.invalidPlan, "the plan names no handles")
        }
        let now = desk.time.now
        let isDone = try await desk.central.write { db in
            try IdentityLinks.prune(now: now, db)
            // What was shown is what is linked: neither side has got handles since.
            guard let row = try PendingIdentityLink.fetchOne(db, key: user), row.otherUserID == other,
                try Set(Identity.handles(of: user, db)) == Set(lists[0]),
                try Set(Identity.handles(of: other, db)) == Set(lists[1])
            else { return false }
            try Identity.link(user, other, by: approved.approver, now: now, db)
            return true
        }
        guard isDone else {
            throw ApprovalError(.notPending, "this link waits no more, or one of the two has got others since")
        }
        return "\(user) and \(other) are one person now."
    }
}

extension AdmissionDesk {
    /// A link that somebody's code asked for would give one side more rights: an owner is asked, once.
    func ask(toLink maker: UserID, with sender: UserID, from chat: ChatAddress) async {
        do {
            let (makers, senders) = try await central.read { db in
                (try Identity.handles(of: maker, db), try Identity.handles(of: sender, db))
            }
            let outcome = try await approvals.request(
                ApprovalRequest(
                    action: LinkHandles.kind,
                    agentGroup: nil,
                    payload: LinkHandles.payload(makers, senders),
                    origin: chat,
                    lifetime: IdentityLinks.wait
                )
            )
            follow(outcome.id, link: maker, with: sender)
        } catch {
            logger.warning(
                "No owner was asked about a link; `nanoclaw users link` makes it",
                metadata: ["user": "\(maker)", "with": "\(sender)", "error": "\(error)"]
            )
        }
    }

    /// Somebody has linked or parted these handles by hand: nobody is asked about them any more.
    func linksChanged(_ users: [UserID]) async throws {
        let names = Set(users.map(\.description))
        try await approvals.withdraw { approval in
            guard approval.action == LinkHandles.kind else { return false }
            let handles = ["user", "other"].flatMap { approval.payload?[key: $0]?.array ?? [] }.compactMap(\.string)
            return !names.isDisjoint(with: handles)
        }
    }

    /// A no takes the waiting link away; without an answer it ends by its own time.
    private func follow(_ approval: ApprovalID, link maker: UserID, with sender: UserID) {
        tasks.add { [central, approvals, logger] in
            do {
                guard try await approvals.wait(for: approval).status == .denied else { return }
                try await central.write(changesRouting: false) { db in
                    _ = try PendingIdentityLink.filter(
                        PendingIdentityLink.CodingKeys.userID == maker
                            && PendingIdentityLink.CodingKeys.otherUserID == sender
                    ).deleteAll(db)
                }
            } catch {
                logger.debug("A link's answer was not seen", metadata: ["user": "\(maker)", "error": "\(error)"])
            }
        }
    }
}
