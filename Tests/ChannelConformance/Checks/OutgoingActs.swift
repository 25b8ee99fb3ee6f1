import ChannelKit
import Core
import Testing

/// What agents do beside writing.
extension Stage {
    /// No preview of a link is asked for, in a new message and after an edit: a platform that fetches it tells whoever is
    /// behind the link.
    func preview() async throws {
        let adapter = try adapter()
        let link = "see https://example.org/?q=secret"
        try await running(adapter, TestInbox()) {
            let id = try await send(link, in: world.direct, by: adapter).platformMessageID ?? "none"
            _ = try await answers(in: world.direct, when: "the link") { !$0.isEmpty }
            let isAllowed = try await world.allowsPreview(id, in: world.direct)
            #expect(isAllowed == false, "a message asks for no preview")
            guard adapter.capabilities.edits else { return }
            try await send(
                message(.edit(platformMessageID: id, text: "\(link)2"), in: world.direct),
                by: adapter
            )
            _ = try await answers(in: world.direct, when: "the edit") { $0.contains { $0.text.contains("secret2") } }
            #expect(try await world.allowsPreview(id, in: world.direct) == false, "an edit asks for no preview")
        }
    }

    /// New text for a message replaces the old; a channel that cannot says it anew or refuses in words.
    func editOut() async throws {
        let adapter = try adapter()
        try await running(adapter, TestInbox()) {
            let sent = try await send("the old text", in: world.direct, by: adapter)
            let id = sent.platformMessageID ?? "none"
            let edit = message(.edit(platformMessageID: id, text: "the new text"), in: world.direct)
            guard adapter.capabilities.edits else {
                try await expectDegraded(edit, by: adapter, shows: "the new text")
                return
            }
            try await send(edit, by: adapter)
            let answers = try await answers(in: world.direct, when: "the new text") {
                $0.contains { $0.text == "the new text" }
            }
            #expect(answers.map(\.text) == ["the new text"], "the edit is no message of its own")
            #expect(answers.map(\.id) == [id])
        }
    }

    /// What the channel cannot do is said in words, or refused in words: never dropped without any.
    private func expectDegraded(
        _ message: OutboundMessage,
        by adapter: any ChannelAdapter,
        shows text: String
    ) async throws {
        switch try await attempt(message, by: adapter) {
        case .success:
            _ = try await answers(in: world.direct, when: "\"\(text)\"") { $0.contains { $0.text.contains(text) } }
        case .failure(let error):
            #expect(error.code == .rejected)
            #expect(!error.message.isEmpty)
        }
    }

    /// An emoji is put on a person's message; a channel without reactions shows none and fails nobody.
    func reactionOut() async throws {
        let adapter = try adapter()
        let inbox = TestInbox()
        try await running(adapter, inbox) {
            let id = try await world.say(WorldSaid("done?", in: world.direct))
            let reaction = message(.reaction(platformMessageID: id, emoji: "👍"), in: world.direct)
            guard adapter.capabilities.reactions else {
                if case .failure(let error) = try await attempt(reaction, by: adapter) {
                    #expect(error.code == .rejected)
                }
                return
            }
            try await send(reaction, by: adapter)
            try await eventually("a reaction on the message") {
                try await world.messages(in: world.direct).first { $0.id == id }?.reactions.contains("👍") == true
            }
            #expect(try await answers(in: world.direct).isEmpty, "a reaction is no message")
        }
    }

    /// Text and file arrive, the file as it was.
    func fileOut() async throws {
        let adapter = try adapter()
        guard adapter.capabilities.files else { return try await withoutFiles(adapter) }
        let bytes = Self.bytes(150_000)
        let file = try await file("report v2.dat", bytes)
        try await running(adapter, TestInbox()) {
            try await send(message(.text("here it is", files: [file]), in: world.direct), by: adapter)
            let answers = try await answers(in: world.direct, when: "a text and a file") { answers in
                answers.contains { !$0.files.isEmpty } && answers.contains { $0.text.contains("here it is") }
            }
            let files = answers.reduce(into: [:]) { $0.merge($1.files) { old, _ in old } }
            #expect(files == ["report v2.dat": FileDigest.of(bytes)], "the bytes arrive as they are")
        }
    }

    /// A host gives files only to a channel that takes them; one that is given any all the same keeps the text.
    private func withoutFiles(_ adapter: any ChannelAdapter) async throws {
        let file = try await file("report v2.dat", [1, 2, 3])
        try await running(adapter, TestInbox()) {
            let message = message(.text("here it is", files: [file]), in: world.direct)
            try await expectDegraded(message, by: adapter, shows: "here it is")
        }
    }

    /// A file that the channel does not take leaves the text, with words about it.
    func oversizeFileOut() async throws {
        let adapter = try adapter()
        guard adapter.capabilities.files else { return try await withoutFiles(adapter) }
        guard let largest = adapter.capabilities.largestFile else {
            // There is no limit to pass.
            return try await fileOut()
        }
        let file = try hollowFile("huge.dat", size: largest + 1)
        try await running(adapter, TestInbox()) {
            try await send(message(.text("here it is", files: [file]), in: world.direct), by: adapter)
            let answers = try await answers(in: world.direct, when: "the text, and words on the file") { answers in
                let text = answers.map(\.text).joined(separator: "\n")
                return text.contains("here it is") && text.contains("huge.dat")
            }
            #expect(answers.allSatisfy { $0.files.isEmpty })
        }
    }

    /// A message for a thread is in it; where there are none, a message for somebody quotes what it answers.
    func threadOut() async throws {
        let adapter = try adapter()
        let chat = world.group ?? world.direct
        try await running(adapter, TestInbox()) {
            guard adapter.capabilities.threads else {
                let id = try await world.say(WorldSaid("how?", in: chat, mentionsAgent: chat.isGroup))
                try await send(message(.text("thus", files: []), in: chat, quotes: id), by: adapter)
                let answers = try await answers(in: chat, when: "an answer") { !$0.isEmpty }
                #expect(answers.map(\.replyTo) == [id], "without threads an answer quotes what it answers")
                return
            }
            let thread = try #require(
                try await world.openThread(in: chat),
                "the adapter says that it has threads: the world needs openThread(in:)"
            )
            try await send(message(.text("within", files: []), in: chat, thread: thread), by: adapter)
            try await send("outside", in: chat, by: adapter)
            let answers = try await answers(in: chat, when: "both answers") { $0.count >= 2 }
            #expect(answers.first { $0.text == "within" }?.thread == thread)
            #expect(answers.first { $0.text == "outside" }.map { $0.thread != thread } == true)
        }
    }

    /// Typing fails nobody and is no message, also for a chat that is not there.
    func typing() async throws {
        let adapter = try adapter()
        let inbox = TestInbox()
        try await running(adapter, inbox) {
            let direct = address(world.direct)
            let nowhere = ChatAddress(channel: direct.channel, platformID: direct.platformID + "0")
            try await within("typing to be shown or not") {
                await adapter.setTyping(direct)
                await adapter.setTyping(nowhere)
            }
            if adapter.capabilities.typing { try await seenTyping(adapter, inbox, direct) }
            let answers = try await settledAnswers(in: world.direct, by: adapter)
            #expect(answers.isEmpty, "typing is no message")
        }
    }

    /// People see that the account is at work, and not for longer than ten seconds when it is not.
    private func seenTyping(_ adapter: any ChannelAdapter, _ inbox: TestInbox, _ direct: ChatAddress) async throws {
        guard try await world.workShown(in: world.direct) != nil else { return }
        _ = try await world.say(WorldSaid("are you there?", in: world.direct))
        _ = try await inbox.wait(forText: "are you there?")
        await adapter.setTyping(direct)
        try await eventually("the work to be shown") { try await world.workShown(in: world.direct) != .nothing }
        let ended = SystemTime().monotonic
        await adapter.endTyping(direct)
        try await eventually("nothing of it to be left") {
            try await world.workShown(in: world.direct) != .lastingly
        }
        // What the platform itself takes away some time is not what is asked for; measured: under a second.
        #expect(SystemTime().monotonic - ended < .seconds(10), "the work is over for people within ten seconds")
    }

    /// The stable id of the person in the direct chat: what the world says, or what an event names.
    private func person(_ inbox: TestInbox) async throws -> String {
        if let person = world.nativeID(of: 0) { return person }
        _ = try await world.say(WorldSaid("it is me", in: world.direct))
        let log = try await inbox.wait(forText: "it is me")
        return try #require(log.events.first?.senderNativeID)
    }

    /// A person's direct chat is found by the person's id, the same one each time.
    func openDM() async throws {
        let adapter = try adapter()
        let inbox = TestInbox()
        try await running(adapter, inbox) {
            let person = try await person(inbox)
            let user = UserID(channel: world.platform.channel, native: person)
            let first = try #require(try await adapter.openDM(user), "a platform without direct chats is exempt")
            #expect(try await adapter.openDM(user) == first, "opening twice opens one chat")
            #expect(first.chat == address(world.direct), "the chat is that in which the person writes")
            var message = message("for you alone", in: world.direct)
            message.address = first
            try await send(message, by: adapter)
            _ = try await answers(in: world.direct, when: "the message") { $0.contains { $0.text == "for you alone" } }
            let stranger = try? await adapter.openDM(UserID(channel: "elsewhere", native: person))
            #expect(stranger == nil, "a person of another channel has no chat here")
        }
    }
}
