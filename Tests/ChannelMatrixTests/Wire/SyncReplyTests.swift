import Core
import Testing

@testable import ChannelMatrix

@Suite("Answers to sync")
struct SyncReplyTests {
    private let me = "@bot:hs"

    @Test("Invitations say who asks and whether it is for two")
    func invites() throws {
        let json = try JSONValue(
            parsing: """
                {"next_batch": "s1", "rooms": {"invite": {
                  "!a": {"invite_state": {"events": [
                    {"type": "m.room.member", "state_key": "@bot:hs", "sender": "@ann:hs",
                     "content": {"membership": "invite", "is_direct": true}}]}},
                  "!b": {"invite_state": {"events": [
                    {"type": "m.room.member", "state_key": "@ann:hs", "sender": "@ann:hs",
                     "content": {"membership": "join"}},
                    {"type": "m.room.member", "state_key": "@bot:hs", "sender": "@bob:hs",
                     "content": {"membership": "invite"}}]}},
                  "!c": {"invite_state": {"events": []}}}}}
                """
        )
        let reply = try #require(SyncReply(json, me: me))
        #expect(
            reply.invites == [
                .init(room: "!a", inviter: "@ann:hs", isDirect: true),
                .init(room: "!b", inviter: "@bob:hs", isDirect: false),
            ]
        )
    }

    @Test("Keys, direct rooms and people are told apart from silence")
    func fields() throws {
        let full = try #require(
            SyncReply(
                try JSONValue(
                    parsing: """
                        {"next_batch": "s2", "device_one_time_keys_count": {"signed_curve25519": 7},
                         "device_unused_fallback_key_types": [], "device_lists": {"changed": ["@ann:hs"], "left": ["@bob:hs"]},
                         "account_data": {"events": [{"type": "m.direct", "content": {"@ann:hs": ["!a"], "x": 1}}]},
                         "rooms": {"join": {"!a": {"summary": {"m.joined_member_count": 2, "m.invited_member_count": 1},
                           "timeline": {"limited": true, "prev_batch": "p", "events": [{"broken": true}]}}}}}
                        """
                ),
                me: me
            )
        )
        #expect(full.oneTimeKeyCount == 7)
        #expect(full.hasUnusedFallbackKey == false)
        #expect(full.changedUsers == ["@ann:hs"])
        #expect(full.leftUsers == ["@bob:hs"])
        #expect(full.direct == ["@ann:hs": ["!a"]])
        #expect(full.joined.first?.people == 3)
        #expect(full.joined.first?.isLimited == true)
        #expect(full.joined.first?.timeline.isEmpty == true)
        let bare = try #require(SyncReply(["next_batch": "s3"], me: me))
        #expect(bare.oneTimeKeyCount == nil)
        #expect(bare.hasUnusedFallbackKey == nil)
        #expect(bare.direct == nil)
        #expect(SyncReply(["rooms": [:]], me: me) == nil)
    }

    @Test("A room's encryption stays, and asks for no more than the specification's standard")
    func encryption() throws {
        func state(_ content: JSONValue) throws -> RoomEvent {
            try #require(
                RoomEvent([
                    "event_id": "$e", "type": "m.room.encryption", "sender": "@a:b", "state_key": "",
                    "content": content,
                ])
            )
        }
        var room = RoomRecord(room: "!a")
        #expect(!room.isEncrypted)
        room.take(try state(["algorithm": .string(Megolm.algorithm), "rotation_period_msgs": 5]))
        #expect(room.rotation.messages == 5)
        room.take(try state(["rotation_period_msgs": 1_000_000]))
        room.take(try state([:]))
        #expect(room.isEncrypted)
        #expect(room.rotation.messages == 5)
        #expect(MegolmRotation(["rotation_period_msgs": 1_000_000, "rotation_period_ms": 99_999_999_999]) == .standard)
        #expect(MegolmRotation(["rotation_period_msgs": 0]).messages == 1)
    }

    @Test("Numbers that no server means stay in range")
    func bounds() throws {
        let json: JSONValue = [
            "next_batch": "s", "device_one_time_keys_count": ["signed_curve25519": .integer(.min)],
            "rooms": [
                "join": [
                    "!a": [
                        "summary": [
                            "m.joined_member_count": .integer(.max), "m.invited_member_count": .integer(.max),
                        ],
                        "timeline": [
                            "events": [
                                [
                                    "event_id": "$1", "type": "x", "sender": "@a:b", "origin_server_ts": .integer(.max),
                                ],
                                [
                                    "event_id": "$2", "type": "x", "sender": "@a:b", "origin_server_ts": .integer(.min),
                                ],
                            ]
                        ],
                    ]
                ]
            ],
        ]
        let reply = try #require(SyncReply(json, me: me))
        let room = try #require(reply.joined.first)
        #expect(reply.oneTimeKeyCount == 0)
        #expect(room.people == 1 << 41)
        #expect(room.timeline.map(\.sentAt.milliseconds) == [1 << 50, 0])
    }
}
