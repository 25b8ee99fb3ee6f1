import ChannelKit
import ChatMarkdown
import Core
import Synchronization
import TestSupport
import Testing

/// How a message that is being written becomes parts, and how the finished one takes its place.
struct DraftPartsTests {
    private let narrow = ChannelCapabilities(
        edits: true,
        buttons: true,
        text: TextRules(limit: 100, unit: .utf16, dialect: .telegramMarkdownV2)
    )
    private let words = (0..<60).map { "word\($0)" }.joined(separator: " ")

    private func message(
        _ body: OutboundMessage.Body,
        replaces: String? = nil,
        unfinished: String? = nil
    ) -> OutboundMessage {
        OutboundMessage(
            idempotencyKey: "out-1",
            address: ChatAddress(channel: "test", platformID: "test:a:c"),
            body: body,
            agentName: "agent",
            replaces: replaces,
            unfinished: unfinished,
            turn: TurnID.random()
        )
    }

    private func line(_ part: OutgoingParts.Part) -> String {
        switch part.content {
        case .text(let text): "new \(text.rendered)"
        case .edit(let id, let text): "\(id) \(text.rendered)"
        case .file, .reaction: "other"
        }
    }

    @Test(arguments: [Draft.ongoing, Draft.interrupted])
    func `what is unfinished is one part within the limit, with its mark at the end`(mark: String) throws {
        for body in [OutboundMessage.Body.text(words, files: []), .edit(platformMessageID: "m", text: words)] {
            let parts = OutgoingParts(message(body, unfinished: mark), for: narrow).parts
            let part = try #require(parts.first)
            #expect(parts.count == 1)
            #expect(part.writing == .unfinished)
            guard case .text(let text) = part.content else {
                guard case .edit("m", let text) = part.content else {
                    Issue.record("\(part)")
                    continue
                }
                #expect(text.markdown.hasSuffix(mark))
                continue
            }
            #expect(text.rendered.utf16.count <= 100)
            #expect(text.markdown.hasPrefix("word0 word1") && text.markdown.hasSuffix(mark))
        }
    }

    @Test func `code that is being written stays code`() {
        for (text, shown) in [("```\nlet a", "```\nlet a …"), ("see\n```swift", "see\n```swift\n…")] {
            let parts = OutgoingParts(
                message(.text(text, files: []), unfinished: Draft.ongoing),
                for: ChannelCapabilities()
            )
            #expect(parts.parts.map(line) == ["new \(shown)"])
        }
    }

    @Test func `the first text takes the place of the draft, the rest is new`() {
        let parts = OutgoingParts(message(.text(words, files: []), replaces: "m"), for: narrow).parts
        #expect(parts.count > 3)
        #expect(line(parts[0]).hasPrefix("m word0"))
        #expect(parts.dropFirst().allSatisfy { line($0).hasPrefix("new ") })
        #expect(parts.map(\.writing) == [.takesPlace] + Array(repeating: .finished, count: parts.count - 1))
    }

    @Test func `a card and a reaction take no place`() {
        let card = Card(title: "Go?", body: "", options: [CardOption(label: "Yes", value: "y")])
        for body in [OutboundMessage.Body.card(card), .reaction(platformMessageID: "x", emoji: "👍")] {
            let parts = OutgoingParts(message(body, replaces: "m"), for: narrow).parts
            #expect(parts.map(\.writing) == [.finished])
            #expect(!parts.map(line).contains { $0.hasPrefix("m ") })
        }
    }

    @Test func `a place that is gone costs one more request and no message`() async throws {
        let asked = Mutex<[String]>([])
        let parts = OutgoingParts(message(.text("**all**", files: []), replaces: "m"), for: narrow)
        let sent = try await parts.send(from: 0, time: ManualTime()) { part throws(PartFailure) in
            asked.withLock { $0.append(line(part)) }
            if case .edit = part.content { throw .failed(ChannelError(.rejected, "no such message")) }
            return "n"
        }
        #expect(asked.withLock { $0 } == ["m *all*", "new *all*"])
        #expect(sent == SentMessage(platformMessageID: "n"))
    }

    @Test(arguments: [ChannelError.Code.transient, .notConnected, .rateLimited(retryAfter: .seconds(3))])
    func `one that does not answer is asked again later, and not passed over`(code: ChannelError.Code) async {
        let parts = OutgoingParts(message(.text("all", files: []), replaces: "m"), for: narrow)
        await #expect(throws: ChannelError.self) {
            _ = try await parts.send(from: 0, time: ManualTime()) { part throws(PartFailure) in
                guard case .edit = part.content else { return "n" }
                throw .failed(ChannelError(code, "later"))
            }
        }
    }

    @Test func `an edit that a person asked for is not sent as a message when its target is gone`() async {
        let parts = OutgoingParts(message(.edit(platformMessageID: "m", text: "new words")), for: narrow)
        await #expect(throws: ChannelError.self) {
            _ = try await parts.send(from: 0, time: ManualTime()) { part throws(PartFailure) in
                guard case .edit = part.content else { return "n" }
                throw .failed(ChannelError(.rejected, "no such message"))
            }
        }
    }

    @Test func `the id of a message whose first part is there already is that of its place`() async throws {
        let parts = OutgoingParts(message(.text(words, files: []), replaces: "m"), for: narrow)
        let sent = try await parts.send(from: 1, time: ManualTime()) { _ throws(PartFailure) in "n" }
        #expect(sent.platformMessageID == "m")
    }

    @Test func `an operator may switch drafts off`() throws {
        let style = DraftStyle.edits(every: .seconds(2))
        #expect(try ChannelValues([:]).drafts(style) == style)
        #expect(try ChannelValues(["drafts": "yes"]).drafts(style) == style)
        #expect(try ChannelValues(["drafts": "no"]).drafts(style) == DraftStyle.none)
        #expect(throws: ChannelSetupError.self) { try ChannelValues(["drafts": "maybe"]).drafts(style) }
    }
}
