import SandboxWire
import Testing

struct WritePacingTests {
    private static let rate: Int64 = 10 << 20
    private static let full = 4 * rate

    /// At 0 milliseconds nobody has written anything.
    private func pacing(_ sandboxes: Int...) -> WritePacing {
        var pacing = WritePacing(bytesPerSecond: UInt64(Self.rate))
        look(&pacing, Dictionary(uniqueKeysWithValues: sandboxes.map { ($0, 0) }), at: 0)
        return pacing
    }

    private func look(_ pacing: inout WritePacing, _ written: [Int: Int64], at now: Int64) {
        pacing.refill(at: now)
        pacing.charge(written.mapValues { .bytes($0) }, at: now)
    }

    @Test func `T60 PS24 who has written four seconds' worth is stopped until it may write again`() {
        var pacing = pacing(1, 2)
        look(&pacing, [1: Self.full, 2: 1000], at: 0)
        #expect(pacing.frozen == [])
        look(&pacing, [1: Self.full + Self.rate / 8, 2: 1000], at: 0)
        #expect(pacing.frozen == [1])
        var before = pacing
        before.refill(at: 124)
        #expect(before.frozen == [1])
        pacing.refill(at: 125)
        #expect(pacing.frozen == [] && !pacing.hasDebtors)
    }

    @Test func `nobody is frozen longer than a lock is waited for, and a debtor stops again at the next look`() {
        var pacing = pacing(1)
        let written = Self.full + Self.rate
        look(&pacing, [1: written], at: 0)
        look(&pacing, [1: written], at: WritePacing.longest - 1)
        #expect(pacing.frozen == [1] && !pacing.hasDebtors)
        pacing.refill(at: WritePacing.longest)
        #expect(pacing.frozen == [] && pacing.hasDebtors)
        look(&pacing, [1: written], at: WritePacing.longest + 5)
        #expect(pacing.frozen == [1])
        // Looks follow one another as the pacer makes them; the time is only told.
        for now in stride(from: Int64(300), to: 1000, by: 20) { look(&pacing, [1: written], at: now) }
        look(&pacing, [1: written], at: 1000)
        #expect(pacing.frozen == [] && !pacing.hasDebtors)
    }

    @Test func `what is beyond two seconds of debt is forgiven`() {
        var pacing = pacing(1)
        look(&pacing, [1: 100 * Self.rate], at: 0)
        // As above: time that is told, of looks one after another.
        for now in stride(from: Int64(20), to: 2000, by: 20) {
            look(&pacing, [1: 100 * Self.rate], at: now)
            #expect(pacing.hasDebtors || pacing.frozen == [1])
        }
        look(&pacing, [1: 100 * Self.rate], at: 2001)
        #expect(pacing.frozen == [] && !pacing.hasDebtors)
    }

    @Test func `those who write much share the rate, and nobody's share shrinks by who writes little`() {
        var pacing = pacing(1, 2, 3)
        let much = Self.full + Self.rate / 10
        look(&pacing, [1: much, 2: much, 3: Self.rate / 2], at: 0)
        #expect(pacing.frozen == [1, 2])
        look(&pacing, [1: much, 2: much, 3: Self.rate / 2], at: 199)
        #expect(pacing.frozen == [1, 2])
        look(&pacing, [1: much, 2: much, 3: Self.rate / 2], at: 200)
        #expect(pacing.frozen == [])
    }

    @Test func `what was written in a long time without a look is no burst`() {
        var pacing = pacing(1)
        look(&pacing, [1: 100 * Self.rate, 2: 90 * Self.rate], at: 100_000)
        #expect(pacing.frozen == [])
        look(&pacing, [1: 104 * Self.rate, 2: 90 * Self.rate], at: 100_000)
        #expect(pacing.frozen == [], "and the allowance is as full as it can be")
        look(&pacing, [1: 104 * Self.rate + 1, 2: 90 * Self.rate], at: 100_000)
        #expect(pacing.frozen == [1])
    }

    @Test func `a sum that falls and rises again is no writing, unless the rise comes late`() {
        for (later, frozen) in [(Int64(1000), Set<Int>()), (1001, [1])] {
            var pacing = pacing(1)
            look(&pacing, [1: 3 * Self.rate], at: 0)
            look(&pacing, [1: 0], at: 0)
            pacing.charge([1: .bytes(3 * Self.rate)], at: later)
            #expect(pacing.frozen == frozen, "after \(later) ms")
        }
    }

    @Test func `who was not reached stays as it is, and who has ended is forgotten`() {
        var pacing = pacing(1)
        look(&pacing, [1: 5 * Self.rate], at: 0)
        pacing.charge([1: .unread], at: 10)
        #expect(pacing.frozen == [1])
        look(&pacing, [:], at: 20)
        #expect(pacing.frozen == [])
    }

    @Test func `who makes each look at it late is stopped, and a few late looks do nothing`() {
        var pacing = pacing(1)
        for _ in 1...4 { pacing.charge([1: .late], at: 0) }
        #expect(pacing.frozen == [])
        pacing.charge([1: .late], at: 0)
        #expect(pacing.frozen == [1])
    }

    @Test func `nobody is looked at while the whole machine writes less than one may`() {
        let before: Int64 = 5 << 40
        var pacing = pacing(1)
        let steps: [(machine: Int64?, at: Int64, rests: Bool)] = [
            // What was written before is not known.
            (before, 0, false),
            (before + Self.rate / 5, 200, true),
            (before + Self.rate, 400, false),
            (before + Self.rate, 600, true),
            // A kernel that does not say it.
            (nil, 800, false),
            (before + Self.rate, 1000, false),
            (before + Self.rate, 1200, true),
        ]
        for step in steps {
            let rests = pacing.mayRest(machine: step.machine, at: step.at)
            #expect(rests == step.rests, "\(step)")
        }
        pacing.charge([1: .bytes(5 * Self.rate)], at: 1200)
        let rests = pacing.mayRest(machine: before + Self.rate, at: 1400)
        #expect(!rests, "somebody is to be let go on")
    }
}
