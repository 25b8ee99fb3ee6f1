import ChannelConformance
import ChannelKit
import Core
import Testing

@testable import ChannelWebhook

/// That the world of hooks shows what happens in it.
@Suite(.timeLimit(.minutes(2))) struct WorldTests {
    @Test func `a program posts, is answered, and takes each answer once`() async throws {
        try await WebhookWorld.run { world in
            let adapter = try #require(try world.platform.adapter(world.account, world.tools) as? WebhookAdapter)
            let inbox = RecordingInbox()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await adapter.run(inbox) }
                try await world.inject(.duplicateEvent)
                let id = try await world.say(WorldSaid("hello", in: world.direct, thread: "t"))
                await inbox.wait(for: 2)
                let events = await inbox.events
                #expect(events.map(\.dedupKey) == [id, id] && events[0] == events[1])
                #expect(
                    events[0].address
                        == ChatAddress(channel: "webhook", platformID: world.direct.platformID, thread: "t")
                )
                try await world.inject(.lostAnswer(count: 1))
                var out = message("hi", thread: "t")
                await #expect(throws: ChannelError.self) { try await adapter.deliver(out) }
                let sent = try await adapter.deliver(out)
                try await world.waitForAnswers(1, in: world.direct)
                let seen = try await world.messages(in: world.direct)
                #expect(seen.map(\.text) == ["hello", "hi"] && seen.last?.id == sent.platformMessageID)
                out.body = .edit(platformMessageID: sent.platformMessageID ?? "", text: "changed")
                out.idempotencyKey = "m_2"
                _ = try await adapter.deliver(out)
                #expect(try await world.messages(in: world.direct).last?.text == "changed")
                group.cancelAll()
            }
            #expect(world.problems.isEmpty)
        }
    }
}
