import Core
import Testing

@testable import Commands

@Suite struct `What the verbs of channels say` {
    @Test func `platforms are listed with what each needs, and by which option it is given`() {
        let said = ChannelTexts.platforms([
            [
                "channel": "loop", "title": "Loop",
                "fields": [
                    ["key": "token", "help": "from\nits tests", "secret": true, "standard": .null, "asked": true],
                    ["key": "greeting", "help": "a word", "secret": false, "standard": "", "asked": false],
                ],
            ],
            ["channel": "door", "title": "Door", "fields": []],
        ])
        let lines = said.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.count == 7)
        #expect(lines[0] == "nanoclaw channels add loop: Loop")
        #expect(lines[1] == "  --secret token=FILE")
        #expect(lines[2].contains("from") && lines[2].contains("its tests"))
        #expect(lines[3] == "  --set greeting=… (may be left out)")
        #expect(lines[5].isEmpty && lines[6] == "nanoclaw channels add door: Door")
    }

    @Test func `an account's state stands with what it waits for and what is wrong, each on a line`() {
        let said = ChannelTexts.status([
            [
                "name": "house", "title": "@house",
                "health": [
                    "state": "disconnected", "since": 0, "transport": "gateway", "lastEvent": 0, "backlog": 3,
                    "rateLimitedUntil": 4_102_444_800_000, "detail": "the token\ndoes not count",
                ],
                "lastError": "it ended",
            ],
            ["name": "door", "health": ["state": "connected", "transport": "webhook", "backlog": 0]],
        ])
        let lines = said.split(separator: "\n")
        #expect(lines.count == 9)
        #expect(lines[0].hasPrefix("house  disconnected since ") && lines[0].hasSuffix("  @house"))
        #expect(lines[1] == "  by gateway")
        #expect(lines[2].hasPrefix("  last heard "))
        #expect(lines[3] == "  3 events wait")
        #expect(lines[4].hasPrefix("  asked to send nothing before "))
        #expect(lines[5].hasPrefix("  ! the token") && lines[5].hasSuffix("does not count"))
        #expect(lines[6] == "  ! it ended")
        #expect(lines[7...] == ["door  connected", "  by webhook"])
    }

    @Test func `a trial says which half was proved`() {
        #expect(ChannelTexts.trial(["isSeen": true]).contains("both halves work"))
        #expect(ChannelTexts.trial(["isSeen": false]).contains("may not arrive"))
        let half = ChannelTexts.trial(["health": ["state": "connected"]])
        #expect(half.contains("does not show an account its own messages") && half.contains("is connected:"))
        #expect(ChannelTexts.trial(["health": ["state": "connected", "lastEvent": 0]]).contains("last heard "))
    }

    @Test func `a pairing code comes first, alone on its line, with where it is sent and what it gives`() {
        let said = ChannelTexts.pairing([
            "code": "ABCD-EFGH", "to": "@house", "how": "open\nthis", "gives": "an owner",
        ])
        let lines = said.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.first == "ABCD-EFGH")
        #expect(lines[2].hasPrefix("open") && lines[2].hasSuffix("this"))
        #expect(said.contains("Send this to @house as a direct message") && said.contains("becomes an owner."))
        #expect(ChannelTexts.pairing(["code": "X"]).contains("Send this to the bot"))
    }
}
