import ChannelKit
import Core
import TestSupport
import Testing

@testable import ChannelTelegram

@Suite struct `Sending to Telegram` {
    // MARK: - Rates

    @Test func `three messages go to a chat at once, then one a second`() async throws {
        let time = ManualTime()
        let gate = SendGate(time: time)
        for _ in 0..<3 { try await gate.pass(1) }
        let fourth = Task {
            try await gate.pass(1)
            return time.monotonic
        }
        try await time.waitForSleepers()
        // Another chat has a turn of its own.
        try await gate.pass(2)
        time.advance(by: .seconds(1))
        #expect(try await fourth.value == .seconds(1))
    }

    @Test(arguments: [(Int64(-1), Duration.seconds(120)), (1, .seconds(57))])
    func `sixty messages take two minutes in a group, and one with one person`(
        chat: Int64,
        least: Duration
    ) async throws {
        let time = ManualTime()
        let gate = SendGate(time: time)
        let sending = Task { for _ in 0..<60 { try await gate.pass(chat) } }
        let turning = Task {
            while true {
                try await time.waitForSleepers()
                try Task.checkCancellation()
                time.advance(by: .milliseconds(500))
            }
        }
        try await sending.value
        turning.cancel()
        #expect(time.monotonic >= least)
        #expect(time.monotonic < least + .seconds(3))
    }

    @Test func `an order to wait is obeyed exactly, in that chat alone`() async throws {
        let time = ManualTime()
        let gate = SendGate(time: time)
        gate.hold(1, for: .seconds(30))
        time.advance(by: .seconds(10))
        do {
            try await gate.pass(1)
            Issue.record("it passed")
        } catch {
            #expect(error.code == .tooMany(.seconds(20)))
        }
        try await gate.pass(2)
        time.advance(by: .seconds(20))
        try await gate.pass(1)
    }

    @Test func `all chats together take thirty in a second`() async throws {
        let time = ManualTime()
        let gate = SendGate(time: time)
        for chat in 1...30 { try await gate.pass(Int64(chat)) }
        let next = Task {
            try await gate.pass(31)
            return time.monotonic
        }
        try await time.waitForSleepers()
        time.advance(by: .milliseconds(50))
        #expect(try await next.value == .milliseconds(50))
    }

    // MARK: - Values

    @Test func `reactions are among those that Telegram knows`() {
        #expect(ReactionChoice.allowed.count == 73)
        #expect(ReactionChoice.nearest(to: "👍") == "👍")
        #expect(ReactionChoice.nearest(to: "👍🏽") == "👍")
        #expect(ReactionChoice.nearest(to: "❤️") == "❤")
        #expect(ReactionChoice.nearest(to: "✅") == "👍")
        #expect(ReactionChoice.nearest(to: "😂") == "🤣")
        #expect(ReactionChoice.nearest(to: "🥦") == nil)
        for emoji in ["✅", "❌", "🚀", "👀", "⏳", "💻", "‼️", "⚠️", "🤷‍♂️"] {
            let chosen = ReactionChoice.nearest(to: emoji)
            #expect(chosen.map { ReactionChoice.allowed.contains($0) } == true, "\(emoji)")
        }
    }

    @Test(arguments: [
        ("a.JPG", 1000, "sendPhoto"), ("a.png", 11 << 20, "sendDocument"), ("a.gif", 5, "sendAnimation"),
        ("talk.ogg", 5, "sendVoice"), ("song.mp3", 5, "sendAudio"), ("film.mp4", 5, "sendVideo"),
        ("report.pdf", 5, "sendDocument"), ("noextension", 5, "sendDocument"), ("png", 5, "sendDocument"),
    ])
    func `files go as what people see best`(name: String, size: Int, method: String) {
        #expect(OutgoingKind.of(name, size: size).method == method)
    }

    @Test func `a keyboard numbers choices without its links and breaks rows where labels are long`() throws {
        let card = Card(
            title: "T",
            body: "",
            options: [
                CardOption(label: "Yes", value: "y", style: .primary),
                CardOption(label: "Open", value: "", url: "https://a.example/"),
                CardOption(label: "No, and never ask again please", value: "n", style: .danger),
            ]
        )
        let markup = try #require(Keyboard.markup(card))
        let rows = try #require(markup[key: "inline_keyboard"]?.array).map { $0.array ?? [] }
        #expect(rows.map(\.count) == [2, 1])
        #expect(rows[0][0][key: "callback_data"]?.string == card.button(0))
        #expect(rows[0][1][key: "url"]?.string == "https://a.example/")
        #expect(rows[0][1][key: "callback_data"] == nil)
        #expect(rows[1][0][key: "callback_data"]?.string == card.button(1))
        #expect(rows[1][0][key: "style"]?.string == "danger")
        #expect(Keyboard.markup(Card(title: "T", body: "", options: [])) == nil)
        for row in rows.joined() { #expect((row[key: "callback_data"]?.string ?? "").utf8.count <= 64) }
    }

    @Test func `addresses are read back, and those of others are none`() {
        let chats = TelegramChats(bot: 4242)
        #expect(chats.chat(chats.address(-1005, topic: "7")) == -1005)
        for other in ["telegram:1:5", "telegram:4242:x", "telegram:4242:0", "telegram:4242", "slack:4242:5"] {
            #expect(chats.chat(ChatAddress(channel: "telegram", platformID: other)) == nil, "\(other)")
        }
    }
}
