import ChannelKit
import ChatMarkdown
import Core
import LinuxIO
import TestSupport
import Testing

/// How one message becomes what a platform takes.
struct OutgoingPartsTests {
    private let narrow = ChannelCapabilities(
        files: true,
        buttons: true,
        text: TextRules(limit: 100, unit: .utf16, dialect: .telegramMarkdownV2),
        largestFile: 1000
    )

    private func message(_ body: OutboundMessage.Body, quotes: String? = nil) -> OutboundMessage {
        OutboundMessage(
            idempotencyKey: "out-1",
            address: ChatAddress(channel: "test", platformID: "test:a:c"),
            body: body,
            agentName: "agent",
            quotes: quotes,
            turn: TurnID.random()
        )
    }

    private func texts(_ parts: OutgoingParts) -> [String] {
        parts.parts.compactMap { part in
            switch part.content {
            case .text(let text), .edit(_, let text): text.rendered
            default: nil
            }
        }
    }

    @Test func `long text goes out in parts within the limit, in order, each with a key of its own`() {
        let words = (0..<60).map { "word\($0)" }.joined(separator: " ")
        let parts = OutgoingParts(message(.text(words, files: []), quotes: "q"), for: narrow)
        #expect(parts.parts.count > 3)
        #expect(texts(parts).allSatisfy { $0.utf16.count <= 100 })
        #expect(texts(parts).joined(separator: " ").split(separator: " ").joined(separator: " ") == words)
        #expect(parts.parts.map(\.index) == Array(0..<parts.parts.count))
        #expect(Set(parts.parts.map(\.idempotencyKey)).count == parts.parts.count)
        #expect(parts.parts.map(\.quotes) == ["q"] + [String?](repeating: nil, count: parts.parts.count - 1))
    }

    @Test func `files follow the text, and one that is too large is named in words`() async throws {
        try await withTemporaryDirectory { path in
            let file = try Directory(path: path).create("f")
            let files = [
                OutboundFile(name: "small.txt", descriptor: file, size: 10),
                OutboundFile(name: "big.bin", descriptor: file, size: 5000),
            ]
            let parts = OutgoingParts(message(.text("see", files: files)), for: narrow).parts
            #expect(parts.count == 3)
            guard case .file(let first) = parts[1].content, case .text(let words) = parts[2].content else {
                Issue.record("\(parts)")
                return
            }
            #expect(first.name == "small.txt" && words.rendered.contains("big.bin"))
        }
    }

    @Test func `buttons are beneath the last part of a card, and a channel without gets numbers`() {
        let card = Card(
            title: "Run it?",
            body: (0..<40).map { "line \($0)" }.joined(separator: "\n\n"),
            options: [CardOption(label: "Yes", value: "y"), CardOption(label: "No", value: "n")]
        )
        let parts = OutgoingParts(message(.card(card)), for: narrow).parts
        let cards = parts.map { part -> CardID? in
            guard case .text(let text) = part.content else { return nil }
            return text.card?.id
        }
        #expect(parts.count > 1 && cards.last == card.id && cards.dropLast().allSatisfy { $0 == nil })
        var plain = narrow
        plain.buttons = false
        let numbered = texts(OutgoingParts(message(.card(card)), for: plain)).joined(separator: "\n")
        #expect(numbered.contains("1\\. Yes") && numbered.contains("2\\. No"))
    }

    @Test func `a long card is closed in its last part, by one edit that says how it ended`() async throws {
        let end = Timestamp(milliseconds: 1_790_000_000_000)
        let card = Card(
            title: "Run it?",
            body: (0..<40).map { "line \($0)" }.joined(separator: "\n\n"),
            options: [CardOption(label: "Yes", value: "y")],
            expiresAt: end
        )
        let parts = OutgoingParts(message(.card(card)), for: narrow)
        let sent = try await parts.send(from: 0, time: ManualTime()) { part throws(PartFailure) in "m\(part.index)" }
        #expect(sent.platformMessageID == "m0" && sent.lastMessageID == "m\(parts.parts.count - 1)")
        let text = CardText.closed(card, outcome: "It was denied.", for: narrow)
        let last = try #require(sent.lastMessageID)
        let edit = OutgoingParts(message(.edit(platformMessageID: last, text: text)), for: narrow)
        #expect(edit.parts.count == 1)
        let shown = try #require(texts(edit).first)
        #expect(shown.hasSuffix("It was denied\\.") && shown.contains("line 39"))
        // What fits is shown whole.
        #expect(CardText.closed(card, outcome: "No.", for: ChannelCapabilities()).hasPrefix("**Run it?**\n\nline 0"))
    }

    @Test func `an edit that has grown over the limit goes on in new messages`() {
        let long = String(repeating: "more words ", count: 30)
        let parts = OutgoingParts(message(.edit(platformMessageID: "m1", text: long)), for: narrow).parts
        guard case .edit("m1", _) = parts[0].content, case .text = parts[1].content else {
            Issue.record("\(parts)")
            return
        }
    }

    @Test func `a part whose formatting is refused goes out once more as plain text`() async throws {
        let parts = OutgoingParts(message(.text("**bold** and `code`", files: [])), for: narrow)
        var handed: [String] = []
        let sent = try await parts.send(from: 0, time: ManualTime()) { part throws(PartFailure) in
            guard case .text(let text) = part.content else { return nil }
            handed.append(text.rendered)
            if !text.isPlain { throw .formatting("can't parse") }
            return "id-\(part.index)"
        }
        #expect(handed == ["*bold* and `code`", "bold and code"])
        #expect(sent == SentMessage(platformMessageID: "id-0", parts: 1))
        await #expect(throws: ChannelError.self) {
            try await parts.send(from: 0, time: ManualTime()) { _ throws(PartFailure) in throw .formatting("never") }
        }
    }

    @Test func `a failure says how many parts are with the platform, and the next attempt goes on after them`()
        async throws
    {
        let words = (0..<60).map { "word\($0)" }.joined(separator: " ")
        let parts = OutgoingParts(message(.text(words, files: [])), for: narrow)
        var handed: [Int] = []
        do {
            _ = try await parts.send(from: 0, time: ManualTime()) { part throws(PartFailure) in
                if part.index == 2 { throw .failed(ChannelError(.transient, "502")) }
                handed.append(part.index)
                return nil
            }
            Issue.record("nothing was thrown")
        } catch {
            #expect(error.code == .transient && error.partsDone == 2)
        }
        let sent = try await parts.send(from: 2, time: ManualTime()) { part throws(PartFailure) in
            handed.append(part.index)
            return nil
        }
        #expect(handed == Array(0..<parts.parts.count) && sent.parts == parts.parts.count)
    }

    @Test func `what takes long is gone on with by the next attempt`() async throws {
        let clock = ManualTime()
        let words = (0..<200).map { "word\($0)" }.joined(separator: " ")
        let parts = OutgoingParts(message(.text(words, files: [])), for: narrow)
        do {
            _ = try await parts.send(from: 0, time: clock) { _ throws(PartFailure) in
                clock.advance(by: .seconds(11))
                return nil
            }
            Issue.record("nothing was thrown")
        } catch {
            #expect(error.code == .rateLimited(retryAfter: .seconds(1)) && error.partsDone == 3)
        }
    }
}
