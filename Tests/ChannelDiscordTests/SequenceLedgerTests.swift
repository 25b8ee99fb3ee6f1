import Testing

@testable import ChannelDiscord

@Suite struct SequenceLedgerTests {
    @Test func confirmsWhatIsDoneWithAllBefore() {
        var ledger = SequenceLedger(confirmed: 3)
        for seq in [4, 5, 7, 8] { #expect(ledger.begin(seq) == true) }
        ledger.finish(5)
        ledger.finish(8)
        #expect(ledger.confirmed == 3)
        ledger.finish(4)
        #expect(ledger.confirmed == 5)
        ledger.finish(7)
        #expect(ledger.confirmed == 8)
        #expect(ledger.openCount == 0)
    }

    @Test func passesRepeatsOver() {
        var ledger = SequenceLedger(confirmed: 3)
        #expect(ledger.begin(3) == false)
        #expect(ledger.begin(4) == true)
        #expect(ledger.begin(4) == false)
        ledger.finish(4)
        #expect(ledger.begin(4) == false)
        ledger.finish(9)
        #expect(ledger.confirmed == 4)
    }

    /// Whatever order events end in, what is confirmed is done with all before it, and in the end everything is.
    @Test func holdsForEveryOrder() {
        for _ in 0..<200 {
            var ledger = SequenceLedger(confirmed: 0)
            var done: Set<Int> = []
            let all = (1...12).map { $0 * 2 }
            for seq in all { _ = ledger.begin(seq) }
            for seq in all.shuffled() {
                ledger.finish(seq)
                done.insert(seq)
                #expect(all.filter { $0 <= ledger.confirmed }.allSatisfy(done.contains))
            }
            #expect(ledger.confirmed == 24)
        }
    }
}
