import CentralStore
import ChannelKit
import Core
import Testing

@testable import Host

@Suite struct RouteDeciderTests {
    static let now = Timestamp(milliseconds: 1_790_000_000_000)
    static let group = AgentGroup(name: "Main", folder: "main", createdAt: now)
    static let chat = MessagingGroup(channelType: "test", platformID: "c1", createdAt: now)
    static let person = UserID(channel: "test", native: "u1")

    static func event(
        _ text: String = "hello",
        mention: Bool = false,
        group: Bool = false,
        reply: Bool = false
    ) -> InboundEvent {
        InboundEvent(
            address: chat.address,
            platformMessageID: "p1",
            sentAt: now,
            senderNativeID: "u1",
            content: ChatContent(text: text),
            isMention: mention,
            isGroup: group,
            repliesToAgent: reply
        )
    }

    static func decide(
        _ event: InboundEvent = event(),
        modes: Set<EngageMode> = [.pattern],
        pattern: String? = ".",
        standing: Standing = .owner,
        policy: UnknownSenderPolicy = .strict,
        isGroup: Bool = false,
        scope: SenderScope = .all,
        ignored: IgnoredMessagePolicy = .drop,
        chats: ChatKinds = .all,
        wasEngaged: Bool = false,
        denied: Bool = false
    ) -> RoutePlan {
        var chat = chat
        chat.isGroup = isGroup
        chat.unknownSenderPolicy = policy
        if denied { chat.deniedAt = now }
        let wiring = Wiring(
            agentGroupID: group.id,
            target: .chat(chat.id),
            engageModes: modes,
            engagePattern: pattern,
            chats: chats,
            senderScope: scope,
            ignoredMessagePolicy: ignored,
            createdAt: now
        )
        return RouteDecider.decide(
            event,
            RouteFacts(
                chat: chat,
                sender: person,
                candidates: [RouteCandidate(wiring: wiring, group: group, standing: standing, wasEngaged: wasEngaged)]
            )
        )
    }

    static func outcome(_ plan: RoutePlan) -> RouteOutcome? { plan.decisions.first?.outcome }

    @Test func `§16.62 pattern . engages for every text`() {
        #expect(Self.outcome(Self.decide()) == .deliver)
        #expect(Self.outcome(Self.decide(Self.event(""))) == .deliver)
    }

    @Test func `what a program posted is delivered without a sender and commands nobody`() {
        for text in ["hello", "/stop", "/clear", "/link"] {
            var event = Self.event(text)
            event.senderNativeID = nil
            event.isBot = true
            #expect(Self.decide(event, standing: .stranger).drop == .botSender)
            event.webhook = WebhookContent(source: "builds", event: "push", payload: "{}")
            #expect(Self.outcome(Self.decide(event, standing: .stranger)) == .deliver, "\(text)")
        }
    }

    @Test func `§16.64 a pattern that is none never engages`() {
        #expect(Self.outcome(Self.decide(pattern: "(")) == .drop(nil))
    }

    @Test func `§16.66 mention needs the channel's flag and not the agent's name`() {
        #expect(Self.outcome(Self.decide(Self.event("Main, hello"), modes: [.mention])) == .drop(nil))
        #expect(Self.outcome(Self.decide(Self.event(mention: true), modes: [.mention])) == .deliver)
    }

    @Test func `§16.67 §16.68 §16.69 mention-sticky remembers a mention in a group only`() {
        let modes: Set<EngageMode> = [.mentionSticky]
        #expect(Self.outcome(Self.decide(modes: modes, isGroup: true, wasEngaged: true)) == .deliver)
        #expect(Self.outcome(Self.decide(modes: modes, isGroup: true)) == .drop(nil))
        #expect(Self.outcome(Self.decide(modes: modes, wasEngaged: true)) == .drop(nil))
        let plan = Self.decide(Self.event(mention: true), modes: modes, isGroup: true)
        #expect(plan.decisions.first?.remembersEngagement == true)
    }

    @Test func `reply engages by an answer to one of the agent's messages`() {
        #expect(Self.outcome(Self.decide(Self.event(reply: true), modes: [.reply])) == .deliver)
        #expect(Self.outcome(Self.decide(modes: [.reply])) == .drop(nil))
    }

    @Test(arguments: [
        (UnknownSenderPolicy.public, RouteOutcome.deliver), (.strict, .drop(.unknownSenderStrict)),
        (.requestApproval, .drop(.unknownSenderRequestApproval)),
    ])
    func `§16.71 a stranger is treated as the chat's policy says`(policy: UnknownSenderPolicy, expected: RouteOutcome) {
        #expect(Self.outcome(Self.decide(standing: .stranger, policy: policy)) == expected)
    }

    @Test(arguments: [Standing.owner, .globalAdmin, .groupAdmin, .member])
    func `§16.72 the access gate passes owner, admins and members`(standing: Standing) {
        #expect(Self.outcome(Self.decide(standing: standing)) == .deliver)
    }

    @Test func `§16.73 sender scope known refuses strangers in a public chat too`() {
        let plan = Self.decide(standing: .stranger, policy: .public, scope: .known)
        #expect(Self.outcome(plan) == .drop(.senderScope))
    }

    @Test func `§16.74 T55 an engaged but refused message is never stored`() {
        let plan = Self.decide(standing: .stranger, ignored: .accumulate)
        #expect(Self.outcome(plan) == .drop(.unknownSenderStrict))
    }

    @Test func `§16.75 §16.76 §16.77 a message that does not engage is kept only for those who pass the gate`() {
        #expect(Self.outcome(Self.decide(modes: [.mention], ignored: .accumulate)) == .accumulate)
        #expect(Self.outcome(Self.decide(modes: [.mention])) == .drop(nil))
        let stranger = Self.decide(modes: [.mention], standing: .stranger, ignored: .accumulate)
        #expect(Self.outcome(stranger) == .drop(.unknownSenderStrict))
    }

    @Test func `§16.59 no wiring that takes a message is one drop`() {
        #expect(Self.decide(modes: [.mention]).drop == .noAgentEngaged)
        #expect(Self.decide().drop == nil)
        #expect(Self.decide(standing: .stranger).drop == nil)
    }

    @Test func `§16.49 §16.51 a denied or unwired chat is left alone`() {
        #expect(Self.decide(denied: true) == RoutePlan(decisions: [], drop: nil))
        let facts = RouteFacts(chat: Self.chat, sender: Self.person, candidates: [])
        #expect(RouteDecider.decide(Self.event(), facts) == RoutePlan(decisions: [], drop: nil))
        #expect(RouteDecider.decide(Self.event(mention: true), facts).drop == .noAgentWired)
    }

    @Test func `chats dm and group pick their kind`() {
        #expect(Self.outcome(Self.decide(chats: .group)) == .drop(nil))
        #expect(Self.outcome(Self.decide(isGroup: true, chats: .group)) == .deliver)
        #expect(Self.outcome(Self.decide(isGroup: true, chats: .dm)) == .drop(nil))
    }

    @Test(arguments: ["/clear", "/CLEAR now", " /clear "])
    func `§16.85 §16.86 §16.87 admin commands are refused to members and passed to admins`(text: String) {
        #expect(Self.outcome(Self.decide(Self.event(text), standing: .member)) == .denied(command: "clear"))
        for standing in [Standing.owner, .globalAdmin, .groupAdmin] {
            #expect(Self.outcome(Self.decide(Self.event(text), standing: standing)) == .deliver)
        }
    }

    @Test(arguments: ["/clear@bot", "/clearx", "/etc/passwd", "/unknown"])
    func `§16.88 §16.89 what is no command is chat text`(text: String) {
        #expect(Self.outcome(Self.decide(Self.event(text), standing: .member)) == .deliver)
    }

    @Test func `T27 stop is the host's, engaged or not, for those who pass the gate`() {
        #expect(Self.outcome(Self.decide(Self.event("/stop"), modes: [.mention], standing: .member)) == .stop)
        #expect(Self.outcome(Self.decide(Self.event("/stop"), standing: .stranger)) == .drop(.unknownSenderStrict))
    }

    @Test func `§16.56 the most specific wiring comes first, then priority, then age, one a group`() {
        let other = AgentGroup(name: "Other", folder: "other", createdAt: Self.now)
        func candidate(
            _ target: WiringTarget,
            _ group: AgentGroup,
            priority: Int,
            later: Bool = false
        ) -> RouteCandidate {
            RouteCandidate(
                wiring: Wiring(
                    agentGroupID: group.id,
                    target: target,
                    engageModes: [.pattern],
                    engagePattern: ".",
                    priority: priority,
                    createdAt: later ? Self.now + .seconds(1) : Self.now
                ),
                group: group,
                standing: .owner
            )
        }
        let third = AgentGroup(name: "Third", folder: "third", createdAt: Self.now)
        let urgent = AgentGroup(name: "Urgent", folder: "urgent", createdAt: Self.now)
        let facts = RouteFacts(
            chat: Self.chat,
            sender: Self.person,
            candidates: [
                candidate(.account(channel: "test", account: nil), third, priority: 99),
                candidate(.person(Self.person), Self.group, priority: 50),
                candidate(.chat(Self.chat.id), other, priority: 1, later: true),
                candidate(.chat(Self.chat.id), Self.group, priority: 1),
                candidate(.chat(Self.chat.id), urgent, priority: 2, later: true),
            ]
        )
        let decisions = RouteDecider.decide(Self.event(), facts).decisions
        #expect(decisions.map(\.candidate.group.folder) == ["urgent", "main", "other", "third"])
        #expect(decisions.first?.candidate.wiring.side == .chat)
    }

    @Test(arguments: [
        ("slack:T1:C9", ["one", "every"]), ("slack:T2:C9", ["every"]), ("slack:T11:C9", ["every"]), ("T1", ["every"]),
        ("other:T1:C9", ["every"]), ("slack:T1", ["every"]),
    ])
    func `a wiring of an account takes the chats of that account, one without takes them all`(
        platformID: String,
        groups: [String]
    ) {
        func candidate(_ folder: String, channel: String, account: String?) -> RouteCandidate {
            let group = AgentGroup(name: folder, folder: folder, createdAt: Self.now)
            return RouteCandidate(
                wiring: Wiring(
                    agentGroupID: group.id,
                    target: .account(channel: channel, account: account),
                    engageModes: [.pattern],
                    engagePattern: ".",
                    createdAt: Self.now
                ),
                group: group,
                standing: .owner
            )
        }
        var event = Self.event()
        event.address = ChatAddress(channel: "slack", platformID: platformID)
        let facts = RouteFacts(
            chat: nil,
            sender: Self.person,
            candidates: [
                candidate("every", channel: "slack", account: nil), candidate("one", channel: "slack", account: "T1"),
                candidate("elsewhere", channel: "matrix", account: "T1"),
            ]
        )
        #expect(RouteDecider.decide(event, facts).decisions.map(\.candidate.group.folder) == groups)
    }

    @Test func `§16.78 §16.79 §16.80 the session's key follows mode and threads`() {
        func key(_ mode: SessionMode, group: Bool, threads: Bool) -> SessionKey {
            SessionKey(
                wiring: Wiring(
                    agentGroupID: Self.group.id,
                    target: .chat(Self.chat.id),
                    sessionMode: mode,
                    createdAt: Self.now
                ),
                chat: Self.chat.id,
                isGroup: group,
                thread: "t",
                channelHasThreads: threads
            )
        }
        #expect(key(.shared, group: true, threads: true).thread == "t")
        #expect(key(.shared, group: true, threads: true).mode == .perThread)
        #expect(key(.shared, group: false, threads: true).thread == nil)
        #expect(key(.shared, group: true, threads: false).mode == .shared)
        #expect(key(.agentShared, group: true, threads: true).chat == nil)
        #expect(key(.perThread, group: false, threads: false).thread == nil)
    }
}
