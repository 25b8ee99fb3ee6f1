import AgentRuntime
import Core
import ModelProviders
import SessionStore
import Testing

@Suite struct RuleTests {
    static func row(_ seq: Int64, at milliseconds: Int64, trigger: Bool = true, _ text: String = "x") -> InboundRow {
        InboundRow(
            id: MessageID(unchecked: "m\(seq)"),
            seq: seq,
            content: .chat(ChatContent(text: text)),
            trigger: trigger,
            sentAt: Timestamp(milliseconds: milliseconds),
            receivedAt: Timestamp(milliseconds: milliseconds),
            address: nil,
            platformMessageID: nil,
            tries: 0,
            sourceSession: nil
        )
    }

    private func taken(_ rows: [InboundRow], _ mode: QueueMode = .steer) -> [Int64]? {
        switch BatchRule.select(rows, mode: mode) {
        case nil: nil
        case .clear(let row): [-row.seq]
        case .turn(let rows): rows.map(\.seq)
        }
    }

    @Test func `rows within 300 ms of each other make one turn, a later one the next`() {
        let rows = [Self.row(2, at: 0), Self.row(4, at: 300), Self.row(6, at: 590), Self.row(8, at: 900)]
        #expect(taken(rows) == [2, 4, 6])
        #expect(taken(rows, .serial) == [2])
    }

    @Test func `§16.142 context rides along up to the next turn's message, and starts none`() {
        let rows = [
            Self.row(2, at: 0, trigger: false), Self.row(4, at: 5000), Self.row(6, at: 9000, trigger: false),
            Self.row(8, at: 20_000),
        ]
        #expect(taken(rows) == [2, 4, 6])
        #expect(taken([Self.row(2, at: 0, trigger: false)]) == nil)
        #expect(taken([]) == nil)
    }

    @Test func `clear is a turn of its own, in its place`() {
        let rows = [Self.row(2, at: 0), Self.row(4, at: 1, "/clear all"), Self.row(6, at: 2)]
        #expect(taken(rows) == [2])
        #expect(taken(Array(rows.dropFirst())) == [-4])
        #expect(BatchRule.followUps(rows, mode: .steer).map(\.seq) == [2])
        #expect(BatchRule.followUps(rows, mode: .serial).isEmpty)
        #expect(taken([Self.row(2, at: 0, trigger: false, "/clear")]) == nil)
    }

    @Test func `a row is consumed only by an answer to a request that held it`() {
        var ledger = TurnLedger([Self.row(2, at: 0)])
        ledger.markAsked()
        ledger.join([Self.row(4, at: 1)], passedOver: [])
        ledger.markAnswered()
        #expect(ledger.completed.map(\.message.rawValue) == ["m2"])
        #expect(ledger.unclaimed.map(\.rawValue) == ["m2", "m4"])
        ledger.markClaimed()
        #expect(ledger.unclaimed.isEmpty)
        ledger.markAsked()
        ledger.markAnswered()
        #expect(ledger.completed.map(\.message.rawValue) == ["m2", "m4"])
    }

    @Test func `T28 errors that pass are tried for a minute, others end the turn or change the request`() {
        var policy = RetryPolicy()
        let overloaded = ModelError(.overloaded(retryAfter: nil), "busy")
        let waits = (0..<6).map { _ in policy.step(after: overloaded, hasHistory: true) }
        #expect(waits == [1, 2, 4, 8, 16, 32].map { .wait(.seconds($0)) })
        #expect(policy.step(after: overloaded, hasHistory: true) == .giveUp)
        policy = RetryPolicy()
        #expect(
            policy.step(after: ModelError(.rateLimited(retryAfter: .seconds(20)), "x"), hasHistory: false)
                == .wait(.seconds(20))
        )
        #expect(
            policy.step(after: ModelError(.rateLimited(retryAfter: .seconds(3600)), "x"), hasHistory: false) == .giveUp
        )
        #expect(policy.step(after: ModelError(.rejected, "x"), hasHistory: false) == .giveUp)
        #expect(policy.step(after: ModelError(.rejected, "x"), hasHistory: true) == .startAfresh)
        #expect(policy.step(after: ModelError(.rejected, "x"), hasHistory: true) == .giveUp)
        #expect(policy.step(after: ModelError(.contextTooLong, "x"), hasHistory: true) == .shorten)
        #expect(policy.step(after: ModelError(.contextTooLong, "x"), hasHistory: false) == .giveUp)
    }

    @Test func `a history over its size loses whole turns, down to half, and keeps its beginning between`() {
        var history = History(limit: 1000)
        for number in 0..<9 {
            history.append([.user("\(number)" + String(repeating: "x", count: 99)), .assistant("")])
        }
        #expect(history.turns.count == 9)
        history.append([.user(String(repeating: "y", count: 200))])
        #expect(history.turns.count == 4)
        let first = history.messages.first
        history.append([.user("z")])
        #expect(history.messages.first == first)
        history.append([.user(String(repeating: "y", count: 2000))])
        #expect(history.isEmpty)
    }

    @Test func `a turn's oldest tool results make room first`() {
        let messages: [ModelMessage] = [
            .user("go"), .toolResult(id: "1", text: String(repeating: "a", count: 900)),
            .toolResult(id: "2", text: String(repeating: "b", count: 900)),
        ]
        let fitted = messages.fitted(1200)
        #expect(fitted[1] == .toolResult(id: "1", text: "[left out to make room: 900 bytes]"))
        #expect(fitted[2] == messages[2])
        #expect(messages.fitted(5000) == messages)
    }
}
