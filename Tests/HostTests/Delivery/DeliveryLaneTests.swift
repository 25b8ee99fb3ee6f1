import Core
import SessionStore
import SessionStoreHost
import Testing

@testable import Host

@Suite struct DeliveryLaneTests {
    static let now = Timestamp(milliseconds: 1_790_000_000_000)

    func item(_ seq: Int64, next: Timestamp? = nil, recorded: Bool = false) -> LaneItem {
        LaneItem(
            delivery: Delivery(
                message: MessageID(unchecked: "m_\(seq)"),
                seq: seq,
                incarnation: 1,
                turn: .random(),
                kind: .chat,
                address: ChatAddress(channel: "test", platformID: "c"),
                content: "{}",
                state: .retry,
                nextAttempt: next,
                recordedAt: Self.now,
                updatedAt: Self.now
            ),
            isRecorded: recorded
        )
    }

    @Test func `§16.206 rows go out by their number, one at a time`() {
        var lane = DeliveryLane()
        for seq in [5, 1, 3] as [Int64] { lane.add(item(seq)) }
        #expect(lane.next(now: Self.now)?.delivery.seq == 1)
        #expect(lane.next(now: Self.now) == nil)
        lane.finish(MessageID(unchecked: "m_1"))
        #expect(lane.next(now: Self.now)?.delivery.seq == 3)
    }

    @Test func `§16.206 a row that waits holds back those behind it`() {
        var lane = DeliveryLane()
        lane.add(item(1))
        lane.add(item(3))
        _ = lane.next(now: Self.now)
        var first = item(1)
        first.delivery.nextAttempt = Self.now + .seconds(5)
        lane.keep(first)
        #expect(lane.next(now: Self.now) == nil)
        #expect(lane.state == .waiting(until: Self.now + .seconds(5)))
        #expect(lane.takeUnrecorded().map(\.seq) == [1, 3])
        #expect(lane.takeUnrecorded().isEmpty)
        #expect(lane.next(now: Self.now + .seconds(5))?.delivery.seq == 1)
    }

    @Test func `§16.222 a row for later has a lane of its own`() {
        let later = item(1, next: Self.now + .seconds(60))
        #expect(DeliveryLane.key(later.delivery, now: Self.now) == .later(MessageID(unchecked: "m_1")))
        #expect(
            DeliveryLane.key(item(3).delivery, now: Self.now) == .chat(ChatAddress(channel: "test", platformID: "c"))
        )
    }

    @Test func `T27 what is discarded is everything but the row in the adapter's hands`() {
        var lane = DeliveryLane()
        for seq in [1, 3, 5] as [Int64] { lane.add(item(seq)) }
        _ = lane.next(now: Self.now)
        #expect(lane.discard().map(\.seq) == [3, 5])
        #expect(!lane.isEmpty)
    }

    @Test func `a turn is over when its acks are read and each of its rows was tried`() {
        var turns = TurnLedger()
        let turn = TurnID(unchecked: "t_1")
        let row = MessageID(unchecked: "m_1")
        let message = MessageID(unchecked: "m_2")
        turns.began(row, of: turn)
        let ack = Ack(message: message, incarnation: 1, state: .completed, turn: turn)
        #expect(turns.read([ack]) == [ack])
        #expect(turns.takeEnded().isEmpty)
        turns.tried(row, of: turn)
        #expect(
            turns.takeEnded() == [TurnLedger.Ended(turn: turn, messages: [message], outcome: .completed, detail: nil)]
        )
        #expect(turns.read([ack]).isEmpty)
        #expect(turns.takeEnded().isEmpty)
    }
}
