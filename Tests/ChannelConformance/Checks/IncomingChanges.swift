import ChannelKit
import Core
import Testing

/// What happens to messages after they were written.
extension Stage {
    /// Runs the body with a message that was taken and its event.
    private func afterMessage(_ body: (String, InboundEvent, TestInbox) async throws -> Void) async throws {
        let inbox = TestInbox()
        try await running(try adapter(), inbox) {
            let id = try await world.say(WorldSaid("first words", in: world.direct))
            let log = try await inbox.wait(forText: "first words")
            try await body(id, try #require(log.events.first), inbox)
        }
    }

    private func check(_ changes: [ChatChange], after event: InboundEvent) {
        #expect(Set(changes.map(\.dedupKey)).count == changes.count, "each change has a key of its own")
        for change in changes {
            #expect(!change.dedupKey.isEmpty)
            #expect(change.address.chat == event.address.chat)
            #expect(change.isGroup == event.isGroup)
            #expect(!change.isBot)
            if let sender = change.senderNativeID { #expect(sender == event.senderNativeID) }
            let age = abs(SystemTime().now.milliseconds - change.at.milliseconds)
            #expect(age < 300_000, "a change says when it happened: \(change.at)")
        }
    }

    /// New text for a message is a change of it and no message.
    func edit() async throws {
        try await afterMessage { id, event, inbox in
            try await world.edit(id, in: world.direct, to: "second words")
            try await world.edit(id, in: world.direct, to: "third words")
            let log = try await inbox.wait(for: "two edits") { $0.changes.count >= 2 }
            #expect(
                log.changes.map(\.kind) == [
                    .edited(platformMessageID: id, text: "second words"),
                    .edited(platformMessageID: id, text: "third words"),
                ]
            )
            #expect(log.texts == ["first words"], "an edit is no message")
            check(log.changes, after: event)
        }
    }

    func delete() async throws {
        try await afterMessage { id, event, inbox in
            try await world.delete(id, in: world.direct)
            let log = try await inbox.wait(for: "a deletion") { !$0.changes.isEmpty }
            #expect(log.changes.map(\.kind) == [.deleted(platformMessageID: id)])
            #expect(log.texts == ["first words"])
            check(log.changes, after: event)
        }
    }

    /// An emoji comes and goes, as the character that people see.
    func reaction() async throws {
        try await afterMessage { id, event, inbox in
            try await world.react(id, in: world.direct, emoji: "👍", isAdded: true)
            try await inbox.wait(for: "a reaction") { !$0.changes.isEmpty }
            try await world.react(id, in: world.direct, emoji: "👍", isAdded: false)
            let log = try await inbox.wait(for: "a reaction that is taken away") { $0.changes.count >= 2 }
            #expect(
                log.changes.map(\.kind) == [
                    .reaction(platformMessageID: id, emoji: "👍", isAdded: true),
                    .reaction(platformMessageID: id, emoji: "👍", isAdded: false),
                ]
            )
            check(log.changes, after: event)
        }
    }
}
