import ChannelKit
import Core
import Testing

/// Questions with answers to choose from.
extension Stage {
    private static let link = "https://example.org/why"

    private func sample() -> Card {
        Card(
            title: "Delete it?",
            body: "All of `data/old` goes.",
            options: [
                CardOption(label: "Yes", value: "yes", style: .danger), CardOption(label: "No", value: "no"),
                CardOption(label: "Read why", value: "", url: Self.link),
            ],
            code: "K7"
        )
    }

    /// A card has its text and a button for each answer; without buttons it is text with numbers.
    func card() async throws {
        let adapter = try adapter()
        let card = sample()
        try await running(adapter, TestInbox()) {
            try await send(message(.card(card), in: world.direct), by: adapter)
            let answers = try await answers(in: world.direct, when: "the card") {
                $0.contains { $0.text.contains("Delete it?") }
            }
            guard adapter.capabilities.buttons else {
                expectNumbered(answers)
                return
            }
            let shown = try #require(answers.last)
            #expect(shown.text.contains("Delete it?") && shown.text.contains("data/old"))
            #expect(shown.buttons == ["Yes", "No", "Read why"])
            if let links = shown.links { #expect(links == ["Read why": Self.link], "a link is a link, not an answer") }
        }
    }

    /// A card of several messages is closed in the last of them: its buttons go, and no message comes.
    func closedCard() async throws {
        let adapter = try adapter()
        // Without edits the end of a card is a message of its own.
        guard adapter.capabilities.edits else { return }
        var card = sample()
        let lines = min(adapter.capabilities.text?.limit ?? 2000, 20_000) / 10
        card.body = (0..<lines).map { "Line \($0) of what is to be done." }.joined(separator: "\n")
        let text = CardText.closed(card, outcome: "It stays.", for: adapter.capabilities)
        try await running(adapter, TestInbox()) {
            let sent = try await send(message(.card(card), in: world.direct), by: adapter)
            let open = try await answers(in: world.direct, when: "the whole card") { $0.count >= sent.parts }
            #expect(open.last?.buttons.isEmpty == !adapter.capabilities.buttons, "the last part has the buttons")
            let id = try #require(sent.lastMessageID)
            try await send(message(.edit(platformMessageID: id, text: text), in: world.direct), by: adapter)
            let closed = try await settledAnswers(in: world.direct, by: adapter)
            #expect(closed.map(\.id) == open.map(\.id), "a card that is closed makes no message")
            #expect(closed.allSatisfy { $0.buttons.isEmpty }, "the buttons go")
            #expect(closed.last?.text.contains("It stays.") == true, "the last part says how it ended")
        }
    }

    private func expectNumbered(_ answers: [WorldMessage]) {
        let text = answers.map(\.text).joined(separator: "\n")
        #expect(text.contains("Delete it?") && text.contains("data/old"))
        #expect(text.contains("1. Yes") && text.contains("2. No"))
        #expect(text.contains("Read why") && text.contains(Self.link))
        #expect(text.contains("1 K7"), "the text says how to answer")
    }

    /// A card as a channel without buttons is given it reads well, and its answer comes as it was written.
    func numberedCard() async throws {
        let adapter = try adapter()
        let inbox = TestInbox()
        var capabilities = adapter.capabilities
        capabilities.buttons = false
        let fitted = message(.card(sample()), in: world.direct).fitted(to: capabilities)
        try await running(adapter, inbox) {
            try await send(fitted, by: adapter)
            let answers = try await answers(in: world.direct, when: "the card") {
                $0.contains { $0.text.contains("2. No") }
            }
            expectNumbered(answers)
            #expect(answers.allSatisfy { $0.buttons.isEmpty })
            guard world.exemptions[.text] == nil else { return }
            _ = try await world.say(WorldSaid("2 K7", in: world.direct))
            let log = try await inbox.wait(forText: "2 K7")
            #expect(log.texts.last.flatMap(CardReply.init)?.number == 2)
        }
    }

    /// A press comes with the card, the choice and the person; what the host says to it is shown.
    func press() async throws {
        let adapter = try adapter()
        // Without buttons people answer with a number.
        guard adapter.capabilities.buttons else { return try await numberedCard() }
        let chat = world.group ?? world.direct
        let card = sample()
        let inbox = TestInbox()
        try await running(adapter, inbox) {
            _ = try await world.say(WorldSaid("it is me", in: chat, mentionsAgent: chat.isGroup))
            let person = try await inbox.wait(forText: "it is me").events.last?.senderNativeID
            let sent = try await send(message(.card(card), in: chat), by: adapter)
            let id = try #require(sent.platformMessageID)
            try await world.press("No", on: id, in: chat)
            let answer = try #require(try await inbox.wait(for: "a press") { !$0.answers.isEmpty }.answers.first)
            #expect(answer.card == card.id)
            #expect(answer.option(of: card)?.value == "no")
            #expect(
                answer.senderNativeID != nil && answer.senderNativeID == person,
                "the presser is told by a stable id"
            )
            #expect(!answer.isBot)
            #expect(answer.address.chat == address(chat))
            #expect(answer.platformMessageID == nil || answer.platformMessageID == id)
            #expect(!answer.dedupKey.isEmpty)

            let words = "It was decided already."
            inbox.answer(with: .refused(words))
            let isPlayed = try await world.press("Yes", on: id, in: chat, person: chat.isGroup ? 1 : 0)
            guard isPlayed else { return }
            let second = try #require(try await inbox.wait(for: "another press") { $0.answers.count >= 2 }.answers.last)
            #expect(second.option(of: card)?.value == "yes")
            #expect(second.dedupKey != answer.dedupKey, "two presses have two keys")
            if chat.isGroup { #expect(second.senderNativeID != person, "a stranger's press has the stranger's id") }
            guard try await world.wasTold(words) != nil else { return }
            try await eventually("the words to whoever pressed: \(words)") { try await world.wasTold(words) == true }
        }
    }
}
