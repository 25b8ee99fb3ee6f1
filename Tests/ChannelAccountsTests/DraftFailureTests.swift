import ChannelKit
import Core
import TestSupport
import Testing

@testable import ChannelAccounts

@Suite(.timeLimit(.minutes(1))) struct `Drafts that fail` {
    private let scene = DraftScene()
    private var adapter: DraftingAdapter { scene.adapter }
    private let long = "A sentence that is long enough to be shown"

    @Test func `a refused one is tried no more, and the finished message is sent`() async throws {
        adapter.refuse(ChannelError(.rejected, "not here"))
        scene.write(long)
        try await scene.pass(.seconds(1))
        await adapter.diary.wait(for: "refused new: \(long) …")
        scene.write(" and more")
        scene.time.advance(by: .seconds(10))
        for _ in 0..<50 { await Task.yield() }
        #expect(try await scene.finish("Done.") == "m1")
        #expect(adapter.diary.lines == ["refused new: \(long) …", "new: Done.", "done new: Done."])
    }

    @Test func `a failed one is skipped: the next state goes on`() async throws {
        try await scene.show(long)
        adapter.refuse(ChannelError(.transient, "broken"))
        scene.write(" one")
        try await scene.pass(.seconds(1))
        await adapter.diary.wait(for: "refused m1: \(long) one …")
        try await scene.pass(.seconds(1))
        try await scene.time.waitForSleepers()
        #expect(adapter.diary.lines.last == "refused m1: \(long) one …", "it is not tried again")
        scene.write(" two")
        try await scene.pass(.seconds(1))
        await adapter.diary.wait(for: "done m1: \(long) one two …")
    }

    @Test func `a first one whose answer is lost makes no second message`() async throws {
        adapter.loseAnswer()
        scene.write(long)
        try await scene.pass(.seconds(1))
        await adapter.diary.wait(for: "new: \(long) …")
        scene.write(" and more")
        try await scene.pass(.seconds(1))
        await adapter.diary.wait(for: "done new: \(long) and more …")
        #expect(adapter.seen == ["\(long) …"])
        #expect(try await scene.finish("Done.") == "m1")
        #expect(adapter.seen == ["Done."])
    }

    @Test func `one too many waits, and holds the finished message up for nothing`() async throws {
        try await scene.show(long)
        adapter.refuse(ChannelError(.rateLimited(retryAfter: .seconds(30)), "too many"))
        scene.write(" and more")
        try await scene.pass(.seconds(1))
        await adapter.diary.wait(for: "refused m1: \(long) and more …")
        scene.write(" and yet more")
        try await scene.pass(.seconds(5))
        try await scene.time.waitForSleepers()
        #expect(try await scene.finish("Done.") == "m2", "it does not wait for the edits' turn")
        #expect(adapter.seen == ["\(long) …", "Done."])
        try await scene.pass(.seconds(30))
        await adapter.diary.wait(for: "done m1: \(long) and more (interrupted)")
        #expect(adapter.seen == ["\(long) and more (interrupted)", "Done."])
    }

    @Test func `that nobody writes any further is said three times at most`() async throws {
        try await scene.show(long)
        adapter.refuse(ChannelError(.transient, "1"), ChannelError(.transient, "2"), ChannelError(.transient, "3"))
        scene.board.end(scene.turn)
        for count in 1...3 {
            await adapter.diary.wait(for: "refused m1: \(long) (interrupted)", count: count)
            if count < 3 { try await scene.pass(.seconds(5)) }
        }
        scene.time.advance(by: .seconds(60))
        for _ in 0..<50 { await Task.yield() }
        #expect(adapter.diary.lines.count { $0.contains("interrupted") } == 3)
    }
}

@Suite(.timeLimit(.minutes(1))) struct `Ephemeral drafts` {
    private let scene = DraftScene(.ephemeral)
    private var adapter: DraftingAdapter { scene.adapter }

    @Test func `are shown at once and then at most once a second, always the newest state`() async throws {
        scene.write("I ")
        await adapter.diary.wait(for: "done draft 1: I ")
        try await scene.time.waitForSleepers()
        for word in ["thi", "nk ", "so"] { scene.write(word) }
        #expect(adapter.diary.lines == ["draft 1: I ", "done draft 1: I "])
        scene.time.advance(by: .seconds(1))
        await adapter.diary.wait(for: "done draft 1: I think so")
        // Nothing new: nothing is shown.
        try await scene.pass(.seconds(1))
        try await scene.time.waitForSleepers()
        #expect(adapter.diary.lines.count == 4)
    }

    @Test func `never come after the finished message`() async throws {
        let letGo = adapter.hold()
        scene.write("one")
        await adapter.diary.wait(for: "draft 1: one")
        scene.write(" more")
        async let finished = scene.finish("one more.")
        for _ in 0..<50 { await Task.yield() }
        #expect(!adapter.diary.lines.contains { $0.contains("new") })
        letGo()
        #expect(try await finished == "m1")
        scene.write("two")
        await adapter.diary.wait(for: "done draft 2: two")
        #expect(
            adapter.diary.lines == [
                "draft 1: one", "done draft 1: one", "new: one more.", "done new: one more.", "draft 2: two",
                "done draft 2: two",
            ]
        )
    }

    @Test func `and a channel without drafts is shown none`() async throws {
        let scene = DraftScene(.none)
        scene.write("one")
        scene.board.add(
            "one",
            turn: scene.turn,
            of: scene.session,
            as: "Main",
            at: ChatAddress(channel: "other", platformID: "other:1:c")
        )
        scene.time.advance(by: .seconds(5))
        for _ in 0..<50 { await Task.yield() }
        #expect(scene.adapter.diary.lines.isEmpty)
    }
}
