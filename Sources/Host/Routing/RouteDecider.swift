import CentralStore
package import ChannelKit
import Core
import EngagePatterns

/// Decides where a message goes: design §7 as a function of the message and what is known.
package enum RouteDecider {
    /// The decision of every wiring, most specific first.
    ///
    /// Of two wirings that lead to the same agent group only the more specific one counts.
    package static func decide(_ event: InboundEvent, _ facts: RouteFacts) -> RoutePlan {
        if facts.chat?.deniedAt != nil { return RoutePlan(decisions: [], drop: nil) }
        let candidates = ordered(facts.candidates, event, facts)
        if event.isBot, event.webhook == nil, facts.chat?.allowsBots != true {
            // Chatter where no agent is leaves no trace, a bot's as anybody's.
            return RoutePlan(decisions: [], drop: candidates.isEmpty && !event.isMention ? nil : .botSender)
        }
        guard !candidates.isEmpty else {
            return RoutePlan(decisions: [], drop: event.isMention ? .noAgentWired : nil)
        }
        var decisions = candidates.map { decide($0, event, facts) }
        // The host answers it once, however many agents hear the chat.
        if let asked = decisions.first(where: { $0.outcome == .link }) { decisions = [asked] }
        let isTaken = decisions.contains { decision in
            if case .drop(nil) = decision.outcome { return false }
            return true
        }
        return RoutePlan(decisions: decisions, drop: isTaken ? nil : .noAgentEngaged)
    }

    private static func ordered(
        _ candidates: [RouteCandidate],
        _ event: InboundEvent,
        _ facts: RouteFacts
    ) -> [RouteCandidate] {
        let fitting = candidates.filter { fits($0.wiring, event, facts) }
        let sorted = fitting.sorted { left, right in
            let (first, second) = (left.wiring, right.wiring)
            if rank(first) != rank(second) { return rank(first) < rank(second) }
            if first.priority != second.priority { return first.priority > second.priority }
            if first.createdAt != second.createdAt { return first.createdAt < second.createdAt }
            return first.id < second.id
        }
        var groups: Set<AgentGroupID> = []
        return sorted.filter { groups.insert($0.group.id).inserted }
    }

    private static func rank(_ wiring: Wiring) -> Int {
        switch wiring.side {
        case .chat: 0
        case .person: 1
        case .account: wiring.account == nil ? 3 : 2
        }
    }

    private static func fits(_ wiring: Wiring, _ event: InboundEvent, _ facts: RouteFacts) -> Bool {
        switch wiring.side {
        case .chat: wiring.messagingGroupID != nil && wiring.messagingGroupID == facts.chat?.id
        case .account: wiring.takesAccount(of: event.address)
        case .person: !isGroup(event, facts) && wiring.userID.map(facts.handles.contains) ?? false
        }
    }

    static func isGroup(_ event: InboundEvent, _ facts: RouteFacts) -> Bool {
        facts.chat?.isGroup ?? event.isGroup
    }

    private static func decide(
        _ candidate: RouteCandidate,
        _ event: InboundEvent,
        _ facts: RouteFacts
    ) -> RouteDecision {
        var reasons = [side(candidate.wiring)]
        var isEngaged = false
        func decision(_ outcome: RouteOutcome, remembers: Bool = false) -> RouteDecision {
            RouteDecision(
                candidate: candidate,
                outcome: outcome,
                remembersEngagement: remembers,
                isEngaged: isEngaged,
                reasons: reasons
            )
        }

        guard holdsChat(candidate.wiring, event, facts) else {
            reasons.append("the wiring is for \(candidate.wiring.chats.rawValue) chats only")
            return decision(.drop(nil))
        }
        // What a program posts commands nobody.
        let command = event.webhook == nil ? CommandGate.command(in: event.content.text) : nil
        let engagement = engage(candidate, event, facts)
        isEngaged = engagement != nil
        reasons.append(engagement ?? "nothing engages the agent")

        let refusal = event.webhook == nil ? access(candidate, facts, &reasons) : nil
        if event.webhook != nil { reasons.append("posted with the hook's own key") }
        if command == .stop {
            guard refusal == nil else { return decision(.drop(refusal)) }
            reasons.append("/stop ends what the session is doing")
            return decision(.stop)
        }
        // Of a stranger in a public chat, and in front of others, it is chat text.
        if command == .link, refusal == nil, candidate.standing.isKnown, !isGroup(event, facts) {
            reasons.append("/link asks the host for a code")
            return decision(.link)
        }
        guard engagement != nil else {
            guard candidate.wiring.ignoredMessagePolicy == .accumulate else { return decision(.drop(nil)) }
            guard refusal == nil else { return decision(.drop(refusal)) }
            reasons.append("kept as context")
            return decision(.accumulate)
        }
        if let refusal { return decision(.drop(refusal)) }
        if case .adminOnly(let name) = command, !candidate.standing.isAdmin {
            reasons.append("/\(name) is for admins")
            return decision(.denied(command: name))
        }
        return decision(.deliver, remembers: event.isMention)
    }

    private static func side(_ wiring: Wiring) -> String {
        switch wiring.side {
        case .chat: "wired to this chat"
        case .account: "wired to \(wiring.account.map { "account \($0)" } ?? "every account") of this channel"
        case .person: "wired to this person's direct messages"
        }
    }

    private static func holdsChat(_ wiring: Wiring, _ event: InboundEvent, _ facts: RouteFacts) -> Bool {
        switch wiring.chats {
        case .all: true
        case .dm: !isGroup(event, facts)
        case .group: isGroup(event, facts)
        }
    }

    /// Why the message engages the agent; nil when it does not.
    private static func engage(
        _ candidate: RouteCandidate,
        _ event: InboundEvent,
        _ facts: RouteFacts
    ) -> String? {
        for mode in candidate.wiring.engageModes {
            switch mode {
            case .pattern:
                let text = candidate.wiring.engagePattern ?? "."
                // A pattern that is none never engages: it was refused when it was written.
                if let pattern = try? EngagePattern(text), pattern.matches(event.content.text) {
                    return "pattern \(text) matches"
                }
            case .mention:
                if event.isMention { return "the agent is mentioned" }
            case .mentionSticky:
                if event.isMention { return "the agent is mentioned" }
                if isGroup(event, facts), candidate.wasEngaged { return "the agent was mentioned here before" }
            case .reply:
                if event.repliesToAgent || event.content.replyTo?.isFromAgent == true {
                    return "answers one of the agent's messages"
                }
            }
        }
        return nil
    }

    /// Why the sender is turned away; nil when both gates let them pass.
    private static func access(
        _ candidate: RouteCandidate,
        _ facts: RouteFacts,
        _ reasons: inout [String]
    ) -> DropReason? {
        let policy = facts.chat?.unknownSenderPolicy ?? .strict
        let who = facts.sender.map { "\($0) is \(candidate.standing.rawValue)" } ?? "the platform names no sender"
        reasons.append(who)
        if !candidate.standing.isKnown {
            switch policy {
            case .public: reasons.append("the chat is public")
            case .strict:
                reasons.append("the chat takes known senders only")
                return .unknownSenderStrict
            case .requestApproval:
                reasons.append("an approval would be needed")
                return .unknownSenderRequestApproval
            }
            if candidate.wiring.senderScope == .known {
                reasons.append("the wiring takes known senders only")
                return .senderScope
            }
        }
        return nil
    }
}

extension RouteDecider {
    /// True when the access gate lets the sender of this event speak to that agent group, whatever engages it.
    static func admits(_ group: AgentGroupID, _ event: InboundEvent, _ facts: RouteFacts) -> Bool {
        guard facts.chat?.deniedAt == nil, facts.sender != nil,
            let candidate = ordered(facts.candidates, event, facts).first(where: { $0.group.id == group }),
            holdsChat(candidate.wiring, event, facts)
        else { return false }
        var reasons: [String] = []
        return access(candidate, facts, &reasons) == nil
    }

    /// The wirings whose agents may hear of what the sender of this event did, whatever engages them; each with the
    /// outcome `accumulate`.
    ///
    /// Who deleted a message many platforms do not say: it is told to those who have the message.
    static func hearers(_ event: InboundEvent, _ facts: RouteFacts) -> [RouteDecision] {
        let isNameless = facts.sender == nil && event.content.change?.kind == .deleted
        guard facts.chat?.deniedAt == nil, facts.sender != nil || isNameless,
            !event.isBot || facts.chat?.allowsBots == true
        else { return [] }
        return ordered(facts.candidates, event, facts).compactMap { candidate in
            var reasons: [String] = []
            guard holdsChat(candidate.wiring, event, facts),
                isNameless || access(candidate, facts, &reasons) == nil
            else { return nil }
            return RouteDecision(
                candidate: candidate,
                outcome: .accumulate,
                remembersEngagement: false,
                reasons: reasons + ["about a message of this conversation"]
            )
        }
    }
}
