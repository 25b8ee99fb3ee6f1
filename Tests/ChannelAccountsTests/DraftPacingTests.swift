import ChannelKit
import Testing

@testable import ChannelAccounts

@Suite struct `The pace of a draft` {
    /// Patient or not, characters, whether any is new, milliseconds now and since when a state is shown, and what follows.
    static let cases: [(Bool, Int, Bool, Int, Int?, DraftPacing.Step)] = [
        (true, 100, true, 0, nil, .look(at: .milliseconds(300))),
        (true, 100, true, 299, nil, .look(at: .milliseconds(300))),
        (true, 100, true, 300, nil, .show),
        (true, 39, true, 300, nil, .look(at: .seconds(1))),
        (true, 40, true, 300, nil, .show),
        (true, 2, true, 999, nil, .look(at: .seconds(1))),
        (true, 2, true, 1000, nil, .show),
        (true, 100, true, 1500, 1000, .look(at: .seconds(3))),
        (true, 100, true, 3000, 1000, .show),
        (true, 100, false, 3000, 1000, .look(at: .seconds(5))),
        (false, 1, true, 0, nil, .show),
        (false, 1, true, 500, 0, .look(at: .seconds(2))),
    ]

    @Test(arguments: cases)
    func `is one state each two seconds, the first when it is worth it`(
        isPatient: Bool,
        characters: Int,
        isNew: Bool,
        now: Int,
        shown: Int?,
        step: DraftPacing.Step
    ) {
        var pacing = DraftPacing(every: .seconds(2), isPatient: isPatient, began: .zero)
        if let shown { pacing.shown(at: .milliseconds(shown)) }
        #expect(pacing.step(characters: characters, isNew: isNew, at: .milliseconds(now)) == step)
    }

    @Test func `a pause that the platform orders counts beside the draft's own`() {
        var pacing = DraftPacing(every: .seconds(2), isPatient: true, began: .zero)
        pacing.shown(at: .seconds(1))
        pacing.hold(until: .seconds(9))
        pacing.hold(until: .seconds(8))
        #expect(pacing.step(characters: 50, isNew: true, at: .seconds(4)) == .look(at: .seconds(9)))
        #expect(pacing.isHeld(at: .milliseconds(8999)))
        #expect(pacing.step(characters: 50, isNew: true, at: .seconds(9)) == .show)
        #expect(!pacing.isHeld(at: .seconds(9)))
    }
}
