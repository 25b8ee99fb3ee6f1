import Core
import Testing

@testable import ChannelDiscord

@Suite struct GatewayFrameTests {
    private func frame(_ json: String) throws -> GatewayFrame { try JSONText.decode(GatewayFrame.self, json) }

    @Test func readsWhatIsNoEvent() throws {
        #expect(
            try frame(#"{"op":10,"d":{"heartbeat_interval":41250,"_trace":["x"]},"s":null,"t":null}"#)
                == .hello(interval: 41250)
        )
        #expect(try frame(#"{"op":1,"d":null,"s":null,"t":null}"#) == .beatWanted)
        #expect(try frame(#"{"op":11,"d":null}"#) == .beatAcknowledged)
        #expect(try frame(#"{"op":7,"d":null}"#) == .reconnect)
        #expect(try frame(#"{"op":9,"d":true}"#) == .invalidSession(isResumable: true))
        #expect(try frame(#"{"op":9}"#) == .invalidSession(isResumable: false))
        #expect(try frame(#"{"op":99,"d":{}}"#) == .unknown(op: 99))
    }

    @Test func readsEvents() throws {
        let ready = #"""
            {"op":0,"s":1,"t":"READY","d":{"v":10,"user":{"id":"1","username":"b","global_name":null,"bot":true},
            "guilds":[{"id":"2","unavailable":true}],"session_id":"x","resume_gateway_url":"wss://y","shard":[0,1]}}
            """#
        #expect(
            try frame(ready)
                == .event(
                    seq: 1,
                    .ready(
                        WireReady(
                            user: WireUser(id: "1", username: "b", bot: true),
                            sessionID: "x",
                            resumeURL: "wss://y",
                            guilds: [.init(id: "2")]
                        )
                    )
                )
        )
        #expect(
            try frame(
                #"{"op":0,"s":2,"t":"MESSAGE_DELETE_BULK","d":{"ids":["3","4"],"channel_id":"5","guild_id":"6"}}"#
            )
                == .event(seq: 2, .deleted(WireDeletion(ids: ["3", "4"], channelID: "5", guildID: "6")))
        )
        #expect(
            try frame(
                #"{"op":0,"s":3,"t":"MESSAGE_REACTION_REMOVE","d":{"user_id":"1","channel_id":"2","message_id":"3","emoji":{"id":"4","name":"cat"}}}"#
            )
                == .event(
                    seq: 3,
                    .reaction(
                        WireReaction(userID: "1", channelID: "2", messageID: "3", emoji: .init(id: "4", name: "cat")),
                        isAdded: false
                    )
                )
        )
        #expect(try frame(#"{"op":0,"s":4,"t":"TYPING_START","d":{}}"#) == .event(seq: 4, .other("TYPING_START")))
    }

    @Test func anEventThatDoesNotFitIsPassedOverWithItsPlace() throws {
        #expect(
            try frame(#"{"op":0,"s":5,"t":"MESSAGE_CREATE","d":{"id":"1","channel_id":{}}}"#)
                == .event(seq: 5, .unreadable("MESSAGE_CREATE", reason: "d.channel_id"))
        )
    }

    @Test func writesCommands() {
        let session = GatewaySession(id: "s", url: "u", seq: 12, user: "1")
        #expect(GatewayCommand.heartbeat(seq: nil).json(token: "T") == #"{"op":1,"d":null}"#)
        #expect(GatewayCommand.heartbeat(seq: 3).json(token: "T") == #"{"op":1,"d":3}"#)
        #expect(
            GatewayCommand.identify.json(token: "T")
                == #"{"op":2,"d":{"token":"T","intents":46593,"properties":{"os":"linux","browser":"nanoclaw","device":"nanoclaw"}}}"#
        )
        #expect(
            GatewayCommand.resume(session).json(token: "T") == #"{"op":6,"d":{"token":"T","session_id":"s","seq":12}}"#
        )
    }

    @Test(arguments: ["-1", "-9223372036854775808"]) func refusesNumbersBelowZero(_ seq: String) {
        let ready =
            #"{"op":0,"s":\#(seq),"t":"READY","d":{"user":{"id":"1"},"session_id":"x","resume_gateway_url":"y"}}"#
        #expect(throws: (any Error).self) { try frame(ready) }
    }

    @Test(
        arguments: [
            #""id":"1","channel_id":"a/b""#, #""id":"1:2","channel_id":"3""#,
            #""id":"1","channel_id":"2","author":{"id":"x"}"#, #""id":"1","channel_id":"2","guild_id":"""#,
        ]
    )
    func passesOverWhatHasNoIDs(_ fields: String) throws {
        let found = try frame(#"{"op":0,"s":1,"t":"MESSAGE_CREATE","d":{\#(fields)}}"#)
        #expect(found == .event(seq: 1, .unreadable("MESSAGE_CREATE", reason: "an id that is none")))
    }
}
