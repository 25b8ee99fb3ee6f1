import AgentMail
import Core
import Testing

@Suite struct ReturnPathTests {
    static let parent = AgentGroupID(unchecked: "ag_parent")
    static let other = AgentGroupID(unchecked: "ag_other")
    static let child = SessionID(unchecked: "se_child")

    static func session(
        _ name: String,
        _ state: MailSession.State = .open,
        of group: AgentGroupID = parent
    ) -> MailSession {
        MailSession(id: SessionID(unchecked: name), group: group, state: state)
    }

    static func to(_ name: String) -> ReturnPath.Choice { .session(SessionID(unchecked: name)) }

    private func choose(
        _ answered: ReturnPath.Answered = .nothing,
        latest: MailSession? = nil,
        entry: MailSession? = nil
    ) -> ReturnPath.Choice {
        ReturnPath.choose(answered: answered, latest: latest, entry: entry, from: Self.child, to: Self.parent)
    }

    @Test func `§16.224 an answer goes to the session that asked, whatever others wrote since`() {
        let asked = Self.session("se_asked")
        let choice = choose(.session(asked), latest: Self.session("se_later"), entry: Self.session("se_entry"))
        #expect(choice == .session(asked.id))
    }

    @Test func `§16.225 what asked and is closed or gone gives way to the next, and is no session to answer to`() {
        let entry = Self.session("se_entry")
        for asked in [nil, Self.session("se_asked", .closed)] {
            #expect(choose(.session(asked), latest: asked, entry: entry) == .session(entry.id))
            #expect(choose(.session(asked), latest: Self.session("se_later"), entry: entry) == Self.to("se_later"))
        }
    }

    @Test func `an answer that cannot be one goes nowhere, and never to another session`() {
        let others = (Self.session("se_later"), Self.session("se_entry"))
        let table: [(ReturnPath.Answered, AgentMailRefusal)] = [
            (.session(Self.session("se_asked", .quarantined)), .quarantined),
            (.session(Self.session("se_asked", of: Self.other)), .answersAnother),
            (.session(Self.session(Self.child.rawValue)), .itself),
            (.somebodyElse, .answersAnother),
        ]
        for (answered, refusal) in table {
            #expect(choose(answered, latest: others.0, entry: others.1) == .refused(refusal), "\(answered)")
        }
    }

    @Test func `§16.224 a message that answers none goes to the session that wrote last, else to the entry`() {
        let entry = Self.session("se_entry")
        let table: [(MailSession?, MailSession?, ReturnPath.Choice)] = [
            (Self.session("se_later"), entry, Self.to("se_later")),
            (nil, entry, .session(entry.id)),
            (nil, nil, .newEntry),
            (Self.session("se_later", .closed), entry, .session(entry.id)),
            (Self.session("se_later", .quarantined), nil, .newEntry),
            (Self.session("se_later", of: Self.other), entry, .session(entry.id)),
            (Self.session(Self.child.rawValue), entry, .session(entry.id)),
            (nil, Self.session("se_entry", .quarantined), .refused(.quarantined)),
            (nil, Self.session("se_entry", .closed), .refused(.closed)),
            (nil, Self.session(Self.child.rawValue), .refused(.itself)),
        ]
        for (latest, entry, expected) in table {
            #expect(choose(latest: latest, entry: entry) == expected, "\(String(describing: latest))")
        }
    }
}
