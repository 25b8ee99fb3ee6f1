import ChannelKit
import Core
import Logging
import TestSupport
import Testing

@testable import ChannelAccounts

@Suite(.timeLimit(.minutes(1))) struct `Status lines` {
    private let time = ManualTime()
    private let adapter: DraftingAdapter
    private let board: StatusBoard
    private let session = SessionID(unchecked: "s_1")
    private let turn = TurnID(unchecked: "t_1")
    private let chat = ChatAddress(channel: "played", platformID: "played:1:c")

    init() { self.init(.edits(every: .seconds(1))) }

    private init(_ style: DraftStyle) {
        let silent = Logger(label: "status") { _ in SwiftLogNoOpLogHandler() }
        adapter = DraftingAdapter(style)
        board = StatusBoard(registry: ChannelRegistry([adapter], time: time, logger: silent), time: time)
    }

    private func begin(_ turn: TurnID? = nil, at places: Set<ChatAddress>? = nil) {
        board.began(turn ?? self.turn, of: session, as: "Main", at: places ?? [chat])
    }

    /// Turns the clock once the lines wait for it.
    private func pass(_ duration: Duration, lines: Int = 1) async throws {
        try await time.waitForSleepers(lines)
        time.advance(by: duration)
    }

    private func settle() async { for _ in 0..<50 { await Task.yield() } }

    @Test func `T70 a long turn says every 75 seconds that it is at work, in one message`() async throws {
        begin()
        board.does("bash", in: turn)
        try await pass(.seconds(74))
        try await time.waitForSleepers()
        #expect(adapter.seen.isEmpty)
        time.advance(by: .seconds(1))
        await adapter.diary.wait(for: "done new: Still at work after 1 min 15 s: `bash` …")
        board.does(nil, in: turn)
        try await pass(.seconds(75))
        await adapter.diary.wait(for: "done m1: Still at work after 2 min 30 s …")
        try await time.waitForSleepers()
        time.advance(by: .seconds(11))
        board.end(turn)
        await adapter.diary.wait(for: "done m1: That took 2 min 41 s.")
        try await Self.never(adapter, after: time)
        #expect(adapter.seen == ["That took 2 min 41 s."])
    }

    @Test func `a turn that is over before says nothing`() async throws {
        begin()
        try await pass(.seconds(74))
        board.end(turn)
        try await Self.never(adapter, after: time)
        #expect(adapter.diary.lines.isEmpty)
    }

    @Test func `what is to be seen puts it off, and one message a turn is all there is`() async throws {
        begin()
        try await pass(.seconds(70))
        board.isSeen(turn, at: chat)
        try await pass(.seconds(5))
        try await time.waitForSleepers()
        #expect(adapter.diary.lines.isEmpty)
        time.advance(by: .seconds(70))
        await adapter.diary.wait(for: "done new: Still at work after 2 min 25 s …")
        try await pass(.seconds(70))
        board.isSeen(turn, at: chat)
        try await pass(.seconds(5))
        try await pass(.seconds(70))
        await adapter.diary.wait(for: "done m1: Still at work after 4 min 50 s …")
        #expect(adapter.seen == ["Still at work after 4 min 50 s …"])
        #expect(adapter.diary.lines.count == 4)
    }

    @Test func `nothing is said while a person is waited for`() async throws {
        begin()
        board.waits(turn)
        for _ in 0..<3 { try await pass(.seconds(75)) }
        try await time.waitForSleepers()
        #expect(adapter.diary.lines.isEmpty)
        board.does(nil, in: turn)
        time.advance(by: .seconds(75))
        await adapter.diary.wait(for: "done new: Still at work after 5 min 0 s …")
    }

    @Test func `the end of a line that is being said waits for it`() async throws {
        let letGo = adapter.hold()
        begin()
        try await pass(.seconds(75))
        await adapter.diary.wait(for: "new: Still at work after 1 min 15 s …")
        board.end(session)
        await settle()
        letGo()
        await adapter.diary.wait(for: "done m1: That took 1 min 15 s.")
        #expect(adapter.seen == ["That took 1 min 15 s."])
    }

    @Test func `a platform that wants to hear nothing is left alone, and asked again later`() async throws {
        adapter.refuse(ChannelError(.rateLimited(retryAfter: .seconds(200)), "too many"))
        begin()
        try await pass(.seconds(75))
        await adapter.diary.wait(for: "refused new: Still at work after 1 min 15 s …")
        try await pass(.seconds(199))
        try await time.waitForSleepers()
        #expect(adapter.seen.isEmpty)
        time.advance(by: .seconds(1))
        await adapter.diary.wait(for: "done new: Still at work after 4 min 35 s …")
    }

    @Test func `the end is said again when it fails, three times at most`() async throws {
        begin()
        try await pass(.seconds(75))
        await adapter.diary.wait(for: "done new: Still at work after 1 min 15 s …")
        let failure = ChannelError(.transient, "no answer")
        adapter.refuse(failure, failure, failure)
        try await time.waitForSleepers()
        board.end(turn)
        for _ in 0..<2 { try await pass(.seconds(5)) }
        await adapter.diary.wait(for: "refused m1: That took 1 min 15 s.", count: 3)
        try await Self.never(adapter, after: time)
        #expect(adapter.diary.lines.filter { $0.contains("That took") }.count == 3)
    }

    @Test func `names of tools are cleaned and cut`() async throws {
        begin()
        board.does("a`b\n<@everyone> " + String(repeating: "x", count: 100), in: turn)
        try await pass(.seconds(75))
        let name = "abeveryone" + String(repeating: "x", count: 30)
        await adapter.diary.wait(for: "done new: Still at work after 1 min 15 s: `\(name)` …")
    }

    @Test func `hours are said as such`() {
        #expect(StatusLine.over(.seconds(59)) == "That took 59 s.")
        #expect(StatusLine.over(.seconds(3600)) == "That took 1 h 0 min.")
        #expect(StatusLine.ongoing(.seconds(7384), nil) == "Still at work after 2 h 3 min")
    }

    @Test func `turns of one session and places of one turn are bounded`() async throws {
        let line = "done new: Still at work after 1 min 15 s …"
        for number in 0..<20 { begin(TurnID(unchecked: "t_\(number)")) }
        try await pass(.seconds(75), lines: 4)
        await adapter.diary.wait(for: line, count: 4)
        await settle()
        #expect(adapter.seen.count == 4)
        board.end(session)
        begin(at: Set((0..<20).map { ChatAddress(channel: "played", platformID: "played:1:\($0)") }))
        try await pass(.seconds(75), lines: 8)
        await adapter.diary.wait(for: line, count: 4 + 8)
        await settle()
        #expect(adapter.seen.count == 4 + 8)
    }

    @Test func `a platform on which drafts are switched off has no status lines`() async throws {
        let quiet = Self(.none)
        quiet.begin()
        try await Self.never(quiet.adapter, after: quiet.time)
        #expect(quiet.adapter.diary.lines.isEmpty)
    }

    /// Turns the clock far on: whoever still waits would speak.
    private static func never(_ adapter: DraftingAdapter, after time: ManualTime) async throws {
        let before = adapter.diary.lines.count
        for _ in 0..<5 {
            time.advance(by: .seconds(300))
            for _ in 0..<50 { await Task.yield() }
        }
        #expect(adapter.diary.lines.count == before)
    }
}
