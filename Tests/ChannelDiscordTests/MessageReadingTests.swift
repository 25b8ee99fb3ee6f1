import ChannelKit
import Core
import Testing

@testable import ChannelDiscord

@Suite struct MessageReadingTests {
    private let group = DiscordAddress(guild: "300", channel: "400")
    private let reading = MessageReading(account: "500", bot: "42")

    private func message(_ json: String) throws -> WireMessage {
        try JSONText.decode(
            WireMessage.self,
            #"{"id":"175928847299117063","channel_id":"400","author":{"id":"11","username":"ann","global_name":"Ann"}"#
                + (json.isEmpty ? "" : ",") + json + "}"
        )
    }

    @Test func readsAMessage() throws {
        let event = try #require(
            try reading.event(
                message(
                    #""guild_id":"300","type":0,"content":"hi <@12>","member":{"nick":"Annie","roles":["1"]},"mentions":[{"id":"12","username":"bob","member":{"nick":"B"}}]"#
                ),
                in: group
            )
        )
        #expect(event.address == ChatAddress(channel: "discord", platformID: "discord:500:300/400"))
        #expect(event.platformMessageID == "175928847299117063")
        #expect(event.dedupKey == "175928847299117063")
        #expect(event.sentAt == Timestamp(milliseconds: 1_462_015_105_796))
        #expect(event.senderNativeID == "11")
        #expect(event.senderName == "Annie")
        #expect(event.senderHandle == "@ann")
        #expect(event.content.text == "hi @bob")
        #expect(event.isGroup && !event.isMention && !event.isBot && !event.repliesToAgent)
        #expect(event.metadata == ["guild": "300"])
    }

    /// A repeat is known by what is the same in both: the place, the text, who wrote it and the files.
    @Test func theGatewayAndHistoryTellOfAMessageAlike() throws {
        let both =
            #""type":0,"content":"hi <@12>","attachments":[{"id":"1","filename":"a.txt","size":3,"url":"https://cdn.discordapp.com/a"}]"#
        let live = try message(
            both
                + #","guild_id":"300","member":{"nick":"Annie"},"mentions":[{"id":"12","username":"bob","global_name":"Bob","member":{"nick":"B"}}]"#
        )
        let told = try message(both + #","mentions":[{"id":"12","username":"bob","global_name":"Bob"}]"#)
        let event = try #require(reading.event(live, in: group))
        let again = try #require(reading.event(told, in: group))
        #expect(event.content.text == "hi @Bob")
        #expect(again.content.text == event.content.text)
        #expect(again.dedupKey == event.dedupKey && again.address == event.address)
        #expect(again.senderNativeID == event.senderNativeID && again.isBot == event.isBot)
        #expect(MessageReading.files(told) == MessageReading.files(live))
    }

    @Test func addressesThreadsAndDirectChats() {
        let thread = ChannelFacts(WireChannel(id: "9", type: 11, guildID: "300", parentID: "400"), guild: nil)
        #expect(
            thread.address(of: "9").chat(account: "500")
                == ChatAddress(channel: "discord", platformID: "discord:500:300/400", thread: "9")
        )
        // The parent of a channel that is no thread is only its category.
        let channel = ChannelFacts(WireChannel(id: "400", type: 0, guildID: "300", parentID: "7"), guild: nil)
        #expect(channel.address(of: "400") == group)
        #expect(
            ChannelFacts(guild: nil).address(of: "8").chat(account: "500")
                == ChatAddress(channel: "discord", platformID: "discord:500:@me/8")
        )
    }

    @Test func tellsWhoIsAddressed() throws {
        let mention = try message(#""content":"<@42> hi","mentions":[{"id":"42","username":"bot","bot":true}]"#)
        #expect(reading.event(mention, in: group)?.isMention == true)
        #expect(reading.event(mention, in: group)?.content.text == "hi")
        let role = try message(#""content":"<@&24> hi","mention_roles":["24"]"#)
        #expect(reading.event(role, in: group)?.isMention == false)
        var knowing = reading
        knowing.ownRole = "24"
        #expect(knowing.event(role, in: group)?.isMention == true)
        let everyone = try message(#""content":"@everyone hi","mention_everyone":true"#)
        #expect(reading.event(everyone, in: group)?.isMention == false)
        #expect(reading.event(everyone, in: group)?.metadata?["mentions_everyone"] == true)
        let direct = DiscordAddress(guild: nil, channel: "8")
        let plain = try #require(try reading.event(message(#""content":"hi""#), in: direct))
        #expect(plain.isMention && !plain.isGroup)
    }

    @Test func readsReplies() throws {
        let own = try message(
            #""type":19,"content":"yes","message_reference":{"message_id":"77","channel_id":"400"},"referenced_message":{"id":"77","author":{"id":"42","username":"bot","bot":true},"content":"Shall I?"}"#
        )
        let event = try #require(reading.event(own, in: group))
        #expect(event.repliesToAgent)
        #expect(
            event.content.replyTo
                == .init(platformMessageID: "77", sender: "bot", text: "Shall I?", isFromAgent: true)
        )
        let deleted = try message(
            #""type":19,"content":"yes","message_reference":{"type":0,"message_id":"77"},"referenced_message":null"#
        )
        #expect(reading.event(deleted, in: group)?.content.replyTo == .init(platformMessageID: "77"))
        #expect(reading.event(deleted, in: group)?.repliesToAgent == false)
    }

    @Test func readsForwards() throws {
        let forward = try message(
            #""type":0,"content":"","message_reference":{"type":1,"message_id":"77"},"message_snapshots":[{"message":{"content":"see <@12>","mentions":[{"id":"12","username":"bob"}],"attachments":[{"id":"1","filename":"a.txt","size":3,"url":"https://cdn.discordapp.com/a"}]}}]"#
        )
        let event = try #require(reading.event(forward, in: group))
        #expect(event.content.text == "[Forwarded message]\nsee @bob")
        #expect(event.content.replyTo == nil)
        #expect(event.metadata?["forwarded"] == true)
        #expect(MessageReading.files(forward).map(\.filename) == ["a.txt"])
    }

    @Test func putsInWordsWhatIsNoText() throws {
        let sticker = try message(#""content":"look","sticker_items":[{"id":"1","name":"Wave","format_type":1}]"#)
        #expect(reading.text(sticker) == "look\n[Sticker: Wave]")
        let poll = try message(
            #""content":"","poll":{"question":{"text":"Tea?"},"answers":[{"answer_id":1,"poll_media":{"text":"Yes"}},{"answer_id":2,"poll_media":{"text":"No"}}]}"#
        )
        #expect(reading.text(poll) == "[Poll: Tea? Yes; No]")
        // The preview of a link that a person wrote is no text of theirs; a program's box is.
        let embeds =
            #""content":"x","embeds":[{"type":"rich","title":"Build","description":"failed","fields":[{"name":"Step","value":"test"}]},{"type":"link","title":"Page"}]"#
        #expect(reading.text(try message(embeds)) == "x")
        #expect(reading.text(try message(embeds + #","webhook_id":"5""#)) == "x\nBuild\nfailed\nStep: test")
    }

    @Test func knowsPrograms() throws {
        var robot = try message(#""content":"x""#)
        robot.author?.bot = true
        #expect(reading.event(robot, in: group)?.isBot == true)
        let webhook = try message(#""content":"x","webhook_id":"11""#)
        #expect(reading.event(webhook, in: group)?.isBot == true)
        #expect(reading.event(webhook, in: group)?.metadata?["webhook"] == "11")
    }

    @Test(arguments: [
        (0, true), (19, true), (20, true), (23, true), (1, false), (6, false), (7, false), (18, false), (21, false),
    ])
    func takesOnlyWhatWasWritten(_ type: Int, _ isTaken: Bool) throws {
        let message = try message(#""type":\#(type),"content":"x""#)
        #expect((reading.event(message, in: group) != nil) == isTaken)
    }

    @Test func ignoresItsOwn() throws {
        var own = try message(#""content":"x""#)
        own.author?.id = "42"
        #expect(reading.event(own, in: group) == nil)
    }

    @Test func namesWhatHasToBeAskedFor() throws {
        let message = try message(#""content":"<#31> <#31> <#32> <@&2>""#)
        #expect(MessageReading.unnamed(message).channels == ["31", "32"])
        #expect(MessageReading.unnamed(message).hasRoles)
        #expect(MessageReading.unnamed(try self.message(#""content":"<@11>""#)).hasRoles == false)
    }
}
