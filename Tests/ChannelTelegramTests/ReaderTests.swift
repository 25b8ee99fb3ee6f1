import ChannelKit
import Core
import Testing

@testable import ChannelTelegram

@Suite struct `What updates of Telegram mean` {
    private let reader = TelegramReader(bot: TelegramBot(id: 4242, username: "judge_bot"))
    private static let alice =
        #""from":{"id":1001,"is_bot":false,"first_name":"Alice","username":"alice","language_code":"en"}"#
    private static let direct = #""chat":{"id":1001,"type":"private","first_name":"Alice"}"#
    private static let group = #""chat":{"id":-1005,"type":"supergroup","title":"Group"}"#

    private func update(_ json: String) throws -> TelegramUpdate {
        try JSONText.decode(TelegramUpdate.self, #"{"update_id":77,\#(json)}"#)
    }

    private func message(_ fields: String, chat: String = group, from: String = alice) throws -> TelegramUpdate {
        let who = from.isEmpty ? "" : "\(from),"
        return try update(#""message":{"message_id":12,"date":1790000000,\#(chat),\#(who)\#(fields)}"#)
    }

    private func event(_ fields: String, chat: String = group, from: String = alice) throws -> InboundEvent {
        let meanings = reader.read(try message(fields, chat: chat, from: from))
        guard meanings.count == 1, case .message(let event, _) = meanings[0] else {
            throw RecordingInbox.Refused()
        }
        return event
    }

    private func changes(_ json: String) throws -> [ChatChange] {
        reader.read(try update(json)).compactMap { if case .change(let change) = $0 { change } else { nil } }
    }

    @Test func `a direct message addresses the agent and names its sender by the number`() throws {
        let event = try event(#""text":"hello""#, chat: Self.direct)
        #expect(event.address == ChatAddress(channel: "telegram", platformID: "telegram:4242:1001"))
        #expect(event.platformMessageID == "12")
        #expect(event.dedupKey == "1001:12")
        #expect(event.sentAt == Timestamp(milliseconds: 1_790_000_000_000))
        #expect(event.senderNativeID == "1001")
        #expect(event.senderName == "Alice")
        #expect(event.senderHandle == "@alice")
        #expect(event.isMention)
        #expect(!event.isGroup)
        #expect(!event.isBot)
        #expect(event.content.text == "hello")
        #expect(event.metadata?["language"] == "en")
    }

    @Test func `a message of a group addresses nobody by itself`() throws {
        let event = try event(#""text":"hello""#)
        #expect(event.isGroup)
        #expect(!event.isMention)
    }

    @Test func `only a topic is a thread`() throws {
        #expect(try event(#""text":"x","message_thread_id":7,"is_topic_message":true"#).address.thread == "7")
        #expect(try event(#""text":"x","message_thread_id":7"#).address.thread == nil)
    }

    @Test func `an answer to the bot speaks to it, and the message that made the topic is no quote`() throws {
        let own = #"{"message_id":5,"from":{"id":4242,"is_bot":true,"first_name":"J"},"text":"earlier"}"#
        let answer = try event(#""text":"yes","reply_to_message":\#(own),"quote":{"text":"earl","position":0}"#)
        #expect(answer.repliesToAgent)
        #expect(answer.isMention)
        #expect(answer.content.replyTo?.platformMessageID == "5")
        #expect(answer.content.replyTo?.text == "earl")
        #expect(answer.content.replyTo?.isFromAgent == true)
        let made =
            #"{"message_id":7,"from":{"id":4242,"is_bot":true,"first_name":"J"},"forum_topic_created":{"name":"T"}}"#
        let plain = try event(#""text":"x","message_thread_id":7,"is_topic_message":true,"reply_to_message":\#(made)"#)
        #expect(plain.content.replyTo == nil)
        #expect(!plain.repliesToAgent)
        #expect(!plain.isMention)
    }

    @Test func `an anonymous administrator is no bot and nobody known`() throws {
        let from =
            #""from":{"id":1087968824,"is_bot":true,"first_name":"Group"},"sender_chat":{"id":-1005,"type":"supergroup","title":"Group"},"author_signature":"chief""#
        let event = try event(#""text":"x""#, from: from)
        #expect(event.senderNativeID == nil)
        #expect(event.senderName == "Group (chief)")
        #expect(!event.isBot)
    }

    @Test func `another bot is one, and the bot's own message is nothing but an echo`() throws {
        let robot = #""from":{"id":9,"is_bot":true,"first_name":"R"}"#
        #expect(try event(#""text":"x""#, from: robot).isBot)
        let own = try message(#""text":"x""#, from: #""from":{"id":4242,"is_bot":true,"first_name":"J"}"#)
        #expect(reader.read(own) == [.own(messageID: 12)])
    }

    @Test func `a channel's post is a message of the channel`() throws {
        let channel = #"{"id":-1007,"type":"channel","title":"News"}"#
        let update = try update(
            #""channel_post":{"message_id":3,"date":1,"chat":\#(channel),"sender_chat":\#(channel),"text":"out now"}"#
        )
        guard case .message(let event, _)? = reader.read(update).first else { throw RecordingInbox.Refused() }
        #expect(event.senderName == "News")
        #expect(event.senderNativeID == nil)
        #expect(event.isGroup)
    }

    @Test(arguments: [
        (#""location":{"latitude":48.1,"longitude":11}"#, "[Location: 48.1, 11]"),
        (
            #""venue":{"location":{"latitude":1.5,"longitude":2.5},"title":"Inn","address":"Road 1"},"location":{"latitude":1.5,"longitude":2.5}"#,
            "[Place: Inn, Road 1, 1.5, 2.5]"
        ),
        (#""contact":{"phone_number":"+1","first_name":"Bob","last_name":"B"}"#, "[Contact: Bob B +1]"),
        (
            #""poll":{"id":"1","question":"When?","options":[{"text":"now"},{"text":"later"}]}"#,
            "[Poll: When? now / later]"
        ),
        (#""dice":{"emoji":"🎲","value":4}"#, "[Thrown: 🎲 4]"),
        (#""sticker":{"file_id":"f","emoji":"😎"}"#, "[Sticker 😎]"),
        (#""story":{"id":1}"#, "[A story, which bots cannot see]"),
        (
            #""checklist":{"title":"Buy","tasks":[{"id":1,"text":"milk","completion_date":5},{"id":2,"text":"tea"}]}"#,
            "Buy\n[x] milk\n[ ] tea"
        ),
        (
            #""text":"news","forward_origin":{"type":"user","date":1,"sender_user":{"id":1,"first_name":"Eve","last_name":"E"}}"#,
            "[Forwarded from Eve E]\nnews"
        ),
        (
            #""text":"news","forward_origin":{"type":"channel","date":1,"chat":{"id":-1,"title":"Paper"},"message_id":4}"#,
            "[Forwarded from Paper]\nnews"
        ),
        (
            #""rich_message":{"blocks":[{"type":"heading","text":[{"text":"Title"}]},{"type":"paragraph","text":"Words"}]}"#,
            "Title\nWords"
        ),
        (
            #""text":"see","external_reply":{"origin":{"type":"hidden_user","sender_user_name":"Ann"}},"quote":{"text":"it"}"#,
            "[Answers a message of Ann in another chat: it]\nsee"
        ),
    ])
    func `what is no text is said in words`(fields: String, words: String) throws {
        #expect(try event(fields).content.text == words)
    }

    @Test(arguments: [
        #""new_chat_members":[{"id":1,"is_bot":false,"first_name":"X"}]"#, #""new_chat_title":"T""#,
        #""pinned_message":{"message_id":1}"#,
    ])
    func `the platform's own notes are no messages`(fields: String) throws {
        #expect(reader.read(try message(fields)).isEmpty)
    }

    @Test func `a deep link brings its code alone`() throws {
        #expect(try event(#""text":"/start BCDF-GHJK""#, chat: Self.direct).content.text == "BCDF-GHJK")
        #expect(try event(#""text":"/start""#, chat: Self.direct).content.text == "/start")
        #expect(try event(#""text":"/started x""#, chat: Self.direct).content.text == "/started x")
    }

    @Test func `each kind of file is one, and an animation is not a document beside`() throws {
        let json = #"""
            "caption":"look",
            "photo":[{"file_id":"small","file_size":1},{"file_id":"large","file_size":9}],
            "voice":{"file_id":"v","mime_type":"audio/ogg"},"video_note":{"file_id":"n"},
            "animation":{"file_id":"a","file_name":"a.gif"},"document":{"file_id":"d","file_name":"a.gif"}
            """#
        guard case .message(let event, let files)? = reader.read(try message(json)).first else {
            throw RecordingInbox.Refused()
        }
        #expect(event.content.text == "look")
        #expect(files.map(\.fileID) == ["large", "v", "n", "a"])
        #expect(files.map(\.type) == ["image", "voice", "video", "animation"])
        #expect(files.map(\.name) == ["photo-12.jpg", "voice-12.ogg", "video-12.mp4", "a.gif"])
    }

    @Test(arguments: [
        ("", "sticker-12.webp"), (#","is_animated":true"#, "sticker-12.tgs"), (#","is_video":true"#, "sticker-12.webm"),
    ])
    func `stickers are named by what they are`(fields: String, name: String) throws {
        let update = try message(#""sticker":{"file_id":"f"\#(fields)}"#)
        guard case .message(_, let files)? = reader.read(update).first else { throw RecordingInbox.Refused() }
        #expect(files.map(\.name) == [name])
    }

    @Test func `the parts of an album are one message`() throws {
        let parts = try (0..<3).map { number -> TelegramMessage in
            let caption = number == 1 ? #","caption":"three""# : ""
            let fields = #""message_id":\#(20 + number),"date":5,\#(Self.group),\#(Self.alice)"#
            let json =
                #"{\#(fields),"media_group_id":"g","document":{"file_id":"f\#(number)","file_name":"\#(number)"}\#(caption)}"#
            return try JSONText.decode(TelegramMessage.self, json)
        }
        guard case .message(let event, let files)? = reader.read(parts).first else { throw RecordingInbox.Refused() }
        #expect(event.platformMessageID == "20")
        #expect(event.content.text == "three")
        #expect(files.map(\.fileID) == ["f0", "f1", "f2"])
    }

    @Test func `an edit has the new text, and a live location that moves is none`() throws {
        let json = #""message_id":12,"date":5,"edit_date":9,\#(Self.group),\#(Self.alice)"#
        let entity = #""entities":[{"type":"mention","offset":4,"length":10}]"#
        let change = try #require(try changes(#""edited_message":{\#(json),"text":"now @judge_bot",\#(entity)}"#).first)
        #expect(change.kind == .edited(platformMessageID: "12", text: "now @judge_bot"))
        #expect(change.at == Timestamp(milliseconds: 9000))
        #expect(change.isMention)
        #expect(change.dedupKey == "edit:77")
        let moving = #""edited_message":{\#(json),"location":{"latitude":1,"longitude":2,"live_period":60}}"#
        #expect(try changes(moving).isEmpty)
    }

    @Test func `reactions are what was added and what was taken away`() throws {
        let json = #"""
            "message_reaction":{"chat":{"id":-1005,"type":"supergroup"},"message_id":4,"date":5,
            "user":{"id":1001,"is_bot":false,"first_name":"Alice"},
            "old_reaction":[{"type":"emoji","emoji":"👍"},{"type":"custom_emoji","custom_emoji_id":"1"}],
            "new_reaction":[{"type":"emoji","emoji":"🔥"},{"type":"paid"}]}
            """#
        let found = try changes(json)
        #expect(
            found.map(\.kind) == [
                .reaction(platformMessageID: "4", emoji: "👍", isAdded: false),
                .reaction(platformMessageID: "4", emoji: "🔥", isAdded: true),
            ]
        )
        #expect(Set(found.map(\.dedupKey)).count == 2)
        #expect(found.allSatisfy { $0.senderNativeID == "1001" })
    }

    @Test(arguments: [
        ("left", "member", true), ("member", "kicked", false), ("kicked", "administrator", true),
    ])
    func `coming and going of the bot is told`(before: String, after: String, isMember: Bool) throws {
        let found = try changes(membership(before, after))
        #expect(found.map(\.kind) == [.membership(isMember: isMember)])
    }

    @Test func `a promotion is neither coming nor going`() throws {
        #expect(try changes(membership("member", "administrator")).isEmpty)
    }

    private func membership(_ before: String, _ after: String) -> String {
        func standing(_ status: String) -> String {
            #"{"status":"\#(status)","user":{"id":4242,"is_bot":true,"first_name":"J"}}"#
        }
        return
            #""my_chat_member":{\#(Self.group),\#(Self.alice),"date":5,"old_chat_member":\#(standing(before)),"new_chat_member":\#(standing(after))}"#
    }

    @Test func `both chats tell alike that a group has another id`() throws {
        let from = try message(#""migrate_to_chat_id":-1006"#, chat: #""chat":{"id":-5,"type":"group"}"#)
        let into = try message(#""migrate_from_chat_id":-5"#, chat: #""chat":{"id":-1006,"type":"supergroup"}"#)
        let told = [from, into].flatMap(reader.read)
        let changes = told.compactMap { if case .change(let change) = $0 { change } else { nil } }
        #expect(changes.count == 2)
        for change in changes {
            #expect(change.kind == .moved(platformID: "telegram:4242:-1006"))
            #expect(change.address.platformID == "telegram:4242:-5")
            #expect(change.dedupKey == "moved:-1006")
        }
    }

    @Test func `a press of a card's button is an answer, and any other only ends its spinner`() throws {
        let card = CardID.random()
        func press(_ data: String, id: String = "q1") throws -> TelegramUpdate {
            try update(
                #""callback_query":{"id":"\#(id)",\#(Self.alice),"chat_instance":"1","message":{"message_id":8,"date":0,\#(Self.group)},"data":"\#(data)"}"#
            )
        }
        guard case .answer(let answer, let id)? = reader.read(try press("\(card.rawValue):1")).first else {
            throw RecordingInbox.Refused()
        }
        #expect(id == "q1")
        #expect(answer.card == card)
        #expect(answer.choice == .index(1))
        #expect(answer.senderNativeID == "1001")
        #expect(answer.platformMessageID == "8")
        #expect(reader.read(try press("other")) == [.strayPress("q1")])
        #expect(reader.read(try press("\(card.rawValue):1", id: "a b")) == [.strayPress("a b")])
    }

    @Test func `an update of an unknown or broken kind is no error of its answer`() throws {
        let json =
            #"[{"update_id":1,"brand_new":{}},{"update_id":2,"message":{"message_id":"x"}},{"update_id":3,"message":{"message_id":1,"date":1,\#(Self.direct),\#(Self.alice),"text":"ok"}}]"#
        let updates = try JSONText.decode([TelegramUpdate].self, json)
        #expect(updates.map(\.id) == [1, 2, 3])
        #expect(updates.map { reader.read($0).count } == [0, 0, 1])
    }
}
