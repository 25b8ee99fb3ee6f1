import Core
import Cron
import Testing

@testable import Scheduling

/// What of a schedule is run when it is looked at late.
@Suite struct DueWorkTests {
    static let start = Timestamp(milliseconds: 1_790_000_000_000)
    static let day = Duration.seconds(86_400)
    static let daily = Schedule.every(day, from: start)

    static func work(_ policy: MissedRunPolicy, after down: Duration, _ schedule: Schedule = daily) -> DueWork {
        DueWork(first: start, schedule: schedule, at: start + down, policy: policy)
    }

    @Test(arguments: [(MissedRunPolicy.skip, 0), (.latest, 1), (.all, 3)])
    func `T18 of three missed days the policy decides how many are run`(policy: MissedRunPolicy, count: Int) {
        let work = Self.work(policy, after: Self.day * 2 + .seconds(7200))
        let days = [Self.start, Self.start + Self.day, Self.start + Self.day * 2]
        #expect(work.runs == Array(days.suffix(count)))
        #expect(work.missed?.count ?? 0 == 3 - count)
        #expect(work.next == Self.start + Self.day * 3)
        if count < 3 {
            #expect(work.missed?.first == Self.start)
            #expect(work.missed?.last == (count == 0 ? days[2] : days[1]))
        }
    }

    @Test(arguments: MissedRunPolicy.allCases)
    func `what is looked at in time is run under every policy`(policy: MissedRunPolicy) {
        for late in [Duration.zero, .seconds(1), .seconds(60), DueWork.grace] {
            let work = Self.work(policy, after: late)
            #expect(work.runs == [Self.start])
            #expect(work.missed == nil)
        }
        #expect(Self.work(policy, after: .milliseconds(-1)) == Self.work(policy, after: .seconds(-3600)))
        #expect(Self.work(policy, after: .milliseconds(-1)).runs.isEmpty)
        #expect(Self.work(policy, after: .milliseconds(-1)).next == Self.start)
    }

    @Test func `T18 all is capped at ten, the latest, oldest first`() {
        let work = Self.work(.all, after: Self.day * 30)
        #expect(work.runs == (21...30).map { Self.start + Self.day * $0 })
        #expect(work.missed == DueWork.Missed(first: Self.start, last: Self.start + Self.day * 20, count: 21))
    }

    @Test(arguments: MissedRunPolicy.allCases)
    func `a year of minutes is no year of work`(policy: MissedRunPolicy) {
        let minutes = Schedule.every(.seconds(60), from: Self.start)
        let work = Self.work(policy, after: Self.day * 365 + .seconds(30), minutes)
        let last = Self.start + Self.day * 365
        #expect(work.runs.last == last)
        #expect(work.runs.count == (policy == .all ? 10 : 1))
        #expect(work.runs == work.runs.sorted())
        #expect(work.next == last + .seconds(60))
        #expect(work.missed?.count ?? 0 > DueWork.mostCounted - 10)
    }

    @Test func `a single occurrence is the last, and a late one is run unless its policy is skip`() {
        let once = Schedule.once(Self.start)
        #expect(Self.work(.latest, after: Self.day, once).runs == [Self.start])
        #expect(Self.work(.latest, after: Self.day, once).next == nil)
        #expect(Self.work(.skip, after: Self.day, once).runs.isEmpty)
        #expect(Self.work(.skip, after: Self.day, once).missed?.count == 1)
    }

    @Test func `T17 an occurrence of an earlier schedule is run, and the next is of the new one`() {
        let other = Schedule.every(.seconds(3600), from: Self.start + .seconds(1000))
        let work = DueWork(first: Self.start, schedule: other, at: Self.start + .seconds(10), policy: .latest)
        #expect(work.runs == [Self.start])
        #expect(work.next == Self.start + .seconds(1000))
    }
}
