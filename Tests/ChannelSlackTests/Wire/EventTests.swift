import ChannelKit
import Core
import Testing

@testable import ChannelSlack

@Suite struct `Slack's messages for the host` {
    private let now = Timestamp(milliseconds: 1)

    private func message(_ fields: String) throws -> SlackMessage {
        try #require(SlackMessage(json(#"{"ts":"1700000000.012345","channel":"C1",\#(fields)}"#)))
    }

    @Test func `say who, where and when`() throws {
        var names = SlackNames()
        names.sender = SlackPerson(name: "Ann", handle: "ann", team: "T1")
        names.users = ["U2": "Bob"]
        let event = try message(#""channel_type":"channel","user":"U1","text":"<@UBOT> ask <@U2> &amp; go""#)
            .event(me, names, now: now)
        #expect(event.address == ChatAddress(channel: "slack", platformID: "slack:T1:C1"))
        #expect(event.platformMessageID == "1700000000.012345")
        #expect(event.dedupKey == "1700000000.012345")
        #expect(event.sentAt == Timestamp(milliseconds: 1_700_000_000_012))
        #expect(event.senderNativeID == "T1:U1")
        #expect(event.senderName == "Ann" && event.senderHandle == "@ann")
        #expect(event.content.text == "ask @Bob & go")
        #expect(event.isMention && event.isGroup && !event.isBot)
        #expect(event.metadata == ["conversation_type": "channel"])
    }

    @Test func `somebody of another organisation has that team, as users.info says first`() throws {
        let message = try message(#""user":"U1","user_team":"T2","text":"x""#)
        var names = SlackNames()
        #expect(message.event(me, names, now: now).senderNativeID == "T2:U1")
        #expect(message.event(me, names, now: now).metadata == ["team": "T2"])
        names.sender = SlackPerson(name: "Eve", team: "T3")
        #expect(message.event(me, names, now: now).senderNativeID == "T3:U1")
    }

    @Test func `programs are bots, also without a user`() throws {
        let hook = try message(#""subtype":"bot_message","bot_id":"B2","username":"deploy","text":"done""#)
            .event(me, SlackNames(), now: now)
        #expect(hook.isBot && hook.senderNativeID == "T1:B2" && hook.senderName == "deploy")
        var names = SlackNames()
        names.sender = SlackPerson(name: "Robot", isBot: true)
        #expect(try message(#""user":"U2","text":"x""#).event(me, names, now: now).isBot)
    }

    @Test func `an answer in a thread of the account's answers it`() throws {
        let event = try message(
            #""user":"U1","text":"x","thread_ts":"1700000000.000001","parent_user_id":"UBOT""#
        ).event(me, SlackNames(), now: now)
        #expect(event.address.thread == "1700000000.000001")
        #expect(event.repliesToAgent)
        #expect(event.content.replyTo == .init(platformMessageID: "1700000000.000001", isFromAgent: true))
        #expect(!event.isMention)
    }

    @Test func `what was passed on and what could not be fetched stand in the text`() throws {
        let event = try message(
            #"""
            "user":"U1","text":"see","attachments":[{"is_share":true,"author_name":"Bob","text":"a &lt;b&gt;"},
             {"title":"preview","text":"of a link"}]
            """#
        ).event(me, SlackNames(), notes: ["[file a.zip (2 MiB) was not fetched: too large]"], now: now)
        #expect(
            event.content.text
                == "see\n[passed on, a message of Bob: a <b>]\n[file a.zip (2 MiB) was not fetched: too large]"
        )
    }

    @Test func `a program's old-style content is the text where there is none`() throws {
        let event = try message(#""subtype":"bot_message","bot_id":"B2","text":"","attachments":[{"fallback":"red"}]"#)
            .event(me, SlackNames(), now: now)
        #expect(event.content.text == "red")
    }

    /// A repeat is known by what is the same in each form: the place, the text, who wrote it and the files.
    @Test(
        "An event and the histories of a conversation and of a thread tell of a message alike",
        arguments: [
            (
                #"{"channel":"C1","channel_type":"channel","user":"U1","text":"<@UBOT> ask <@U2>","ts":"1700000000.000200"}"#,
                [#"{"user":"U1","text":"<@UBOT> ask <@U2>","ts":"1700000000.000200","team":"T1"}"#]
            ),
            (
                #"""
                {"subtype":"thread_broadcast","channel":"C1","channel_type":"channel","user":"U1","text":"to all",
                 "ts":"1700000000.000200","thread_ts":"1700000000.000100","root":{"user":"UBOT","ts":"1700000000.000100"}}
                """#,
                [
                    #"""
                    {"subtype":"thread_broadcast","user":"U1","text":"to all","ts":"1700000000.000200",
                     "thread_ts":"1700000000.000100","root":{"user":"UBOT","ts":"1700000000.000100"}}
                    """#,
                    #"""
                    {"subtype":"thread_broadcast","user":"U1","text":"to all","ts":"1700000000.000200",
                     "thread_ts":"1700000000.000100","parent_user_id":"UBOT"}
                    """#,
                ]
            ),
            (
                #"""
                {"subtype":"file_share","channel":"D1","channel_type":"im","user":"U1","text":"see","upload":true,
                 "ts":"1700000000.000200","files":[{"id":"F1","name":"a.png","mimetype":"image/png"}]}
                """#,
                [
                    #"""
                    {"user":"U1","text":"see","upload":false,"ts":"1700000000.000200",
                     "files":[{"id":"F1","name":"a.png","mimetype":"image/png","has_more_shares":false}]}
                    """#
                ]
            ),
            (
                #"""
                {"subtype":"bot_message","channel":"G1","channel_type":"mpim","bot_id":"B2","username":"deploy","text":"",
                 "ts":"1700000000.000200","attachments":[{"fallback":"red"}]}
                """#,
                [
                    #"""
                    {"subtype":"bot_message","bot_id":"B2","username":"deploy","text":"","ts":"1700000000.000200",
                     "attachments":[{"fallback":"red","id":1}],"bot_profile":{"id":"B2"}}
                    """#
                ]
            ),
        ]
    )
    func repeated(_ live: String, _ told: [String]) throws {
        let first = try #require(SlackMessage(json(live)))
        var names = SlackNames()
        names.sender = first.user.map { _ in SlackPerson(name: "Ann", handle: "ann", team: "T1") }
        names.users = ["U2": "Bob"]
        let event = first.event(me, names, now: now)
        for text in told {
            let again = try #require(SlackMessage(json(text), conversation: first.conversation))
            let repeated = again.event(me, names, now: now)
            #expect(SlackHappening(said: again, me) == .message(again))
            #expect(repeated.dedupKey == event.dedupKey)
            #expect(repeated.address == event.address)
            #expect(repeated.content.text == event.content.text)
            #expect(repeated.senderNativeID == event.senderNativeID)
            #expect(repeated.isMention == event.isMention && repeated.isGroup == event.isGroup)
            #expect(repeated.repliesToAgent == event.repliesToAgent)
            #expect(again.files.map(\.name) == first.files.map(\.name))
        }
    }

    @Test(arguments: [
        (#"{"id":"F1","name":"a.png","mimetype":"image/png"}"#, "image"),
        (#"{"id":"F1","name":"a.m4a","mimetype":"audio/mp4","subtype":"slack_audio"}"#, "voice"),
        (#"{"id":"F1","name":"a.mp3","mimetype":"audio/mpeg"}"#, "audio"),
        (#"{"id":"F1","name":"a.mp4","mimetype":"video/mp4","subtype":"slack_video"}"#, "video"),
        (#"{"id":"F1","name":"a.pdf","mimetype":"application/pdf"}"#, "document"),
    ])
    func `files have a kind`(_ file: String, _ kind: String) throws {
        #expect(try #require(SlackFile(json(file))).kind == kind)
    }
}

@Suite struct `Slack's buttons and commands` {
    private func action(_ change: (inout [String: JSONValue]) -> Void = { _ in }) -> SlackAction? {
        var fields: [String: JSONValue] = [
            "type": "block_actions", "user": ["id": "U1", "team_id": "T1"],
            "container": ["type": "message", "message_ts": "1700000000.000100", "channel_id": "C1"],
            "actions": [["action_id": "cd_1:0", "value": "cd_1:1", "action_ts": "1700000003.000100"]],
            "response_url": "https://hooks.slack.com/actions/T1/1/x",
        ]
        change(&fields)
        return SlackAction(.object(fields))
    }

    @Test func `a press is the answer to a card by who pressed`() throws {
        let answer = try #require(action()?.answer(me, nil))
        #expect(answer.card.rawValue == "cd_1")
        #expect(answer.choice == .index(1))
        #expect(answer.senderNativeID == "T1:U1")
        #expect(answer.address == ChatAddress(channel: "slack", platformID: "slack:T1:C1"))
        #expect(answer.platformMessageID == "1700000000.000100")
        #expect(answer.dedupKey == "action:1700000000.000100:U1:1700000003.000100")
    }

    @Test func `in a thread it says so, unless it is the root`() {
        func thread(_ ts: String) -> String? {
            action {
                $0["container"] = [
                    "message_ts": "1700000000.000100", "channel_id": "C1", "thread_ts": .string(ts),
                ]
            }?.thread
        }
        #expect(thread("1700000000.000001") == "1700000000.000001")
        #expect(thread("1700000000.000100") == nil)
    }

    @Test func `other interactions, links and strange values are none`() {
        #expect(action { $0["type"] = "view_submission" } == nil)
        #expect(action { $0["actions"] = [["action_id": "link:0", "action_ts": "1.2"]] } == nil)
        #expect(action { $0["actions"] = [] } == nil)
        #expect(action { $0["user"] = nil } == nil)
        let strange = action { $0["actions"] = [["value": "approve everything", "action_ts": "1.2"]] }
        #expect(strange?.answer(me, nil) == nil)
    }

    @Test func `a command addresses the agent`() throws {
        let command = try #require(
            SlackCommand([
                "command": "/ask", "text": "what &amp; why", "user_id": "U1", "user_name": "ann", "channel_id": "D1",
                "trigger_id": "9.8.7",
            ])
        )
        let event = command.event(me, nil, at: Timestamp(milliseconds: 5))
        #expect(event.content.text == "/ask what & why")
        #expect(event.platformMessageID == "command:9.8.7" && event.dedupKey == "command:9.8.7")
        #expect(event.isMention && !event.isGroup)
        #expect(event.senderNativeID == "T1:U1" && event.senderHandle == "@ann")
        #expect(SlackCommand(["command": "/ask"]) == nil)
    }
}
