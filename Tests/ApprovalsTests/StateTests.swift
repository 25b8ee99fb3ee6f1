import Core
import Testing

@testable import Approvals

@Suite struct StateTests {
    private static let start = Timestamp(milliseconds: 1_000)
    private static let end = Timestamp(milliseconds: 2_000)

    @Test(
        "What happens to an approval makes of it what the table says",
        arguments: [
            (.pending, .answered(.once), false, .executing, .execute),
            (.pending, .answered(.always), false, .executing, .execute),
            (.pending, .granted, false, .executing, .execute),
            (.pending, .answered(.deny), false, .denied, .settle),
            (.pending, .cancelled, false, .cancelled, .settle),
            (.pending, .unreachable, false, .failed, .settle),
            (.executing, .unreachable, false, .executing, .none),
            (.pending, .tick, false, .pending, .none),
            (.pending, .tick, true, .expired, .settle),
            // Late by a millisecond is late, and nobody's "no".
            (.pending, .answered(.once), true, .expired, .settle),
            (.pending, .answered(.deny), true, .expired, .settle),
            (.pending, .granted, true, .expired, .settle),
            (.pending, .finished(isSuccess: true), false, .pending, .none),
            (.pending, .recovered, false, .pending, .none),
            (.executing, .answered(.once), false, .executing, .refuse(.executing)),
            (.executing, .answered(.deny), false, .executing, .refuse(.executing)),
            (.executing, .tick, true, .executing, .none),
            (.executing, .finished(isSuccess: true), true, .executed, .settle),
            (.executing, .finished(isSuccess: false), false, .failed, .settle),
            (.executing, .recovered, false, .interrupted, .settle),
            (.executing, .cancelled, false, .executing, .none),
            (.interrupted, .recovered, false, .interrupted, .none),
            (.interrupted, .answered(.once), false, .interrupted, .refuse(.interrupted)),
            (.executed, .answered(.once), false, .executed, .refuse(.executed)),
            (.executed, .finished(isSuccess: false), false, .executed, .none),
            (.denied, .answered(.once), false, .denied, .refuse(.denied)),
            (.expired, .answered(.once), true, .expired, .refuse(.expired)),
            (.cancelled, .granted, false, .cancelled, .refuse(.cancelled)),
        ] as [(ApprovalStatus, ApprovalState.Event, Bool, ApprovalStatus, ApprovalState.Action)]
    )
    func table(
        _ before: ApprovalStatus,
        _ event: ApprovalState.Event,
        _ isLate: Bool,
        _ after: ApprovalStatus,
        _ action: ApprovalState.Action
    ) {
        var state = ApprovalState(status: before, expiresAt: Self.end)
        #expect(state.take(event, now: isLate ? Self.end : Self.start) == action)
        #expect(state.status == after)
    }

    @Test func `A card is open for 24 hours, or for as long as was asked within bounds`() {
        let now = Timestamp(milliseconds: 5)
        #expect(ApprovalLifetime.end(after: nil, now: now) == now + .seconds(86_400))
        #expect(ApprovalLifetime.end(after: .seconds(60), now: now) == now + .seconds(60))
        #expect(ApprovalLifetime.end(after: .zero, now: now) == now + .seconds(1))
        #expect(ApprovalLifetime.end(after: .seconds(864_000), now: now) == now + .seconds(604_800))
    }

    @Test func `T49 a grant lasts 30 days, at most 365, and a bypass at most 8 hours`() throws {
        let now = Timestamp(milliseconds: 5)
        let day: Int64 = 86_400
        #expect(try GrantTerm.end(now: now) == now + .seconds(30 * day))
        #expect(try GrantTerm.end(after: .seconds(365 * day), now: now) == now + .seconds(365 * day))
        #expect(throws: ApprovalError.self) { try GrantTerm.end(after: .seconds(365 * day + 1), now: now) }
        #expect(throws: ApprovalError.self) { try GrantTerm.end(after: .zero, now: now) }
        #expect(try GrantTerm.bypassEnd(after: .seconds(8 * 3600), now: now) == now + .seconds(8 * 3600))
        #expect(throws: ApprovalError.self) { try GrantTerm.bypassEnd(after: .seconds(8 * 3600 + 1), now: now) }
    }

    @Test func `T49 a grant covers its own scope until it ends or is revoked, a bypass its group's lesser asks`() throws
    {
        let group = AgentGroupID(unchecked: "ag_1")
        let now = Self.start
        let plan = try Plan(action: "paint", agentGroup: group, payload: ["colour": "red", "why": "rust"])
        let scope = try plan.scopeHash(["colour": "red"], level: .groupAdmin)
        let other = try plan.scopeHash(["colour": "blue"], level: .groupAdmin)
        let elsewhere = try Plan(action: "paint", agentGroup: AgentGroupID(unchecked: "ag_2"), payload: plan.payload)
        let grant = Grant(scope: .exact(scope), expiresAt: Self.end)
        #expect(grant.covers(plan, scopeHash: scope, level: .owner, now: now))
        #expect(!grant.covers(plan, scopeHash: other, level: .owner, now: now))
        #expect(
            !grant.covers(
                elsewhere,
                scopeHash: try elsewhere.scopeHash(["colour": "red"], level: .groupAdmin),
                level: .owner,
                now: now
            )
        )
        #expect(!grant.covers(plan, scopeHash: scope, level: .owner, now: Self.end))
        let revoked = Grant(scope: .exact(scope), expiresAt: Self.end, revokedAt: now)
        #expect(!revoked.covers(plan, scopeHash: scope, level: .owner, now: now))

        let bypass = Grant(scope: .all(group), expiresAt: Self.end)
        #expect(bypass.covers(plan, scopeHash: other, level: .groupAdmin, now: now))
        #expect(!bypass.covers(elsewhere, scopeHash: other, level: .groupAdmin, now: now))
        #expect(!bypass.covers(plan, scopeHash: other, level: .owner, now: now))
        #expect(
            Grant(scope: .all(nil), expiresAt: Self.end).covers(
                elsewhere,
                scopeHash: other,
                level: .groupAdmin,
                now: now
            )
        )
    }

    @Test func `A grant for one action is none for another with the same scope`() throws {
        let one = try Plan(action: "paint", agentGroup: nil, payload: "x")
        let two = try Plan(action: "print", agentGroup: nil, payload: "x")
        let scope = try one.scopeHash("x", level: .owner)
        #expect(try scope != two.scopeHash("x", level: .owner))
        // Nor is the word of a lower role good for what needs a higher one.
        #expect(try scope != one.scopeHash("x", level: .groupAdmin))
    }
}
