import ChannelKit
import Core
import Testing

/// Messages that people see while they are being written.
extension Stage {
    /// A draft grows, and the finished message takes its place: people see one message, with the final text.
    func draft() async throws {
        let adapter = try adapter()
        try await running(adapter, TestInbox()) {
            switch adapter.capabilities.drafts {
            case .none: try await noDraft(adapter)
            case .ephemeral: try await ephemeralDraft(adapter)
            case .edits:
                try await growingDraft(adapter)
                try await endedDraft(adapter)
                try await lostDraft(adapter)
                try await longDraft(adapter)
            }
        }
    }

    private func noDraft(_ adapter: any ChannelAdapter) async throws {
        try await within("a draft to be ignored") {
            await adapter.show(Draft(address: address(world.direct), id: 1, text: "I thi"))
        }
        #expect(try await seen(by: adapter).isEmpty, "a draft is no message where there are none")
    }

    private func ephemeralDraft(_ adapter: any ChannelAdapter) async throws {
        for text in ["I thi", "I think that"] {
            try await within("a draft to be shown or not") {
                await adapter.show(Draft(address: address(world.direct), id: 1, text: text))
            }
        }
        try await send("I think that it works.", in: world.direct, by: adapter)
        let shown = try await seen(by: adapter).map(\.text)
        #expect(shown == ["I think that it works."], "people see one message with the final text")
    }

    private func growingDraft(_ adapter: any ChannelAdapter) async throws {
        let id = try await begin("The first words", by: adapter)
        try await send(state("The first words and more of them", of: id), by: adapter)
        let draft = try await answers(in: world.direct, when: "a longer draft") {
            $0.contains { $0.text.contains("more of them") }
        }
        #expect(draft.map(\.id) == [id], "a draft is one message")
        #expect(draft.allSatisfy { $0.text.hasSuffix("…") }, "a draft is marked as one")
        let sent = try await send(final("The **whole** text.", in: id), by: adapter)
        #expect(sent.platformMessageID == id, "the finished message has the draft's place")
        let shown = try await seen(by: adapter)
        #expect(shown.map(\.text) == ["The whole text."], "people see one message with the final text")
        #expect(shown.map(\.id) == [id])
    }

    private func endedDraft(_ adapter: any ChannelAdapter) async throws {
        let id = try await begin("Nobody goes on", by: adapter)
        try await send(state("Nobody goes on", of: id, Draft.interrupted), by: adapter)
        let shown = try await seen(by: adapter).first { $0.id == id }
        #expect(shown?.text == "Nobody goes on (interrupted)")
    }

    private func lostDraft(_ adapter: any ChannelAdapter) async throws {
        let id = try await begin("This goes away", by: adapter)
        try await world.delete(id, in: world.direct)
        try await eventually("a draft that is gone") {
            try await answers(in: world.direct).allSatisfy { !$0.text.contains("This goes away") }
        }
        let sent = try await send(final("Said all the same.", in: id), by: adapter)
        let shown = try await seen(by: adapter).filter { $0.text == "Said all the same." }
        #expect(shown.count == 1, "a lost draft loses no message")
        #expect(sent.platformMessageID == shown.first?.id, "its id is that of the message that people see")
    }

    private func longDraft(_ adapter: any ChannelAdapter) async throws {
        guard let rules = adapter.capabilities.text else { return }
        let long = LongText(bytes: 3 * rules.limit)
        let id = try await begin(String(long.source.prefix(60)), by: adapter)
        try await send(state(long.source, of: id), by: adapter)
        let sent = try await send(final(long.source, in: id), by: adapter)
        #expect(sent.platformMessageID == id)
        let answers = try await answers(in: world.direct, when: "the last word") { answers in
            answers.contains { LongText.numbers(in: $0.text).last == long.wordCount - 1 }
        }
        let faults = long.faults(in: answers.drop { $0.id != id }.map(\.text))
        #expect(faults.isEmpty, "\(faults.joined(separator: "; "))")
        #expect(try await seen(by: adapter).allSatisfy { !$0.text.hasSuffix("…") }, "no draft is left")
    }

    // MARK: - Pieces

    /// Shows the first state of a draft; answers with its id.
    private func begin(_ text: String, by adapter: any ChannelAdapter) async throws -> String {
        let sent = try await send(state(text, of: nil), by: adapter)
        let id = try #require(sent.platformMessageID, "a draft that is to be edited has an id")
        _ = try await answers(in: world.direct, when: "the draft") { $0.contains { $0.id == id } }
        return id
    }

    private func state(_ text: String, of id: String?, _ mark: String = Draft.ongoing) -> OutboundMessage {
        var state = message(
            id.map { .edit(platformMessageID: $0, text: text) } ?? .text(text, files: []),
            in: world.direct
        )
        state.unfinished = mark
        return state
    }

    private func final(_ text: String, in place: String) -> OutboundMessage {
        var final = message(text, in: world.direct)
        final.replaces = place
        return final
    }

    /// What people see once all is shown, beside what the checks themselves send to know.
    private func seen(by adapter: any ChannelAdapter) async throws -> [WorldMessage] {
        try await settledAnswers(in: world.direct, by: adapter).filter { !$0.text.hasPrefix(Self.lastWords) }
    }
}
