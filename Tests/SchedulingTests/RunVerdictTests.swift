import Testing

@testable import Scheduling

@Suite struct RunVerdictTests {
    @Test(arguments: [true, false])
    func `T20 failures are told, the third raises one alert, and success begins anew`(hasChat: Bool) {
        var failures = 0
        var told: [RunVerdict.Notice?] = []
        let ends: [RunState] = [.failed, .failed, .failed, .failed, .failed, .completed, .failed, .quiet, .failed]
        for end in ends {
            let verdict = RunVerdict(end, failuresBefore: failures, hasChat: hasChat)
            failures = verdict.failures
            told.append(verdict.notice)
        }
        let one: RunVerdict.Notice = hasChat ? .chat : .owner
        #expect(told == [one, one, .alert, nil, nil, nil, one, nil, one])
        #expect(failures == 1)
    }

    @Test func `T19 an interrupted run is told to the owner, whatever chat it has`() {
        #expect(RunVerdict(.interrupted, failuresBefore: 0, hasChat: true).notice == .owner)
        #expect(RunVerdict(.interrupted, failuresBefore: 0, hasChat: false).notice == .owner)
        // What it did nobody knows: also when failures are not told any more.
        #expect(RunVerdict(.interrupted, failuresBefore: 7, hasChat: true).notice == .owner)
        #expect(RunVerdict(.failed, failuresBefore: 7, hasChat: true).notice == nil)
    }

    @Test(arguments: [RunState.stopped, .missed])
    func `what a person or the policy ended is no failure`(end: RunState) {
        let verdict = RunVerdict(end, failuresBefore: 2, hasChat: true)
        #expect(verdict.failures == 2)
        #expect(verdict.notice == nil)
    }

    @Test func `a notice says which run of what, why, and what becomes of the rest`() {
        let text = RunNotice.text(
            .owner,
            .failed,
            task: "report",
            id: "tk_1",
            due: "2026-03-29T03:00:00+02:00",
            detail: "no disk"
        )
        #expect(
            text == "The run of the task \"report\" due 2026-03-29T03:00:00+02:00 failed: no disk. "
                + "Its later runs are not affected; `nanoclaw tasks history tk_1` shows its runs."
        )
        let alert = RunNotice.text(.alert, .interrupted, task: "r", id: "t", due: "d", detail: nil)
        #expect(alert.contains("third failure in a row"))
        #expect(alert.contains("was interrupted and is not run a second time."))
    }
}
