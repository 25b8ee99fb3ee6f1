import ChannelConformance
import ChannelKit
import Core
import TestSupport
import Testing

@testable import ChannelEmail

/// That the world of mail shows what happens in it.
@Suite(.enabled(if: Judge.isOn), .timeLimit(.minutes(5))) struct WorldTests {
    @Test func `people, the account and the list see each other`() async throws {
        try await withPost { post in
            let world = try EmailWorld(post)
            let group = try #require(world.group)
            let adapter = try #require(try world.platform.adapter(world.account, world.tools) as? EmailAdapter)
            let inbox = RecordingInbox()
            try await post.running(adapter, inbox) {
                let file = (name: "a.txt", bytes: Array("bytes".utf8))
                let id = try await world.say(WorldSaid("hello\nyou", in: world.direct, files: [file]))
                await inbox.wait(for: 1)
                #expect(await inbox.events.first?.address.platformID == world.direct.platformID)
                #expect(await inbox.files.first == ["a.txt": file.bytes])
                let address = try #require(await inbox.events.first?.address)
                let sent = try await adapter.deliver(message("hi", to: address))
                try await world.waitForAnswers(1, in: world.direct)
                let seen = try await world.messages(in: world.direct)
                #expect(seen.map(\.id) == [id, sent.platformMessageID] && seen.map(\.isAgents) == [false, true])
                #expect(seen.last?.text == "hi" && seen.last?.thread == id && seen.last?.replyTo == id)
                try await world.inject(.duplicateEvent)
                _ = try await world.say(WorldSaid("all", in: group, person: 1, mentionsAgent: true))
                await inbox.wait(for: 3)
                let events = await inbox.events.suffix(2)
                #expect(Set(events.map(\.dedupKey)).count == 1 && events.allSatisfy { $0.isGroup && $0.isMention })
                try await world.inject(.dropMidEvent)
                _ = try await world.say(WorldSaid("after a cut", in: group, person: 1))
                await inbox.wait(for: 4)
                #expect(await inbox.events.last?.isMention == false)
                #expect(try await world.openLinks() == 1)
            }
        }
    }
}
