import Core
import Testing

@testable import ChannelSlack

@Suite struct `Slack's ids` {
    @Test func `a conversation and a thread make an address and come back`() {
        let address = SlackIDs.address(team: "T1", "C9", thread: "1700000000.000100")
        #expect(address.platformID == "slack:T1:C9")
        #expect(address.account == "T1")
        #expect(SlackIDs.conversation(address, team: "T1") == "C9")
        #expect(SlackIDs.conversation(address, team: "T2") == nil)
    }

    @Test(arguments: ["slack:T1:", "slack:T1:C9:1", "slack:T1:c9", "slack:T1:C9&x=1", "discord:T1:C9", "slack:T1"])
    func `an address of somewhere else is none`(_ platformID: String) {
        #expect(SlackIDs.conversation(ChatAddress(channel: "slack", platformID: platformID), team: "T1") == nil)
    }

    @Test func `a person's id keeps its colon through the host's own type`() throws {
        let native = SlackIDs.native(team: "T1", user: "U7")
        let user = try #require(UserID("slack:\(native)"))
        #expect(user.channel == "slack")
        #expect(user.native == "T1:U7")
        #expect(SlackIDs.user(native: user.native) == "U7")
    }

    @Test(arguments: ["U7", "T1:", ":U7", "T1:ann", "T1:C7", "T1:U7:1", "@ann", "T1:U7 ", "t1:U7"])
    func `what is no person's id is refused`(_ text: String) { #expect(SlackIDs.user(native: text) == nil) }

    @Test(
        "A ts is a text of seconds and six digits",
        arguments: [
            ("1700000000.000100", true), ("1700000000.0001", false), ("1700000000", false), ("1.7e9", false),
            ("1700000000.000100 ", false), ("-700000000.000100", false), ("", false),
        ]
    )
    func stamps(_ text: String, _ isOne: Bool) { #expect(SlackIDs.isTimestamp(text) == isOne) }

    @Test func `a ts holds a time, and a time makes a ts that sorts as text`() {
        let time = Timestamp(milliseconds: 1_700_000_000_012)
        #expect(SlackIDs.ts(time) == "1700000000.012000")
        #expect(SlackIDs.time("1700000000.012345") == time)
        #expect(SlackIDs.ts(time) < "1700000000.012001")
    }
}
