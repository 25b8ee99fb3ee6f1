import Core
import Testing

@testable import ChannelSlack

@Suite struct `What Slack's events say` {
    private func happening(_ event: String) -> SlackHappening { SlackHappening(payload(event), me) }

    private func message(_ event: String) -> SlackMessage? {
        if case .message(let message) = happening(event) { message } else { nil }
    }

    @Test func `a message in a channel`() throws {
        let found = try #require(
            message(
                #"""
                {"type":"message","channel":"C1","channel_type":"channel","user":"U1","text":"hi","ts":"1700000000.000100",
                 "client_msg_id":"x","blocks":[],"team":"T1"}
                """#
            )
        )
        #expect(found.conversation == "C1")
        #expect(found.isGroup && !found.isBot && found.thread == nil)
        #expect(!found.mentions(me))
    }

    @Test(
        "Messages that are said",
        arguments: [
            #""subtype":"file_share","user":"U1""#, #""subtype":"thread_broadcast","user":"U1""#,
            #""subtype":"me_message","user":"U1""#, #""subtype":"bot_message","bot_id":"B2","username":"deploy""#,
            #""user":"U2","bot_id":"B2""#,
        ]
    )
    func said(_ fields: String) throws {
        let found = message(#"{"type":"message","channel":"C1","text":"x","ts":"1700000000.000100",\#(fields)}"#)
        #expect(found != nil)
    }

    @Test(
        "What only tells of the conversation is nothing",
        arguments: [
            "channel_join", "channel_topic", "pinned_item", "message_replied", "reminder_add", "ekm_access_denied",
        ]
    )
    func told(_ subtype: String) {
        let event =
            #"{"type":"message","channel":"C1","user":"U1","text":"x","ts":"1700000000.000100","subtype":"\#(subtype)"}"#
        #expect(happening(event) == .nothing)
    }

    @Test(
        "The account's own messages are an echo",
        arguments: [#""user":"UBOT""#, #""user":"U9","bot_id":"BBOT""#, #""subtype":"bot_message","bot_id":"BBOT""#]
    )
    func own(_ fields: String) {
        let event = #"{"type":"message","channel":"C1","text":"x","ts":"1700000000.000100",\#(fields)}"#
        #expect(happening(event) == .own(ts: "1700000000.000100"))
    }

    @Test func `a bot without an id of its own is not taken for the account`() {
        let event = #"{"type":"message","channel":"C1","text":"x","ts":"1700000000.000100","user":"U1"}"#
        let nameless = SlackSelf(team: "T1", user: "UBOT", bot: nil)
        guard case .message = SlackHappening(payload(event), nameless) else {
            Issue.record("taken for an echo")
            return
        }
    }

    @Test func `a thread's root stands outside of it, its answers inside`() throws {
        let root = try #require(
            message(
                #"{"type":"message","channel":"C1","user":"U1","text":"x","ts":"1700000000.000100","thread_ts":"1700000000.000100"}"#
            )
        )
        #expect(root.thread == nil)
        let answer = try #require(
            message(
                #"""
                {"type":"message","channel":"C1","user":"U1","text":"x","ts":"1700000000.000200",
                 "thread_ts":"1700000000.000100","parent_user_id":"UBOT"}
                """#
            )
        )
        #expect(answer.thread == "1700000000.000100")
        #expect(answer.parentUser == me.user)
    }

    @Test func `app_mention is the same message, and a mention even without its text`() throws {
        let found = try #require(
            message(#"{"type":"app_mention","channel":"C1","user":"U1","text":"x","ts":"1700000000.000100"}"#)
        )
        #expect(found.mentions(me) && found.isGroup)
        let other = try #require(
            message(#"{"type":"message","channel":"C1","user":"U1","text":"<@UBOT|bot> x","ts":"1700000000.000100"}"#)
        )
        #expect(other.mentions(me))
        #expect(SlackDesk.id(found) == SlackDesk.id(other))
    }

    @Test(
        "Direct messages are a fact of the platform",
        arguments: [
            ("D1", #""im""#, false), ("D1", "null", false), ("C1", #""channel""#, true), ("G1", #""mpim""#, true),
            ("C1", "null", true),
        ]
    )
    func direct(_ channel: String, _ scene: String, _ isGroup: Bool) throws {
        let found = try #require(
            message(
                #"{"type":"message","channel":"\#(channel)","channel_type":\#(scene),"user":"U1","text":"x","ts":"1700000000.000100"}"#
            )
        )
        #expect(found.isGroup == isGroup)
    }

    private func changed(_ inner: String, previous: String?) -> SlackHappening {
        let before = previous.map { #","previous_message":\#($0)"# } ?? ""
        return happening(
            #"""
            {"type":"message","subtype":"message_changed","channel":"C1","channel_type":"channel","ts":"1700000009.000100",
             "event_ts":"1700000009.000100","message":\#(inner)\#(before)}
            """#
        )
    }

    private static let old = #"{"user":"U1","text":"old","ts":"1700000000.000100"}"#

    @Test func `another text is an edit`() throws {
        let inner =
            #"{"user":"U1","text":"new","ts":"1700000000.000100","edited":{"user":"U1","ts":"1700000009.000000"}}"#
        guard case .edited(let message, let key) = changed(inner, previous: Self.old) else {
            Issue.record("no edit")
            return
        }
        #expect(message.text == "new")
        #expect(key == "edited:1700000000.000100:1700000009.000000")
    }

    @Test(
        "What changes without another text is no edit",
        arguments: [
            // A preview of a link, a new answer in its thread, and the account's own card.
            #"{"user":"U1","text":"old","ts":"1700000000.000100","attachments":[{"title":"Example"}]}"#,
            #"{"user":"U1","text":"old","ts":"1700000000.000100","reply_count":1,"thread_ts":"1700000000.000100"}"#,
            #"{"user":"U1","text":"old","ts":"1700000000.000100","edited":{"ts":"1700000009.000000"}}"#,
            #"{"user":"UBOT","text":"new","ts":"1700000000.000100","edited":{"ts":"1700000009.000000"}}"#,
        ]
    )
    func previews(_ inner: String) { #expect(changed(inner, previous: Self.old) == .nothing) }

    @Test func `a change without what was before counts when somebody edited`() {
        let inner = #"{"user":"U1","text":"new","ts":"1700000000.000100"}"#
        #expect(changed(inner, previous: nil) == .nothing)
    }

    @Test func `a deleted root with answers stays as an empty place, and is deleted`() {
        let inner =
            #"{"user":"USLACKBOT","text":"This message was deleted.","subtype":"tombstone","ts":"1700000000.000100"}"#
        let key = "deleted:1700000000.000100"
        #expect(
            changed(inner, previous: Self.old)
                == .deleted(conversation: "C1", ts: "1700000000.000100", thread: nil, isGroup: true, key: key)
        )
    }

    @Test func `deletions say what and where, the account's own nothing`() {
        func deleted(_ previous: String) -> SlackHappening {
            happening(
                #"""
                {"type":"message","subtype":"message_deleted","channel":"D1","channel_type":"im","ts":"1700000009.000100",
                 "deleted_ts":"1700000000.000200","previous_message":\#(previous)}
                """#
            )
        }
        #expect(
            deleted(#"{"user":"U1","text":"x","ts":"1700000000.000200","thread_ts":"1700000000.000100"}"#)
                == .deleted(
                    conversation: "D1",
                    ts: "1700000000.000200",
                    thread: "1700000000.000100",
                    isGroup: false,
                    key: "deleted:1700000000.000200"
                )
        )
        #expect(deleted(#"{"user":"UBOT","text":"x","ts":"1700000000.000200"}"#) == .nothing)
    }

    @Test func `reactions of people to messages`() throws {
        func reaction(_ user: String, _ item: String) -> SlackHappening {
            happening(
                #"{"type":"reaction_removed","user":"\#(user)","reaction":"eyes","item":\#(item),"event_ts":"1.2"}"#
            )
        }
        let item = #"{"type":"message","channel":"C1","ts":"1700000000.000100"}"#
        guard case .reaction(let found) = reaction("U1", item) else {
            Issue.record("no reaction")
            return
        }
        #expect(found.name == "eyes" && !found.isAdded && found.ts == "1700000000.000100")
        #expect(reaction("UBOT", item) == .nothing)
        #expect(reaction("U1", #"{"type":"file","file":"F1"}"#) == .nothing)
    }

    @Test func `the account's own coming and going`() {
        #expect(
            happening(#"{"type":"member_joined_channel","user":"UBOT","channel":"C1","inviter":"U1","event_ts":"1.2"}"#)
                == .membership(conversation: "C1", isMember: true, by: "U1", key: "member:1.2:true")
        )
        #expect(happening(#"{"type":"member_joined_channel","user":"U1","channel":"C1"}"#) == .nothing)
        #expect(
            happening(#"{"type":"channel_left","channel":"C1","event_ts":"1.3"}"#)
                == .membership(conversation: "C1", isMember: false, by: nil, key: "member:1.3:false")
        )
    }

    @Test func `a token that was revoked`() {
        #expect(happening(#"{"type":"tokens_revoked","tokens":{"oauth":[],"bot":["UBOT"]}}"#) == .revoked)
        #expect(happening(#"{"type":"tokens_revoked","tokens":{"oauth":["U1"],"bot":[]}}"#) == .nothing)
        #expect(happening(#"{"type":"app_uninstalled"}"#) == .revoked)
        #expect(SlackHappening(["type": "app_rate_limited", "minute_rate_limited": 1], me) == .limited)
    }

    @Test(
        "Events out of shape are nothing",
        arguments: [
            "{}", #"{"type":"message"}"#, #"{"type":"message","channel":"C1","user":"U1","ts":1700000000.0001}"#,
            #"{"type":"message","channel":["C1"],"ts":"1700000000.000100"}"#, #"{"type":7}"#, "[]", "null",
            #"{"type":"message","subtype":"message_changed","channel":"C1"}"#,
            #"{"type":"message","subtype":"message_deleted","channel":"C1","deleted_ts":"x"}"#,
            #"{"type":"reaction_added","user":"U1"}"#, #"{"type":"team_join","user":{"id":"U1"}}"#,
        ]
    )
    func odd(_ event: String) { #expect(happening(event) == .nothing) }

    @Test(
        "Ids of another form are none",
        arguments: [
            (#""channel":"C:1","user":"U1""#, false), (#""channel":"","user":"U1""#, false),
            (#""channel":"C1","user":"U\n1""#, true), (#""channel":"C1","user":"U1","thread_ts":"x""#, true),
        ]
    )
    func ids(_ fields: String, _ isMessage: Bool) {
        let found = message(#"{"type":"message","text":"x","ts":"1700000000.000100",\#(fields)}"#)
        #expect((found != nil) == isMessage)
        #expect(found?.thread == nil)
        #expect(found?.user.map(SlackIDs.isUser) ?? true)
    }
}
