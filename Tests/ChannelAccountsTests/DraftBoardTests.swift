import ChannelKit
import Core
import TestSupport
import Testing

@testable import ChannelAccounts

@Suite(.timeLimit(.minutes(1))) struct `Drafts by edits` {
    private let scene = DraftScene()
    private var adapter: DraftingAdapter { scene.adapter }
    private let long = "A sentence that is long enough to be shown"

    @Test func `a short answer is one message, never edited`() async throws {
        scene.write("Yes")
        try await scene.pass(.milliseconds(300))
        try await scene.time.waitForSleepers()
        #expect(try await scene.finish("Yes.") == "m1")
        #expect(adapter.diary.lines == ["new: Yes.", "done new: Yes."])
    }

    @Test func `states are coalesced, and the finished message takes the place of the last`() async throws {
        scene.write(long)
        try await scene.pass(.milliseconds(300))
        await adapter.diary.wait(for: "done new: \(long) …")
        for word in [" one", " two", " three"] { scene.write(word) }
        try await scene.pass(.milliseconds(999))
        try await scene.pass(.milliseconds(1))
        await adapter.diary.wait(for: "done m1: \(long) one two three …")
        try await scene.time.waitForSleepers()
        #expect(try await scene.finish("\(long) one two three, four.") == "m1")
        #expect(
            adapter.diary.lines.filter { $0.hasPrefix("done") } == [
                "done new: \(long) …", "done m1: \(long) one two three …", "done m1: \(long) one two three, four.",
            ]
        )
        #expect(adapter.seen == ["\(long) one two three, four."])
    }

    @Test func `a long message goes on behind its draft`() async throws {
        let words = (0..<80).map { "word\($0)" }.joined(separator: " ")
        scene.write(words)
        try await scene.pass(.seconds(1))
        try await scene.time.waitForSleepers()
        #expect(adapter.seen.count == 1, "what does not fit is seen when it is finished")
        #expect(adapter.seen[0].hasPrefix("word0 word1") && adapter.seen[0].hasSuffix(" …"))
        #expect(try await scene.finish(words) == "m1")
        #expect(adapter.seen.count > 2)
        #expect(adapter.seen.joined(separator: " ") == words)
    }

    @Test func `a finished message waits for the state that is being shown, and none comes after it`() async throws {
        try await scene.show(long)
        scene.write(" and more")
        let letGo = adapter.hold()
        try await scene.pass(.seconds(1))
        await adapter.diary.wait(for: "m1: \(long) and more …")
        scene.write(" and yet more")
        async let finished = scene.finish("The end of it.")
        for _ in 0..<50 { await Task.yield() }
        #expect(!adapter.diary.lines.contains { $0.contains("The end") })
        letGo()
        #expect(try await finished == "m1")
        scene.time.advance(by: .seconds(30))
        for _ in 0..<50 { await Task.yield() }
        #expect(adapter.seen == ["The end of it."])
        #expect(adapter.diary.lines.last == "done m1: The end of it.")
    }

    @Test func `a state that hangs holds nothing up for long, and says at last that it is over`() async throws {
        let letGo = adapter.hold()
        scene.write(long)
        try await scene.pass(.seconds(1))
        await adapter.diary.wait(for: "new: \(long) …")
        let row = MessageID.random()
        async let place = scene.board.place(for: row, "Done.", of: scene.turn, at: scene.chat, takesPlace: true)
        for _ in 0..<5 { try await scene.pass(.seconds(1)) }
        #expect(await place == nil)
        scene.board.delivered(row, as: "other")
        letGo()
        await adapter.diary.wait(for: "done m1: \(long) (interrupted)")
    }

    @Test func `a message that people took away is sent anew`() async throws {
        try await scene.show(long)
        adapter.remove("m1")
        #expect(try await scene.finish("Done.") == "m2")
        #expect(adapter.seen == ["Done."])
    }

    @Test func `what is left of a turn says that it is over`() async throws {
        try await scene.show(long)
        scene.board.end(scene.turn)
        await adapter.diary.wait(for: "done m1: \(long) (interrupted)")
        scene.write(" late")
        #expect(scene.time.monotonic == .seconds(1))
        scene.time.advance(by: .seconds(10))
        for _ in 0..<50 { await Task.yield() }
        #expect(adapter.seen == ["\(long) (interrupted)"])
    }

    @Test func `and so does that of a session in which nobody writes any more, once its rows were tried`() async throws
    {
        try await scene.show(long)
        let (rows, tried) = AsyncStream.makeStream(of: Void.self)
        scene.board.end(scene.session) { for await _ in rows {} }
        let place = await scene.board.place(
            for: .random(),
            "Done.",
            of: scene.turn,
            at: scene.chat,
            takesPlace: true
        )
        #expect(place == "m1", "its row comes first")
        let next = TurnID(unchecked: "t_2")
        scene.write("Another one, which is long enough to be shown", turn: next)
        tried.finish()
        try await scene.pass(.seconds(1))
        await adapter.diary.wait(for: "done new: Another one, which is long enough to be shown …")
        #expect(!adapter.diary.lines.contains { $0.contains("interrupted") })
        scene.board.end(scene.session) {}
        await adapter.diary.wait(for: "done m2: Another one, which is long enough to be shown (interrupted)")
    }

    @Test func `words that come after their message are not shown again, those of the next answer are`() async throws {
        try await scene.show(long)
        try await scene.finish("\(long), and its end.")
        scene.write(", and")
        scene.write(" its end.")
        scene.board.began(scene.turn)
        scene.write("Another answer")
        try await scene.pass(.seconds(1))
        await adapter.diary.wait(for: "done new: Another answer …")
        #expect(adapter.seen == ["\(long), and its end.", "Another answer …"])
    }

    @Test func `an answer that broke off is written anew in its place`() async throws {
        try await scene.show(long)
        scene.board.began(scene.turn)
        scene.write("From the start")
        try await scene.pass(.seconds(1))
        await adapter.diary.wait(for: "done m1: From the start …")
        #expect(adapter.seen == ["From the start …"])
    }

    @Test func `a place stays with its row until that is delivered or given up`() async throws {
        try await scene.show(long)
        let row = MessageID.random()
        for _ in 0..<2 {
            let place = await scene.board.place(for: row, "Done.", of: scene.turn, at: scene.chat, takesPlace: true)
            #expect(place == "m1")
        }
        scene.board.end(scene.turn)
        #expect(adapter.seen == ["\(long) …"])
        scene.board.gaveUp(row)
        await adapter.diary.wait(for: "done m1: \(long) (interrupted)")
    }

    @Test func `what is no text takes no place`() async throws {
        try await scene.show(long)
        let row = MessageID.random()
        let place = await scene.board.place(for: row, "", of: scene.turn, at: scene.chat, takesPlace: false)
        #expect(place == nil)
        scene.board.delivered(row, as: "a card")
        await adapter.diary.wait(for: "done m1: \(long) (interrupted)")
    }

    @Test func `a runner that names ever new turns opens four`() async throws {
        for number in 0..<6 { scene.write(long, turn: TurnID(unchecked: "t_\(number)")) }
        try await scene.time.waitForSleepers(4)
        scene.time.advance(by: .seconds(1))
        for number in 1...4 { await adapter.diary.wait(for: "done new: \(long) …", count: number) }
        for _ in 0..<50 { await Task.yield() }
        #expect(adapter.seen.count == 4)
    }
}
