import ChannelConformance
import ChannelKit
import Core
import JudgeSupport
import TestSupport
import Testing

@testable import ChannelDiscord

/// What goes out, as the judge's people see it.
@Suite(.enabled(if: Judge.isOn), .serialized) struct OutboundTests {
    private static let send = "POST /channels/:id/messages"

    @Test func textWithoutPings() async throws {
        try await DiscordScene.with { scene in
            let adapter = try scene.adapter()
            let text = "**bold** @everyone <@\(scene.user("alice"))>"
            let sent = try await scene.send(text, by: adapter)
            let message = try await scene.answers(1)[0]
            #expect(message[key: "id"]?.string == sent.platformMessageID)
            #expect(message[key: "pings"]?.array == [])
            let body = try await scene.requests(Self.send)[0][key: "body"]
            #expect(body?[key: "allowed_mentions"] == ["parse": [], "replied_user": false])
        }
    }

    @Test func repliesQuoteWhatTheyAnswerIfItIsThere() async throws {
        try await DiscordScene.with { scene in
            let adapter = try scene.adapter()
            let id = try await scene.say("question")
            for quoted in [id, "175928847299117063", "interaction:5"] {
                let message = scene.message(.text("yes", files: []), to: scene.address("group"), quotes: quoted)
                _ = try await adapter.deliver(message)
            }
            let answers = try await scene.answers(3)
            #expect(answers.map { $0[key: "reply_to"]?.string } == [id, nil, nil])
            #expect(answers[0][key: "pings"]?.array == [])
        }
    }

    @Test func aRepeatShowsOneMessage() async throws {
        try await DiscordScene.with { scene in
            let adapter = try scene.adapter()
            try await scene.judge.control("fault", ["mode": "lost", "on": .string(Self.send)])
            let key = MessageID.random().rawValue
            let error = await #expect(throws: ChannelError.self) { try await scene.send("once", by: adapter, key: key) }
            #expect(error?.code == .noAnswer)
            let sent = try await scene.send("once", by: adapter, key: key)
            let again = try await scene.send("once", by: adapter, key: key)
            #expect(sent == again)
            #expect(try await scene.answers(1).count == 1)
            try await scene.send("once", by: adapter)
            #expect(try await scene.answers(2).count == 2)
        }
    }

    @Test func aRepeatAfterTheNoncesLifetimeIsAnotherMessage() async throws {
        try await JudgeServer.with(.discord, arguments: ["--nonce-life", "0"]) { judge in
            try await withTemporaryDirectory { folder in
                let scene = try await DiscordScene(judge, folder: folder)
                let adapter = try scene.adapter()
                let key = MessageID.random().rawValue
                for _ in 0..<2 { try await scene.send("once", by: adapter, key: key) }
                #expect(try await scene.answers(2).count == 2)
                // So the host is told how long it may rely on a key: less than "a few minutes".
                #expect(adapter.capabilities.hidesRepeat(after: .seconds(119)))
                #expect(!adapter.capabilities.hidesRepeat(after: .seconds(120)))
            }
        }
    }

    @Test func filesGoOutOneByOne() async throws {
        try await DiscordScene.with { scene in
            let adapter = try scene.adapter()
            let bytes = Array("abc".utf8)
            let files = try (0..<2).map { number in
                try OutboundFile.test("f\(number) \"é\".txt", bytes)
            }
            let sent = try await adapter.deliver(scene.message(.text("here", files: files), to: scene.address("group")))
            #expect(sent.parts == 3)
            let answers = try await scene.answers(3)
            #expect(answers[0][key: "text"] == "here")
            #expect(answers.dropFirst().allSatisfy { $0[key: "files"]?.array?.first?[key: "size"] == 3 })
            // One that is too large is told in words.
            var huge = try OutboundFile.test("huge.bin", bytes)
            huge.size = 11 << 20
            _ = try await adapter.deliver(scene.message(.text("", files: [huge]), to: scene.address("group")))
            #expect(try await scene.answers(4)[3][key: "text"]?.string?.contains("huge.bin stays here") == true)
            // So is one that Discord refuses although it ought to fit.
            try await scene.judge.control(
                "fault",
                ["mode": "error", "on": .string(Self.send), "status": 413, "code": 40005]
            )
            let odd = OutboundFile(name: "odd.bin", descriptor: files[0].descriptor, size: bytes.count)
            _ = try await adapter.deliver(scene.message(.text("", files: [odd]), to: scene.address("group")))
            #expect(try await scene.answers(5)[4][key: "text"]?.string?.contains("odd.bin stays here") == true)
        }
    }

    @Test func editsReactionsAndThreads() async throws {
        try await DiscordScene.with { scene in
            let adapter = try scene.adapter()
            let id = try await scene.say("hello")
            let sent = try await scene.send("first", by: adapter)
            let edit = OutboundMessage.Body.edit(platformMessageID: sent.platformMessageID ?? "", text: "second")
            _ = try await adapter.deliver(scene.message(edit, to: scene.address("group")))
            let answer = try await scene.answers(1)[0]
            #expect(answer[key: "text"] == "second" && answer[key: "edited"] == true)
            // A heart counts as an emoji only with its mark.
            for emoji in ["👀", "❤"] {
                let body = OutboundMessage.Body.reaction(platformMessageID: id, emoji: emoji)
                _ = try await adapter.deliver(scene.message(body, to: scene.address("group")))
            }
            let hello = try await scene.messages().first { $0[key: "id"]?.string == id }
            let reactions = hello?[key: "reactions"]?.array?.compactMap { $0[key: "emoji"]?.string } ?? []
            #expect(reactions.first == "👀" && reactions.count == 2)
            let thread = try await scene.judge.control("thread", ["chat": "group", "name": "T"])[key: "thread"]?.string
            try await scene.send("inside", by: adapter, to: scene.address("group", thread: thread))
            #expect(try await scene.answers(2)[1][key: "thread"]?.string == thread)
        }
    }

    @Test func aForumTakesPosts() async throws {
        try await DiscordScene.with { scene in
            let adapter = try scene.adapter()
            let file = try OutboundFile.test("a.txt", Array("abc".utf8))
            let message = scene.message(.text("Title\nand more", files: [file]), to: scene.address("forum"))
            _ = try await adapter.deliver(message)
            let answers = try await scene.answers(2, in: "forum")
            let posts = Set(answers.compactMap { $0[key: "thread"]?.string })
            #expect(posts.count == 1)
            #expect(answers[0][key: "text"]?.string?.hasPrefix("Title") == true)
        }
    }

    @Test func aPostWhoseAnswerIsLostIsBegunOnce() async throws {
        try await DiscordScene.with { scene in
            try await scene.judge.control("fault", ["mode": "lost", "on": "POST /channels/:id/threads"])
            let key = MessageID.random().rawValue
            let forum = scene.address("forum")
            let first = try scene.adapter()
            let error = await #expect(throws: ChannelError.self) {
                try await scene.send("Title\nand more", by: first, to: forum, key: key)
            }
            #expect(error?.code == .noAnswer)
            // In another life of the host.
            let adapter = try scene.adapter()
            try await scene.send("Title\nand more", by: adapter, to: forum, key: key)
            #expect(try await scene.answers(1, in: "forum").count == 1)
            // The same words of another message are another post.
            try await scene.send("Title\nand more", by: adapter, to: forum)
            let answers = try await scene.answers(2, in: "forum")
            #expect(Set(answers.map { $0[key: "thread"]?.string }).count == 2)
        }
    }

    @Test func aPostIsChangedWhereItLies() async throws {
        try await DiscordScene.with { scene in
            let forum = scene.address("forum")
            let sent = try await scene.send("First", by: try scene.adapter(), to: forum)
            let id = try #require(sent.platformMessageID)
            // In another life of the host.
            let adapter = try scene.adapter()
            _ = try await adapter.deliver(scene.message(.edit(platformMessageID: id, text: "Second"), to: forum))
            _ = try await adapter.deliver(scene.message(.reaction(platformMessageID: id, emoji: "👀"), to: forum))
            let answers = try await scene.answers(1, in: "forum")
            #expect(answers.map { $0[key: "text"]?.string } == ["Second"])
            #expect(answers[0][key: "reactions"]?.array?.map { $0[key: "emoji"]?.string } == ["👀"])
        }
    }

    @Test func optionsThatAreNoButtonsAreNumbered() async throws {
        try await DiscordScene.with { scene in
            let adapter = try scene.adapter()
            let options = (1...26).map { CardOption(label: "Town \($0)", value: "\($0)") }
            let card = Card(title: "Where?", body: "", options: options)
            _ = try await adapter.deliver(scene.message(.card(card), to: scene.address("group")))
            let answer = try await scene.answers(1)[0]
            #expect(answer[key: "buttons"]?.array == [])
            #expect(answer[key: "source"]?.string?.contains("26. Town 26") == true)
        }
    }

    @Test func failuresSayWhatTheyMean() async throws {
        try await DiscordScene.with { scene in
            let adapter = try scene.adapter()
            func failure(_ fault: JSONValue?, to address: ChatAddress? = nil) async throws -> ChannelError? {
                if let fault { try await scene.judge.control("fault", fault) }
                return await #expect(throws: ChannelError.self) {
                    try await scene.send("x", by: adapter, to: address ?? scene.address("group"))
                }
            }
            let on = JSONValue.string(Self.send)
            #expect(try await failure(["mode": "5xx", "on": on])?.code == .transient)
            #expect(try await failure(["mode": "drop", "on": on])?.code == .noAnswer)
            let closed = try await failure(nil, to: scene.address("dm:carol"))
            #expect(closed?.code == .rejected)
            #expect(closed?.message.contains("50007") == true)
            let limited = try await failure(["mode": "429", "on": on, "retry_after": .number(0.7)])
            #expect(limited?.code == .rateLimited(retryAfter: .milliseconds(700)))
            #expect(adapter.health.rateLimitedUntil != nil)
            // What was ordered for this channel is obeyed: the next waits and comes through.
            let began = scene.tools.time.monotonic
            try await scene.send("later", by: adapter)
            #expect(scene.tools.time.monotonic - began >= .milliseconds(500))
            // Refused formatting goes out without.
            try await scene.judge.control("fault", ["mode": "error", "on": on, "status": 400, "code": 50035])
            try await scene.send("plain", by: adapter)
            #expect(try await scene.messages().filter { $0[key: "is_self"] == true }.count == 2)
        }
    }

    @Test func limitsAreKeptBeforeThePlatformRefuses() async throws {
        try await JudgeServer.with(.discord, arguments: ["--enforce-limits"]) { judge in
            try await withTemporaryDirectory { folder in
                let scene = try await DiscordScene(judge, folder: folder)
                let adapter = try scene.adapter()
                for number in 0..<12 { try await scene.send("\(number)", by: adapter) }
                let statuses = try await scene.requests(Self.send).compactMap { $0[key: "status"]?.integer }
                #expect(statuses == Array(repeating: 200, count: 12))
            }
        }
    }

    @Test func statesOfADraftDoNotWaitForTheLimitAndTheFinishedMessageDoes() async throws {
        try await JudgeServer.with(.discord, arguments: ["--enforce-limits"]) { judge in
            try await withTemporaryDirectory { folder in
                let scene = try await DiscordScene(judge, folder: folder)
                let adapter = try scene.adapter()
                let id = try #require(try await scene.send("first …", by: adapter).platformMessageID)
                var refusal: ChannelError?
                for number in 0..<100 where refusal == nil {
                    let edit = OutboundMessage.Body.edit(platformMessageID: id, text: "state \(number)")
                    var state = scene.message(edit, to: scene.address("group"))
                    state.unfinished = Draft.ongoing
                    do throws(ChannelError) { _ = try await adapter.deliver(state) } catch { refusal = error }
                }
                guard case .rateLimited = refusal?.code else {
                    Issue.record("no state was one too many: \(String(describing: refusal))")
                    return
                }
                var finished = scene.message(.text("all of it", files: []), to: scene.address("group"))
                finished.replaces = id
                #expect(try await adapter.deliver(finished).platformMessageID == id)
                let shown = try await scene.messages().filter { $0[key: "is_self"] == true }
                #expect(shown.map { $0[key: "text"]?.string } == ["all of it"])
                let edits = try await scene.requests("PATCH /channels/:id/messages/:id")
                #expect(edits.allSatisfy { $0[key: "status"] == 200 }, "none was sent to be refused")
            }
        }
    }

    @Test func aRevokedTokenIsNotTriedAgain() async throws {
        try await DiscordScene.with { scene in
            let adapter = try scene.adapter()
            try await scene.judge.control("fault", ["mode": "revoke"])
            for _ in 0..<3 {
                let error = await #expect(throws: ChannelError.self) { try await scene.send("x", by: adapter) }
                #expect(error?.code == .notConnected)
                #expect(error?.message.contains("Reset Token") == true)
            }
            #expect(try await scene.requests(Self.send).count == 1)
            #expect(adapter.health.state == .disconnected)
        }
    }

    @Test func typingIsShownOnceInAWhile() async throws {
        try await DiscordScene.with { scene in
            let adapter = try scene.adapter()
            for _ in 0..<3 { await adapter.setTyping(scene.address("group")) }
            await adapter.setTyping(scene.address("dm:alice"))
            #expect(try await scene.requests("POST /channels/:id/typing").count == 2)
        }
    }

    @Test func directChatsAndPeople() async throws {
        try await DiscordScene.with { scene in
            let adapter = try scene.adapter()
            let alice = UserID(channel: "discord", native: scene.user("alice"))
            #expect(try await adapter.openDM(alice) == scene.address("dm:alice"))
            #expect(try await adapter.openDM(UserID(channel: "slack", native: scene.user("alice"))) == nil)
            #expect(try await adapter.nativeID(of: "@alice") == scene.user("alice"))
            #expect(try await adapter.nativeID(of: "ALICE") == scene.user("alice"))
            #expect(try await adapter.nativeID(of: "ali") == nil)
            #expect(adapter.isNativeID(scene.user("alice")))
            #expect(!adapter.isNativeID("@alice") && !adapter.isNativeID("alice"))
        }
    }
}
